//! One runner at a time.
//!
//! The lock is a transaction-level advisory lock in a transaction that stays open, and idle, for
//! the whole run on a connection of its own. That one mechanism
//! * is released by the server the moment the runner dies, without leases or heartbeats;
//! * works behind a transaction pooler, which keeps a server connection with an open transaction;
//! * does not hold up `CREATE INDEX CONCURRENTLY`: an idle READ COMMITTED transaction has no
//!   snapshot, and neither has a waiting runner, which polls in transactions that end at once.

use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};

use super::preflight::Server;
use super::{Error, Event, Holder, Observer, Result, session};

/// The key of the lock, in the two-key form: `Auth`, `migr` in ASCII.
const KEY: (i32, i32) = (0x4175_7468, 0x6d69_6772);

/// Polls are this far apart at least, and up to twice as far, so that waiting runners do not march in step.
const POLL: Duration = Duration::from_millis(50);

/// The run lock, held until it is released or dropped.
///
/// Nothing else runs in its transaction: a lock on a table that it took would be in the way of the
/// run itself.
pub(super) struct RunLock {
    transaction: Transaction<'static, Postgres>,
}

impl RunLock {
    /// Waits for the lock at most `wait` long.
    ///
    /// Fails naming the holder when the time is over.
    pub(super) async fn acquire(
        pool: &PgPool,
        server: &Server,
        wait: Duration,
        observer: &Observer,
    ) -> Result<Self> {
        let deadline = Instant::now() + wait;
        let mut last_holder = None;
        loop {
            if let Some(transaction) = attempt(pool, server).await? {
                return Ok(Self { transaction });
            }
            let mut connection = session::acquire(pool).await?;
            let holder = holder(&mut connection).await.map_err(Error::Server)?;
            drop(connection);
            if Instant::now() >= deadline {
                return Err(Error::LockTimeout { holder, waited: wait });
            }
            if let Some(holder) = &holder
                && last_holder.as_ref() != Some(holder)
            {
                observer(Event::WaitingForRunner(holder));
                last_holder = Some(holder.clone());
            }
            tokio::time::sleep(jittered(POLL)).await;
        }
    }

    /// Makes sure that the lock was not lost together with its connection.
    pub(super) async fn check(&mut self) -> Result<()> {
        session::execute(&mut self.transaction, "SELECT").await.map_err(Error::LockLost)
    }

    /// Lets the next runner in.
    pub(super) async fn release(self) -> Result<()> {
        self.transaction.commit().await.map_err(Error::LockLost)
    }
}

async fn attempt(pool: &PgPool, server: &Server) -> Result<Option<Transaction<'static, Postgres>>> {
    let mut transaction =
        pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await.map_err(Error::Connection)?;
    let read = async {
        let connection = &mut *transaction;
        session::execute(connection, &settings(server)).await?;
        let sql = format!("SELECT pg_try_advisory_xact_lock({}, {}) AS locked", KEY.0, KEY.1);
        session::rows(connection, &sql).await?.first().ok_or(sqlx::Error::RowNotFound)?.try_get("locked")
    };
    let locked: bool = read.await.map_err(Error::Server)?;
    if locked {
        return Ok(Some(transaction));
    }
    transaction.rollback().await.map_err(Error::Server)?;
    Ok(None)
}

/// What the lock's transaction needs: a name by which others see who holds it, and no end by time.
fn settings(server: &Server) -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let host = host.to_string_lossy();
    let name: String = format!("authority migrate on {host} process {}", std::process::id())
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .filter(|c| *c != '\'')
        .take(63)
        .collect();
    let mut settings = format!(
        "SET LOCAL application_name = '{name}'; SET LOCAL search_path TO public; \
         SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0"
    );
    if server.version_number >= 170_000 {
        settings.push_str("; SET LOCAL transaction_timeout = 0");
    }
    settings
}

async fn holder(connection: &mut PgConnection) -> sqlx::Result<Option<Holder>> {
    let sql = format!(
        "SELECT a.pid, coalesce(a.application_name, '') AS application_name, coalesce(a.usename::text, '') AS role
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {} AND l.objid = {} AND l.objsubid = 2
           AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
        KEY.0, KEY.1
    );
    let rows = session::rows(connection, &sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Holder {
        pid: row.try_get("pid")?,
        application_name: row.try_get("application_name")?,
        role: row.try_get("role")?,
    }))
}

/// Between once and twice the duration.
pub(super) fn jittered(least: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or_default();
    least + least.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
