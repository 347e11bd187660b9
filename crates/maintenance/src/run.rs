use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use sqlx::{PgConnection, PgPool};

use crate::catalog::{self, default_of};
use crate::error::is_blocked;
use crate::partitions::{Dated, Period, TABLES, smallest_id_at};
use crate::purge::{self, Purge};
use crate::retention::{AUDIT_LOG_RETENTION_DAYS, REFRESH_TOKEN_TTL, Retention};
use crate::step::{Work, blocker};
use crate::{Done, Error, Overdue, Report, Result, Task, Why, drop, make};

/// How many days ahead partitions are made: a week longer than doctor demands, so that a run may fail for a week.
pub const DEFAULT_DAYS_AHEAD: u32 = 14;

/// Monthly partitions are made at least this far ahead.
const MONTHS_AHEAD: Months = Months::new(2);

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

    /// What [`run`](Self::run) would do now. Nothing is changed, and nobody's lock is looked at. Sessions whose last
    /// family or code would go in the same run are not counted.
    ///
    /// Fails as `run` does.
    pub async fn preview(&self, pool: &PgPool) -> Result<Report> {
        let work = self.work(pool).await?;
        let retention = self.retention(&work).await?;
        let mut report = Report::default();
        let mut look = work.look().await?;
        for (table, period) in TABLES {
            let limit = retention.of_partitioned(table);
            if let Some(limit) = limit {
                for past in drop::past(&mut look, table, limit).await.map_err(Error::server)? {
                    let valid = drop::holds_valid(&mut look, table, &past.name, self.now).await;
                    if valid.map_err(Error::server)? {
                        let why = Why::StillValid;
                        report.overdue.push(Overdue { task: Task::Drop, subject: past.name, why });
                    } else {
                        report.done.push(Done::Dropped { partition: past.name });
                    }
                }
            }
            let missing = self.missing(&mut look, table, period, limit, &mut report).await;
            for dated in missing.map_err(Error::server)? {
                let moved = make::rows(&mut look, &dated).await.map_err(Error::server)?;
                report.done.push(Done::Made { partition: dated.name, moved });
            }
        }
        for purge in purge::all(&retention, self.now) {
            let rows = purge.count(&mut look).await.map_err(Error::server)?;
            if rows > 0 {
                report.done.push(Done::Deleted { table: purge.relation.to_owned(), rows });
            }
        }
        Ok(report)
    }

    async fn work(&self, pool: &PgPool) -> Result<Work> {
        let owner = catalog::site(pool).await?.owner;
        Ok(Work { pool: pool.clone(), owner, lock_timeout: self.lock_timeout, wait: self.wait })
    }

    async fn retention(&self, work: &Work) -> Result<Retention> {
        let mut look = work.look().await?;
        let settings = catalog::settings(&mut look, &[AUDIT_LOG_RETENTION_DAYS, REFRESH_TOKEN_TTL]).await?;
        Ok(Retention::new(self.now, &settings))
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
        let missing = self.missing(&mut look, table, period, limit, report).await;
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

    /// The partitions that do not exist, from this period to the last one ahead, and of the periods before that
    /// rows in the default partition are from.
    async fn missing(
        &self,
        connection: &mut PgConnection,
        table: &'static str,
        period: Period,
        limit: Option<DateTime<Utc>>,
        report: &mut Report,
    ) -> sqlx::Result<Vec<Dated>> {
        let existing = catalog::partitions(connection, table).await?;
        let today = self.now.date_naive();
        let last = self.last(period, today);
        let first_kept = limit.map(smallest_id_at).unwrap_or_default();
        let mut wanted = Dated::between(table, period, today, last);
        for day in catalog::periods_in_default(connection, table, period).await? {
            let dated = Dated::new(table, period, day);
            if day > last {
                report.notes.push(format!(
                    "{} holds rows whose ids are from {day} or later: the clock of who made them was wrong",
                    default_of(table)
                ));
                break;
            }
            // Rows from before are deleted, or in use by somebody at this moment.
            if dated.to > first_kept && !wanted.contains(&dated) {
                wanted.push(dated);
            }
        }
        wanted.sort_by_key(|dated| dated.start);
        wanted.retain(|dated| !existing.iter().any(|one| one.range.covers(dated)));
        Ok(wanted)
    }

    /// The last day that needs a partition.
    fn last(&self, period: Period, today: NaiveDate) -> NaiveDate {
        let days = today.checked_add_days(Days::new(u64::from(self.days_ahead))).unwrap_or(today);
        match period {
            Period::Day => days,
            Period::Month => today.checked_add_months(MONTHS_AHEAD).map_or(days, |months| months.max(days)),
        }
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
