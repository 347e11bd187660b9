//! What is found out before the checks, because many of them build on it.

use std::time::Duration;

use authority_connection::{Config, Server};
use authority_migration::runner::{Error, Runner, Status};
use authority_schema::{ReadError, Schema};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row};

use super::{DoctorArgs, ask};

/// How long the migrations and the schema may take to be read.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known as soon as the server has let us in.
#[derive(Debug)]
pub(super) struct Arrival {
    /// How this program is called, for the commands that fixes name.
    pub(super) program: &'static str,
    /// The role that serves requests, which may be missing.
    pub(super) serving_role: String,
    /// Where we went, and as whom.
    pub(super) config: Config,
    /// Who answered.
    pub(super) server: Server,
    /// What the operator asked for.
    pub(super) args: DoctorArgs,
}

/// What every examination of a database finds out.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) arrival: Arrival,
    pub(super) session: Session,
    /// The migrations, as their runner sees them.
    pub(super) status: Result<Status, Reading<Error>>,
    /// The schema as it is, without dated partitions and the ledger.
    pub(super) schema: Result<Schema, Reading<ReadError>>,
}

/// Why something could not be read.
#[derive(Debug)]
pub(super) enum Reading<E> {
    /// It failed.
    Failed(E),
    /// It took longer than [`PATIENCE`].
    TooLong,
}

/// What the server says of this session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) role: String,
    pub(super) superuser: bool,
    /// Whether other roles' sessions are visible (`pg_read_all_stats`).
    pub(super) sees_sessions: bool,
    /// The owner of the database.
    pub(super) owner: String,
    pub(super) serving_role_exists: bool,
    pub(super) version: String,
    /// The server's clock.
    pub(super) now: DateTime<Utc>,
}

impl Facts {
    /// Fails when the server does.
    pub(super) async fn gather(arrival: Arrival, pool: &PgPool) -> sqlx::Result<Self> {
        let session = session(&arrival, pool).await?;
        let status = in_time(Runner::new(pool.clone()).status()).await;
        let schema = in_time(ask::schema(pool)).await;
        Ok(Self { arrival, session, status, schema })
    }

    /// Today, by the server's clock, in UTC.
    pub(super) fn today(&self) -> NaiveDate {
        self.session.now.date_naive()
    }

    /// `authority-db migrate`, for fixes.
    pub(super) fn command(&self, command: &str) -> String {
        format!("{} {command}", self.arrival.program)
    }
}

impl<E: std::error::Error> Reading<E> {
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Failed(error) => super::reachability::sentence(error),
            Self::TooLong => format!("it took longer than {} s", PATIENCE.as_secs()),
        }
    }
}

async fn in_time<T, E>(reading: impl Future<Output = Result<T, E>>) -> Result<T, Reading<E>> {
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(outcome) => outcome.map_err(Reading::Failed),
        Err(_) => Err(Reading::TooLong),
    }
}

async fn session(arrival: &Arrival, pool: &PgPool) -> sqlx::Result<Session> {
    let rows = ask::rows(pool, &arrival.serving_role, include_str!("sql/session.sql")).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let now = DateTime::from_timestamp(row.try_get("now")?, 0).unwrap_or_default();
    Ok(Session {
        role: row.try_get("role")?,
        superuser: row.try_get("superuser")?,
        sees_sessions: row.try_get("sees_sessions")?,
        owner: row.try_get("owner")?,
        serving_role_exists: row.try_get("serving_role_exists")?,
        version: row.try_get("version")?,
        now,
    })
}
