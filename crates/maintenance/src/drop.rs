//! Drops partitions whose rows are all past their retention.
//!
//! `DETACH PARTITION … CONCURRENTLY` is refused where there is a default partition, and a plain DETACH makes the foreign
//! keys of the partition independent ones, whose triggers `DROP TABLE` then has to remove from `users`, `clients` and
//! `sessions` under ACCESS EXCLUSIVE locks. So the partition is dropped as it is: one ACCESS EXCLUSIVE lock on its table,
//! for an instant, waited for no longer than `lock_timeout`.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::catalog::{self, Existing};
use crate::error::{is_blocked, objection};
use crate::partitions::smallest_id_at;
use crate::step::{Attempts, Begun, Work, blocker, execute, identifier};
use crate::{Done, Elsewhere, Error, Overdue, Report, Result, Task, Why};

/// The partitions of a table that hold only ids from before `limit`.
pub(crate) async fn past(
    connection: &mut PgConnection,
    table: &str,
    limit: DateTime<Utc>,
) -> sqlx::Result<Vec<Existing>> {
    let mut partitions = catalog::partitions(connection, table).await?;
    let limit = smallest_id_at(limit);
    partitions.retain(|one| one.range.ends_by(&limit));
    Ok(partitions)
}

/// Whether a partition holds a row that has not expired, which its age excludes unless a clock was wrong.
pub(crate) async fn holds_valid(
    connection: &mut PgConnection,
    table: &str,
    partition: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    if table == "audit_logs" {
        return Ok(false);
    }
    let sql = format!("SELECT EXISTS (SELECT FROM {} WHERE expires_at > $1) AS valid", identifier(partition));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(now).persistent(false);
    query.fetch_one(connection).await?.try_get("valid")
}

/// Drops one of them, unless that has happened.
pub(crate) async fn drop(
    work: &Work,
    table: &'static str,
    partition: &Existing,
    now: DateTime<Utc>,
    report: &mut Report,
) -> Result<()> {
    let Existing { name, .. } = partition;
    let overdue = |why| Overdue { task: Task::Drop, subject: name.clone(), why };
    let mut step = match work.begin(table).await? {
        Begun::Alone(step) => step,
        Begun::Elsewhere(holder) => {
            report.elsewhere(Elsewhere { table, holder });
            return Ok(());
        }
    };
    if !catalog::partitions(&mut step, table).await.map_err(Error::server)?.contains(partition) {
        return Ok(());
    }
    if holds_valid(&mut step, table, name, now).await.map_err(Error::server)? {
        report.overdue.push(overdue(Why::StillValid));
        return Ok(());
    }
    let attempts = Attempts::within(work.wait);
    loop {
        execute(&mut step, "SAVEPOINT attempt").await.map_err(Error::server)?;
        let error = match execute(&mut step, &format!("DROP TABLE {}", identifier(name))).await {
            Ok(_) => {
                step.commit().await.map_err(Error::server)?;
                report.done.push(Done::Dropped { partition: name.clone() });
                return Ok(());
            }
            Err(error) => error,
        };
        if let Some(message) = objection(&error) {
            report.overdue.push(overdue(Why::Refused(message)));
            return Ok(());
        }
        if !is_blocked(&error) {
            return Err(Error::server(error));
        }
        execute(&mut step, "ROLLBACK TO SAVEPOINT attempt").await.map_err(Error::server)?;
        let holder = blocker(&mut step, table).await.map_err(Error::server)?;
        if !attempts.another().await {
            report.overdue.push(overdue(Why::Blocked(holder)));
            return Ok(());
        }
    }
}
