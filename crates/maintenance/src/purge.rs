//! Deletes rows that are past their retention where they cannot be dropped: in default partitions, and in tables that
//! are not partitioned.
//!
//! In batches of one transaction each, along the primary key and once over the table, so that no lock is held for long
//! and nothing is looked at twice. Rows that others work on are passed over. What a row takes with it by foreign keys is
//! past its retention too.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row};

use crate::error::is_blocked;
use crate::partitions::{TABLES, smallest_id_at};
use crate::retention::Retention;
use crate::step::{Attempts, Begun, Work};
use crate::{Done, Error, Overdue, Report, Result, Task, Why};

const BEFORE_ALL_IDS: &str = "00000000-0000-0000-0000-000000000000";

/// Rows of one table that may be past their retention.
#[derive(Clone, Debug)]
pub(crate) struct Purge {
    /// The table whose lock it takes.
    pub(crate) table: &'static str,
    /// The table or default partition that holds them.
    pub(crate) relation: &'static str,
    /// What is true for them, besides that their ids are from before the limit: of the row `t`, with the limit in $3
    /// and the time in $4.
    condition: &'static str,
    limit: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// What a batch did.
struct Batch {
    due: i64,
    gone: i64,
    last: Option<String>,
}

impl Purge {
    /// What is past its retention in the default partition of a table; nothing where it is kept for ever.
    pub(crate) fn of_default(table: &'static str, retention: &Retention, now: DateTime<Utc>) -> Option<Self> {
        let limit = retention.of_partitioned(table)?;
        let (relation, condition) = match table {
            "access_tokens" => ("access_tokens_default", "t.expires_at <= $4"),
            "authorization_codes" => ("authorization_codes_default", "t.expires_at <= $4"),
            "audit_logs" => ("audit_logs_default", "true"),
            _ => return None,
        };
        Some(Self { table, relation, condition, limit, now })
    }

    /// What is past its retention elsewhere. Families come before sessions, which wait for them. The tokens of a session
    /// are looked up by its user, whom they have an index for.
    pub(crate) fn of_tables(retention: &Retention, now: DateTime<Utc>) -> Vec<Self> {
        let ends = [
            ("device_codes", retention.device_codes, "t.expires_at <= $3"),
            ("refresh_tokens", retention.refresh_tokens, "(t.idle_expires_at <= $3 OR t.revoked_at <= $3)"),
            (
                "sessions",
                retention.sessions,
                "(t.idle_expires_at <= $3 OR t.revoked_at <= $3)
                 AND NOT EXISTS (SELECT FROM refresh_tokens AS r WHERE r.session_id = t.id)
                 AND NOT EXISTS (SELECT FROM authorization_codes AS c WHERE c.session_id = t.id)
                 AND NOT EXISTS (SELECT FROM access_tokens AS a
                                  WHERE a.user_id = t.user_id AND a.session_id = t.id AND a.expires_at > $4)",
            ),
        ];
        let purge = |(table, limit, condition)| {
            let limit: Option<DateTime<Utc>> = limit;
            Some(Self { table, relation: table, condition, limit: limit?, now })
        };
        ends.into_iter().filter_map(purge).collect()
    }

    /// How many rows are past their retention.
    pub(crate) async fn count(&self, connection: &mut PgConnection) -> sqlx::Result<u64> {
        let Self { relation, .. } = self;
        let sql =
            format!("SELECT count(*) AS due FROM {relation} AS t WHERE {} AND $5::bigint > 0", self.due());
        let row = self.bound(&sql, BEFORE_ALL_IDS, 1).fetch_one(connection).await?;
        Ok(count(&row, "due")?.unsigned_abs())
    }

