//! `maintain`: partitions ahead, retention and purge, on a real server, by any number of runs.

mod ahead;
mod blocked;
mod command;
mod kept;
mod moved;
mod past;
mod together;

use std::time::Duration;

use authority_maintenance::{Done, Maintenance, Report};
use chrono::{DateTime, Utc};

use crate::support::Database;

/// A Monday at noon.
const NOW: &str = "2026-11-23T12:00:00Z";

const CLIENT: &str = "019aa000-0000-7000-8000-00000000b001";
const USER: &str = "019aa000-0000-7000-8000-00000000a001";

/// The dated partitions, by name.
const DATED: &str = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'
                     AND relname NOT LIKE '%_default' ORDER BY relname";

fn at(time: &str) -> DateTime<Utc> {
    time.parse().expect("a time")
}

/// The id of the `number`th row that was made at a time.
fn id(time: &str, number: u32) -> String {
    let milliseconds = at(time).timestamp_millis();
    format!("{:08x}-{:04x}-7000-8000-{number:012x}", milliseconds >> 16, milliseconds & 0xffff)
}

/// A maintenance at a time that gives up at once.
fn maintenance(time: &str) -> Maintenance {
    Maintenance {
        days_ahead: 2,
        lock_timeout: Duration::from_millis(50),
        wait: Duration::ZERO,
        ..Maintenance::at(at(time))
    }
}

async fn run(database: &Database, maintenance: &Maintenance) -> Report {
    let mut report = Report::default();
    let ended = maintenance.run(database.pool(), &mut report).await;
    ended.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    report
}

/// What a maintenance did at a time, of which nothing may stay overdue.
async fn maintained(database: &Database, time: &str) -> Vec<Done> {
    let report = run(database, &maintenance(time)).await;
    assert!(report.is_up_to_date() && report.elsewhere.is_empty(), "{report:?}");
    report.done
}

/// A database with a user and a client.
async fn database() -> Database {
    let database = Database::migrated().await;
    let parents = format!(
        "INSERT INTO users (id, username, email) VALUES ('{USER}', 'ada', 'ada@example.com');
         INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris)
         VALUES ('{CLIENT}', 'web', 'Web', 'public', 'none', '{{https://client.example/callback}}')"
    );
    database.execute(&parents).await;
    database
}

/// Makes access tokens that were issued at a time, for an hour.
async fn tokens(database: &Database, time: &str, count: u32) {
    let values: Vec<_> = (1..=count)
        .map(|number| {
            let scope = number.to_string();
            format!(
                "('{}', '{CLIENT}', '{{scope{scope}}}', '{time}', timestamptz '{time}' + interval '1 hour')",
                id(time, number)
            )
        })
        .collect();
    let sql = "INSERT INTO access_tokens (id, client_id, scopes, issued_at, expires_at) VALUES ";
    database.execute(&format!("{sql}{}", values.join(", "))).await;
}

/// Makes an audit log of a time.
async fn audit_log(database: &Database, time: &str) {
    let sql = format!(
        "INSERT INTO audit_logs (id, event, outcome, actor_kind, created_at)
         VALUES ('{}', 'user.login', 'success', 'system', '{time}')",
        id(time, 1)
    );
    database.execute(&sql).await;
}

/// Sets `audit.log_retention_days`, to a JSON value.
async fn audit_days(database: &Database, days: &str) {
    let sql = format!(
        "INSERT INTO settings (key, value, value_type, category, description)
         VALUES ('audit.log_retention_days', '{days}', 'integer', 'audit', 'Days that audit logs are kept.')
         ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    );
    database.execute(&sql).await;
}

fn made(partition: &str, moved: u64) -> Done {
    Done::Made { partition: partition.to_owned(), moved }
}

fn dropped(partition: &str) -> Done {
    Done::Dropped { partition: partition.to_owned() }
}

fn deleted(table: &str, rows: u64) -> Done {
    Done::Deleted { table: table.to_owned(), rows }
}
