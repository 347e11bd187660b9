//! The store: a pool, and how a statement runs.

use std::sync::Arc;
use std::time::Instant;

use authority_connection::ClientPool;
use bytes::BytesMut;
use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql};
use tracing::{Instrument, Span};

use crate::access_tokens::Introspections;
use crate::answer::Answer;
use crate::audit::Audit;
use crate::error::{Failure, classify};
use crate::metrics::{Counters, Metrics};
use crate::{Statement, StoreError};

/// How often a statement that was in conflict with others is sent again.
const REPETITIONS: u64 = 5;

/// How many parameters of a statement are about its audit event.
const EVENT_PARAMETERS: usize = 6;

/// A parameter of a statement.
pub(crate) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// The operations of an OAuth server on its database. Cheap to clone; clones share everything.
///
/// Each operation is one statement, which is one transaction and one round trip; where there is a second one, its
/// documentation says why. It takes the time and the randomness that it uses as inputs, so a second call with the same
/// inputs finds what the first one did. So it is safe to repeat when its answer was lost, and the store does so once by
/// itself, on another connection, which was tested or is new: however many others are dead too. Where repeating does
/// count, as in the guesses at a user code, the operation says so.
///
/// Times are the caller's, and have to be those of one clock within a second or so; mass revocation, which must not
/// depend on clocks, does not. The driver cuts each to microseconds, which is what PostgreSQL keeps, before any statement
/// sees it: a time with nanoseconds is the same time again when the call is repeated.
///
/// Operations that lock several rows lock those of users first, then of clients, sessions, refresh tokens, access
/// tokens, authorization codes and device codes, and those of one table in the order of their ids. So none of them wait
/// for each other in a circle of rows. Over a single row that many want at once, PostgreSQL may find a deadlock among
/// its own locks; then one of them is given up and repeated, after `deadlock_timeout`.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pool: ClientPool,
    counters: Counters,
    pub(crate) introspections: Introspections,
}

impl Store {
    /// A store on the database of a pool, whose role is the serving role.
    #[must_use]
    pub fn new(pool: ClientPool) -> Self {
        let introspections = Introspections::new(pool.max_size());
        Self { inner: Arc::new(Inner { pool, counters: Counters::new(), introspections }) }
    }

    /// What an exporter reads.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.inner.counters.read(self.inner.pool.status())
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &ClientPool {
        &self.inner.pool
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Runs a statement with its parameters.
    pub(crate) async fn run(
        &self,
        statement: &'static Statement,
        params: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.inner.run(statement, params).await
    }

    /// Runs a statement that gives exactly one row, and that has the parameters of an audit event first.
    pub(crate) async fn run_audited(
        &self,
        statement: &'static Statement,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
        params: &[Parameter<'_>],
    ) -> Result<Answer, StoreError> {
        let about = || octets(statement, &params[..statement.keys]);
        let id = audit.map(|audit| audit.event_id(statement.name, now, &about()));
        let (address, agent, request, details) = match audit {
            Some(audit) => (&audit.ip_address, &audit.user_agent, &audit.request_id, Some(&audit.details)),
            None => (&None, &None, &None, None),
        };
        let mut all: Vec<Parameter<'_>> = vec![&id, address, agent, request, &details, &now];
        all.extend_from_slice(params);
        let rows = self.run(statement, &all).await?;
        Answer::only(statement, rows)
    }

    /// Runs a statement that answers `again` when what it met was committed after it began, so that it could not see
    /// it. The next one does.
    pub(crate) async fn run_audited_until_it_sees(
        &self,
        statement: &'static Statement,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
        params: &[Parameter<'_>],
    ) -> Result<Answer, StoreError> {
        for _ in 0..=REPETITIONS {
            let answer = self.run_audited(statement, audit, now, params).await?;
            if answer.get::<&str>("verdict")? != "again" {
                return Ok(answer);
            }
        }
        Err(StoreError::Conflict { statement: statement.name })
    }
}

impl Inner {
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) async fn run(
        &self,
        statement: &'static Statement,
        params: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let span = (statement.span)();
        let started = started();
        let (outcome, repetitions) = self.repeat(statement, params).instrument(span.clone()).await;
        self.counters.ended(statement.position, outcome.is_ok(), repetitions, started.elapsed());
        match &outcome {
            Ok(rows) => drop(span.record("db.response.returned_rows", rows.len())),
            Err(error) => record(&span, error),
        }
        outcome
    }

    async fn repeat(
        &self,
        statement: &'static Statement,
        params: &[Parameter<'_>],
    ) -> (Result<Vec<Row>, StoreError>, u64) {
        let mut repetitions = 0;
        let mut lost = false;
        loop {
            let mut client = match self.pool.get().await {
                Ok(client) => client,
                Err(error) => return (Err(error.into()), repetitions),
            };
            let error = match client.query(statement.sql, statement.types, params).await {
                Ok(rows) => return (Ok(rows), repetitions),
                Err(error) => error,
            };
            match classify(statement.name, &error) {
                Failure::Lost if !lost => {
                    lost = true;
                    // The next is one that has just answered, or a new one.
                    self.pool.doubt();
                }
                Failure::Lost => {
                    return (Err(StoreError::ConnectionLost { statement: statement.name }), repetitions);
                }
                Failure::Conflict if repetitions < REPETITIONS => {}
                Failure::Conflict => {
                    return (Err(StoreError::Conflict { statement: statement.name }), repetitions);
                }
                Failure::Final(error) => return (Err(error), repetitions),
            }
            repetitions += 1;
        }
    }
}

/// Parameters of a statement as they are sent, each told from the next.
fn octets(statement: &Statement, params: &[Parameter<'_>]) -> BytesMut {
    let mut all = BytesMut::new();
    for (param, of) in params.iter().zip(&statement.types[EVENT_PARAMETERS..]) {
        let mut one = BytesMut::new();
        // What cannot be sent fails when it is.
        let is_there = matches!(param.to_sql_checked(of, &mut one), Ok(IsNull::No));
        all.extend_from_slice(&[u8::from(is_there)]);
        all.extend_from_slice(&(one.len() as u64).to_be_bytes());
        all.extend_from_slice(&one);
    }
    all
}

#[expect(clippy::disallowed_methods, reason = "how long a statement took is no input of it")]
fn started() -> Instant {
    Instant::now()
}

fn record(span: &Span, error: &StoreError) {
    let (kind, sqlstate) = match error {
        StoreError::Pool(_) => ("pool", None),
        StoreError::ConnectionLost { .. } => ("connection_lost", None),
        StoreError::Conflict { .. } => ("conflict", None),
        StoreError::Cancelled { .. } => ("cancelled", None),
        StoreError::Constraint { .. } => ("constraint", None),
        StoreError::NotPermitted { sqlstate, .. } => ("not_permitted", Some(sqlstate)),
        StoreError::Database { sqlstate, .. } => ("database", Some(sqlstate)),
        StoreError::Answer { .. } => ("answer", None),
        StoreError::NotASuccessor => ("not_a_successor", None),
        StoreError::Seal => ("seal", None),
    };
    span.record("error.type", kind);
    if let Some(sqlstate) = sqlstate {
        span.record("db.response.status_code", sqlstate.as_str());
    }
}
