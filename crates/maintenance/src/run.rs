use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::catalog;
use crate::error::is_blocked;
use crate::partitions::{Period, TABLES};
use crate::purge::Purge;
use crate::retention::{AUDIT_LOG_RETENTION_DAYS, REFRESH_TOKEN_TTL, Retention};
use crate::step::{Work, blocker};
use crate::{Error, Overdue, Report, Result, Task, Why, drop, make, wanted};

/// How many days ahead partitions are made: a week longer than doctor demands, so that a run may fail for a week.
pub const DEFAULT_DAYS_AHEAD: u32 = 14;

/// What to do, and how patiently.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// The time, by which periods and retention are reckoned.
    pub now: DateTime<Utc>,
    /// How many days ahead partitions are made.
    pub days_ahead: u32,
    /// How many rows are deleted in one transaction.
    pub batch: u32,
    /// Longest time that a statement waits for a lock, holding up others.
    pub lock_timeout: Duration,
    /// How long a step is tried again while others hold its locks.
    pub wait: Duration,
}

/// The server's time, the one clock that all runs share.
///
/// Fails when the database is not migrated, cannot be written to, or is not this role's to maintain.
pub async fn server_time(pool: &PgPool) -> Result<DateTime<Utc>> {
    Ok(catalog::site(pool).await?.now)
}

impl Maintenance {
    /// The usual patience at a time.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            days_ahead: DEFAULT_DAYS_AHEAD,
            batch: 1000,
            lock_timeout: Duration::from_millis(500),
            wait: Duration::from_secs(30),
        }
    }

    /// Does all that is to be done, and adds each thing to the report as it is done: the report is right also when
    /// this fails. What cannot be done because of others is no failure; it is in the report as overdue.
    ///
    /// Fails when the database is not migrated, cannot be written to or is not this role's to maintain, and when the
    /// server refuses a statement or cannot be reached.
    pub async fn run(&self, pool: &PgPool, report: &mut Report) -> Result<()> {
        let work = self.work(pool).await?;
        let retention = self.retention(&work).await?;
        for (table, period) in TABLES {
            self.run_table(&work, table, period, &retention, report).await?;
        }
        for purge in Purge::of_tables(&retention, self.now) {
            // One that is left to another run keeps none of the others.
            let _ = self.purge(&work, &purge, report).await?;
        }
        Ok(())
    }

    /// Everything that one partitioned table needs. As soon as another run is at work on it, the rest is left to that
    /// one: the run that has the lock last was never in another one's way, so it does everything.
    async fn run_table(
        &self,
        work: &Work,
        table: &'static str,
        period: Period,
        retention: &Retention,
        report: &mut Report,
    ) -> Result<()> {
        if let Some(purge) = Purge::of_default(table, retention, self.now)
            && self.purge(work, &purge, report).await?.is_break()
        {
            return Ok(());
        }
        if self.drop_past(work, table, retention, report).await?.is_continue() {
            self.make_missing(work, table, period, retention, report).await?;
        }
        Ok(())
    }

    pub(crate) async fn work(&self, pool: &PgPool) -> Result<Work> {
        let owner = catalog::site(pool).await?.owner;
        Ok(Work { pool: pool.clone(), owner, lock_timeout: self.lock_timeout, wait: self.wait })
    }

    pub(crate) async fn retention(&self, work: &Work) -> Result<Retention> {
        let mut look = work.look().await?;
        let settings = catalog::settings(&mut look, &[AUDIT_LOG_RETENTION_DAYS, REFRESH_TOKEN_TTL]).await?;
        let of_clients = catalog::longest_refresh_token_ttl(&mut look).await?;
        Ok(Retention::new(self.now, &settings, of_clients))
    }

    async fn purge(&self, work: &Work, purge: &Purge, report: &mut Report) -> Result<ControlFlow<()>> {
        let ended = purge.run(work, self.batch, report).await;
        late(work, purge.table, Task::Delete, purge.relation, ended, report).await
    }

    async fn drop_past(
        &self,
        work: &Work,
        table: &'static str,
        retention: &Retention,
        report: &mut Report,
    ) -> Result<ControlFlow<()>> {
        let Some(limit) = retention.of_partitioned(table) else { return Ok(ControlFlow::Continue(())) };
        let mut look = work.look().await?;
        let past = drop::past(&mut look, table, limit).await.map_err(Error::server)?;
        look.rollback().await.map_err(Error::server)?;
        for partition in past {
            let ended = drop::drop(work, table, &partition, self.now, report).await;
            if late(work, table, Task::Drop, &partition.name, ended, report).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn make_missing(
        &self,
        work: &Work,
        table: &'static str,
        period: Period,
        retention: &Retention,
        report: &mut Report,
    ) -> Result<()> {
        let mut look = work.look().await?;
        let limit = retention.of_partitioned(table);
        let missing = wanted::missing(&mut look, self, (table, period), limit, report).await;
        look.rollback().await.map_err(Error::server)?;
        for dated in missing.map_err(Error::server)? {
            let in_use = dated.start <= self.now.date_naive();
            let ended = make::make(work, &dated, in_use, report).await;
            if late(work, table, Task::Make, &dated.name, ended, report).await?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A step that ended because others held its locks is overdue, and the next one goes on.
async fn late(
    work: &Work,
    table: &str,
    task: Task,
    subject: &str,
    ended: Result<ControlFlow<()>>,
    report: &mut Report,
) -> Result<ControlFlow<()>> {
    match ended {
        Err(Error::Server(error)) if is_blocked(&error) => {
            let mut look = work.look().await?;
            let holder = blocker(&mut look, table).await.map_err(Error::server)?;
            let why = Why::Blocked(holder);
            report.overdue.push(Overdue { task, subject: subject.to_owned(), why });
            Ok(ControlFlow::Continue(()))
        }
        ended => ended,
    }
}