    /// Deletes them, as many at a time as a batch may hold.
    pub(crate) async fn run(&self, work: &Work, batch: u32, report: &mut Report) -> Result<ControlFlow<()>> {
        let mut after = BEFORE_ALL_IDS.to_owned();
        let (mut gone, mut in_use) = (0, 0);
        let mut attempts = Attempts::within(work.wait);
        let ended = loop {
            match self.batch(work, &after, batch, report).await {
                Ok(ControlFlow::Continue(Batch { due, gone: deleted, last: Some(last) })) => {
                    gone += deleted.unsigned_abs();
                    in_use += (due - deleted).unsigned_abs();
                    after = last;
                    attempts = Attempts::within(work.wait);
                }
                Ok(ControlFlow::Continue(_)) => break Ok(ControlFlow::Continue(())),
                Ok(ControlFlow::Break(())) => break Ok(ControlFlow::Break(())),
                // Others change a table that a row takes rows from, or a partition comes or goes.
                Err(Error::Server(error)) if is_blocked(&error) && attempts.another().await => {}
                Err(error) => break Err(error),
            }
        };
        if gone > 0 {
            report.done.push(Done::Deleted { table: self.relation.to_owned(), rows: gone });
        }
        if in_use > 0 {
            let subject = self.relation.to_owned();
            report.overdue.push(Overdue { task: Task::Delete, subject, why: Why::RowsInUse(in_use) });
        }
        ended
    }

    /// One batch.
    async fn batch(
        &self,
        work: &Work,
        after: &str,
        limit: u32,
        report: &mut Report,
    ) -> Result<ControlFlow<(), Batch>> {
        let mut step = match work.begin(self.table).await? {
            Begun::Alone(step) => step,
            Begun::Elsewhere(holder) => return Ok(report.leave(self.table, holder)),
        };
        let Self { relation, condition, .. } = self;
        // The condition is asked again of the rows as they are once they are locked.
        let sql = format!(
            "WITH due AS MATERIALIZED (
                 SELECT t.id FROM {relation} AS t WHERE {due} ORDER BY t.id LIMIT $5
             ), free AS MATERIALIZED (
                 SELECT t.id FROM {relation} AS t
                  WHERE t.id IN (SELECT id FROM due) AND {condition} FOR UPDATE OF t SKIP LOCKED
             ), gone AS (
                 DELETE FROM {relation} AS t WHERE t.id IN (SELECT id FROM free) RETURNING t.id
             )
             SELECT (SELECT count(*) FROM due) AS due, (SELECT count(*) FROM gone) AS gone,
                    (SELECT id::text FROM due ORDER BY id DESC LIMIT 1) AS last",
            due = self.due(),
        );
        let row = match self.bound(&sql, after, limit).fetch_one(&mut *step).await {
            Ok(row) => row,
            Err(error) => {
                // The lock is free again before anything else is tried; a lost connection has freed it already.
                let _ = step.rollback().await;
                return Err(Error::server(error));
            }
        };
        let batch =
            || Ok(Batch { due: count(&row, "due")?, gone: count(&row, "gone")?, last: row.try_get("last")? });
        let batch = batch().map_err(Error::server)?;
        step.commit().await.map_err(Error::server)?;
        Ok(ControlFlow::Continue(batch))
    }

    /// What is true for rows to delete. Nothing that was made since the limit can have ended before it.
    fn due(&self) -> String {
        format!(
            "t.id > $1::uuid AND t.id < $2::uuid AND $3::timestamptz <= $4::timestamptz AND {}",
            self.condition
        )
    }

    fn bound<'q>(&self, sql: &str, after: &str, limit: u32) -> Query<'q, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(after.to_owned());
        let query = query.bind(smallest_id_at(self.limit)).bind(self.limit).bind(self.now);
        query.bind(i64::from(limit)).persistent(false)
    }
}

/// What every run has to look through, from the partitioned tables on.
pub(crate) fn all(retention: &Retention, now: DateTime<Utc>) -> Vec<Purge> {
    let defaults = TABLES.iter().filter_map(|(table, _)| Purge::of_default(table, retention, now));
    defaults.chain(Purge::of_tables(retention, now)).collect()
}

fn count(row: &PgRow, name: &str) -> sqlx::Result<i64> {
    row.try_get(name)
}
