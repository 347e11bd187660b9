use sqlx::PgPool;

use crate::partitions::TABLES;
use crate::{Done, Error, Maintenance, Overdue, Report, Result, Task, Why, drop, make, purge, wanted};

impl Maintenance {
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
            let missing = wanted::missing(&mut look, self, (table, period), limit, &mut report).await;
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
}
