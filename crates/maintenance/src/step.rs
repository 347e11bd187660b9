//! A step: one transaction under the advisory lock of its table.
//!
//! The lock is a transaction-level one in the very transaction that works, so it works behind a transaction pooler and
//! goes when the step goes. It is tried and never waited for: whoever holds it is doing the same thing.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use authority_migration::runner::Holder;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row, Transaction};

use crate::{Done, Error, Overdue, Report, Result, Task, Why};

/// The first half of the keys: `Auth` in ASCII. The second is `mnt` and the number of the table.
const KEY: i32 = 0x4175_7468;
const SECOND_KEY: i32 = 0x6d6e_7400;

/// The tables that steps work on; the place of each is part of the key of its lock.
const TABLES: [&str; 6] =
    ["access_tokens", "audit_logs", "authorization_codes", "device_codes", "refresh_tokens", "sessions"];

/// Attempts are this far apart at least, and up to twice as far, so that waiting runs do not march in step.
const PAUSE: Duration = Duration::from_millis(200);

/// A name for others to see, and an end by itself when nobody goes on with the transaction.
const SETTINGS: &str = "
    SET LOCAL application_name = 'authority maintain';
    SET LOCAL search_path TO public, pg_temp;
    SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// How steps work, and on whose behalf.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) pool: PgPool,
    /// The role that owns the tables, and so all that is made.
    pub(crate) owner: String,
    /// Longest wait of a statement for a lock.
    pub(crate) lock_timeout: Duration,
    /// How long to try again while others are in the way.
    pub(crate) wait: Duration,
}

/// What came of a step's work, before its transaction ends.
pub(crate) enum Ended {
    /// It was done.
    Done(Done),
    /// Somebody else has done it.
    Nothing,
    /// It could not be done.
    Late(Why),
}

impl Ended {
    /// Ends the transaction: what was done lasts, and everything else never happened. The lock is free afterwards.
    pub(crate) async fn close(
        ended: Result<Self>,
        step: Transaction<'static, Postgres>,
        task: Task,
        subject: &str,
        report: &mut Report,
    ) -> Result<ControlFlow<()>> {
        if let Ok(Self::Done(done)) = ended {
            step.commit().await.map_err(Error::server)?;
            report.done.push(done);
            return Ok(ControlFlow::Continue(()));
        }
        let rolled_back = step.rollback().await;
        if let Self::Late(why) = ended? {
            report.overdue.push(Overdue { task, subject: subject.to_owned(), why });
        }
        rolled_back.map_err(Error::server)?;
        Ok(ControlFlow::Continue(()))
    }
}

/// How a step begins.
pub(crate) enum Begun {
    /// With the lock.
    Alone(Transaction<'static, Postgres>),
    /// Not at all: another run holds the lock.
    Elsewhere(Option<Holder>),
}

impl Work {
    /// Begins a step on a table.
    pub(crate) async fn begin(&self, table: &str) -> Result<Begun> {
        // Under READ COMMITTED, a statement sees what the step of another run committed before this one's lock.
        let mut transaction = self.transaction("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        let place = TABLES.iter().position(|known| *known == table).unwrap_or(TABLES.len());
        let key = SECOND_KEY + i32::try_from(place).unwrap_or_default();
        let lock = sqlx::query("SELECT pg_catalog.pg_try_advisory_xact_lock($1, $2) AS locked");
        let lock = lock.bind(KEY).bind(key).persistent(false).fetch_one(&mut *transaction).await;
        if lock.and_then(|row| row.try_get("locked")).map_err(Error::server)? {
            return Ok(Begun::Alone(transaction));
        }
        let holder = holder(&mut transaction, key).await.map_err(Error::server)?;
        transaction.rollback().await.map_err(Error::server)?;
        Ok(Begun::Elsewhere(holder))
    }

    /// A transaction that looks and changes nothing.
    pub(crate) async fn look(&self) -> Result<Transaction<'static, Postgres>> {
        self.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn transaction(&self, begin: &'static str) -> Result<Transaction<'static, Postgres>> {
        let mut transaction = self.pool.begin_with(begin).await.map_err(Error::Connection)?;
        execute(&mut transaction, SETTINGS).await.map_err(Error::server)?;
        let settings = sqlx::query(
            "SELECT pg_catalog.set_config('lock_timeout', $1, true), pg_catalog.set_config('role', $2, true)",
        );
        let settings = settings.bind(self.lock_timeout.as_millis().max(1).to_string()).bind(&self.owner);
        settings.persistent(false).fetch_one(&mut *transaction).await.map_err(Error::server)?;
        Ok(transaction)
    }
}

/// Attempts within a time.
pub(crate) struct Attempts {
    deadline: Instant,
}

impl Attempts {
    pub(crate) fn within(wait: Duration) -> Self {
        Self { deadline: Instant::now() + wait }
    }

    /// Pauses before another attempt; whether there is time for one.
    pub(crate) async fn another(&self) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        let random = getrandom::u32().unwrap_or_default();
        tokio::time::sleep(PAUSE + PAUSE.mul_f64(f64::from(random) / f64::from(u32::MAX))).await;
        true
    }
}

/// Runs statements that are this crate's own, with names from [`partitions`](crate::partitions) or the catalog.
pub(crate) async fn execute(connection: &mut PgConnection, sql: &str) -> sqlx::Result<u64> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|done| done.rows_affected())
}

/// A name, in double quotes.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Who holds the advisory lock with this second key.
async fn holder(connection: &mut PgConnection, key: i32) -> sqlx::Result<Option<Holder>> {
    let sql = "
        SELECT a.pid, coalesce(a.application_name, '') AS application_name, coalesce(a.usename::text, '') AS role
          FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
           AND l.classid::bigint = $1 AND l.objid::bigint = $2
           AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";
    let query = sqlx::query(sql).bind(i64::from(KEY)).bind(i64::from(key));
    let row = query.persistent(false).fetch_optional(connection).await?;
    row.as_ref().map(read_holder).transpose()
}

/// The oldest transaction of another session that keeps a table, a partition of it or a table that it refers to from
/// being changed.
pub(crate) async fn blocker(connection: &mut PgConnection, table: &str) -> sqlx::Result<Option<Holder>> {
    let sql = "
        SELECT a.pid, coalesce(a.application_name, '') AS application_name, coalesce(a.usename::text, '') AS role
          FROM pg_catalog.pg_stat_activity a
         WHERE a.pid <> pg_catalog.pg_backend_pid()
           AND EXISTS (
               SELECT FROM pg_catalog.pg_locks l
                WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted
                  AND l.database = (SELECT oid FROM pg_catalog.pg_database
                                     WHERE datname = pg_catalog.current_database())
                  AND (l.relation = pg_catalog.to_regclass($1)
                       OR l.relation IN (SELECT inhrelid FROM pg_catalog.pg_inherits
                                          WHERE inhparent = pg_catalog.to_regclass($1))
                       OR l.mode NOT IN ('AccessShareLock', 'RowShareLock')
                          AND l.relation IN (SELECT confrelid FROM pg_catalog.pg_constraint
                                              WHERE conrelid = pg_catalog.to_regclass($1) AND contype = 'f')))
         ORDER BY a.xact_start NULLS LAST, a.pid
         LIMIT 1";
    let row = sqlx::query(sql).bind(table).persistent(false).fetch_optional(connection).await?;
    row.as_ref().map(read_holder).transpose()
}

fn read_holder(row: &PgRow) -> sqlx::Result<Holder> {
    Ok(Holder {
        pid: row.try_get("pid")?,
        application_name: row.try_get("application_name")?,
        role: row.try_get("role")?,
    })
}
