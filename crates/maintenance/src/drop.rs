//! Drops partitions whose rows are all past their retention.
//!
//! `DETACH PARTITION … CONCURRENTLY` is refused where there is a default partition, and a plain DETACH makes the foreign
//! keys of the partition independent ones, whose triggers `DROP TABLE` then has to remove from `users`, `clients` and
//! `sessions` under ACCESS EXCLUSIVE locks. So the partition is dropped as it is: ACCESS EXCLUSIVE locks on its table and
//! the default partition, for an instant, each waited for no longer than `lock_timeout`.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::catalog::{self, Existing};
use crate::error::{is_blocked, objection};
use crate::partitions::smallest_id_at;
use crate::step::{Attempts, Begun, Ended, Work, blocker, execute, identifier};
use crate::{Done, Error, Report, Result, Task, Why};

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
) -> Result<ControlFlow<()>> {
    let mut step = match work.begin(table).await? {
        Begun::Alone(step) => step,
        Begun::Elsewhere(holder) => return Ok(report.leave(table, holder)),
    };
    let ended = in_step(&mut step, work, table, partition, now).await.map_err(Error::server);
    Ended::close(ended, step, Task::Drop, &partition.name, report).await
}

async fn in_step(
    step: &mut PgConnection,
    work: &Work,
    table: &str,
    partition: &Existing,
    now: DateTime<Utc>,
) -> sqlx::Result<Ended> {
    let Existing { name, .. } = partition;
    if !catalog::partitions(step, table).await?.contains(partition) {
        return Ok(Ended::Nothing);
    }
    if holds_valid(step, table, name, now).await? {
        return Ok(Ended::Late(Why::StillValid));
    }
    let attempts = Attempts::within(work.wait);
    loop {
        execute(step, "SAVEPOINT attempt").await?;
        let Err(error) = execute(step, &format!("DROP TABLE {}", identifier(name))).await else {
            return Ok(Ended::Done(Done::Dropped { partition: name.clone() }));
        };
        if let Some(message) = objection(&error) {
            return Ok(Ended::Late(Why::Refused(message)));
        }
        if !is_blocked(&error) {
            return Err(error);
        }
        execute(step, "ROLLBACK TO SAVEPOINT attempt").await?;
        let holder = blocker(step, table).await?;
        if !attempts.another().await {
            return Ok(Ended::Late(Why::Blocked(holder)));
        }
    }
}
