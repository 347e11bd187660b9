//! One seed at a time, in one transaction.
//!
//! The lock is a transaction-level advisory lock in the very transaction that seeds, so it works behind a
//! transaction pooler and goes when the seed goes. A seed that waits polls in transactions that end at once: one
//! that sat inside `pg_advisory_xact_lock` would hold up `CREATE INDEX CONCURRENTLY`.

use std::time::{Duration, Instant};

use authority_migration::runner::Holder;
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};

use crate::{Error, Result};

/// Takes the lock if it is free. The key is `Auth`, `seed` in ASCII.
const TRY_LOCK: &str = "SELECT pg_catalog.pg_try_advisory_xact_lock(1098216552, 1936024932) AS locked";

/// Who holds it.
const HOLDER: &str = "
    SELECT a.pid, coalesce(a.application_name, '') AS application_name, coalesce(a.usename::text, '') AS role
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = 1098216552 AND l.objid = 1936024932
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

/// What the transaction needs: a name for others to see, the schema and nothing before it, and an end by itself if
/// another session is in the way, or if nobody commits.
const SETTINGS: &str = "
    SET LOCAL application_name = 'authority seed';
    SET LOCAL search_path TO public, pg_temp;
    SET LOCAL lock_timeout = '10s';
    SET LOCAL statement_timeout = '30s';
    SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// Polls are this far apart at least, and up to twice as far, so that waiting seeds do not march in step.
const POLL: Duration = Duration::from_millis(25);

/// A transaction that holds the lock.
pub(crate) async fn begin(
    pool: &PgPool,
    wait: Duration,
    waiting: &(dyn Fn(&Holder) + Send + Sync),
) -> Result<Transaction<'static, Postgres>> {
    let deadline = Instant::now() + wait;
    let mut last_holder = None;
    loop {
        // Under READ COMMITTED, a statement sees what the seed before this one committed.
        let transaction = pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await;
        let mut transaction = transaction.map_err(Error::Connection)?;
        if has_locked(&mut transaction).await.map_err(Error::server)? {
            sqlx::raw_sql(SETTINGS).execute(&mut *transaction).await.map_err(Error::server)?;
            return Ok(transaction);
        }
        let holder = holder(&mut transaction).await.map_err(Error::server)?;
        transaction.rollback().await.map_err(Error::server)?;
        if Instant::now() >= deadline {
            return Err(Error::Busy { holder, waited: wait });
        }
        if let Some(holder) = &holder
            && last_holder.as_ref() != Some(holder)
        {
            waiting(holder);
            last_holder = Some(holder.clone());
        }
        let random = getrandom::u32().unwrap_or_default();
        tokio::time::sleep(POLL + POLL.mul_f64(f64::from(random) / f64::from(u32::MAX))).await;
    }
}

async fn has_locked(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::raw_sql(TRY_LOCK).fetch_one(connection).await?.try_get("locked")
}

async fn holder(connection: &mut PgConnection) -> sqlx::Result<Option<Holder>> {
    let rows = sqlx::raw_sql(HOLDER).fetch_all(connection).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Holder {
        pid: row.try_get("pid")?,
        application_name: row.try_get("application_name")?,
        role: row.try_get("role")?,
    }))
}
