//! The runner of migrations, among other sessions and under accidents.

mod blocked;
mod fresh;
mod grants;
mod indexes;
mod interrupted;
mod ledger;
mod other_tools;
mod plan;
mod refusals;
mod steps;
mod together;

use std::time::Duration;

use authority_migration::migrations::ALL;
use authority_migration::runner::{Options, Result, Runner};
use authority_migration::{Migration, Script};
use tokio::task::JoinHandle;

use crate::support::{Database, Recorder, eventually, in_time};

/// A table to work on.
const PEOPLE: Migration = Migration::new(
    "m20990101_000001_people",
    || Script::new().sql("CREATE TABLE \"people\" (\"id\" integer PRIMARY KEY, \"name\" text)"),
    || Script::new().sql("DROP TABLE \"people\""),
);

/// Needs a lock on the table of [`PEOPLE`] that lets nobody read meanwhile.
const PEOPLE_AGE: Migration = Migration::new(
    "m20990101_000002_people_age",
    || Script::new().sql("ALTER TABLE \"people\" ADD COLUMN \"age\" integer"),
    || Script::new().sql("ALTER TABLE \"people\" DROP COLUMN \"age\""),
);

/// Makes a table, then waits, in the middle of its transaction, as long as somebody holds [`GATE`].
const GATED: Migration = Migration::new(
    "m20990101_000003_gated",
    || {
        Script::new()
            .sql("CREATE TABLE \"gated\" (\"id\" integer PRIMARY KEY)")
            .sql("SELECT pg_advisory_xact_lock(4711)")
    },
    || Script::new().sql("DROP TABLE \"gated\""),
);

/// Keeps a [`GATED`] migration waiting.
const GATE: &str = "SELECT pg_advisory_xact_lock(4711)";

/// After everything else.
const LAST: Migration = Migration::new(
    "m20990101_000009_last",
    || Script::new().sql("CREATE TABLE \"last\" (\"id\" integer PRIMARY KEY)"),
    || Script::new().sql("DROP TABLE \"last\""),
);

/// A runner of these migrations.
fn runner(database: &Database, migrations: &[Migration]) -> Runner {
    Runner::new(database.pool().clone()).with_migrations(migrations.to_vec())
}

/// A runner whose statements wait for locks, and run, as long as it takes.
fn patient(database: &Database, migrations: &[Migration]) -> Runner {
    let hour = Duration::from_hours(1);
    let options = Options { lock_timeout: hour, statement_timeout: hour, ..Options::default() };
    runner(database, migrations).with_options(options)
}

/// Applies everything; panics when that fails.
async fn apply(runner: &Runner) -> Vec<String> {
    in_time("the run", runner.up(None, &|_| {})).await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// Begins to apply everything.
fn start(runner: Runner, recorder: &Recorder) -> JoinHandle<Result<Vec<String>>> {
    let observer = recorder.observer();
    tokio::spawn(async move { runner.up(None, &observer).await })
}

/// How a run ended.
async fn end(run: JoinHandle<Result<Vec<String>>>) -> Result<Vec<String>> {
    in_time("the run", run).await.expect("a run does not panic")
}

/// Waits until a session of the database waits for a lock in a statement that begins so; its process.
async fn waits_for_a_lock(database: &Database, statement: &str) -> String {
    let sql = format!(
        "SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '{statement}%'"
    );
    eventually("a session waits for a lock", async || !database.column(&sql).await.is_empty()).await;
    database.column(&sql).await.remove(0)
}

/// The names of migrations.
fn names(migrations: &[Migration]) -> Vec<&'static str> {
    migrations.iter().map(Migration::name).collect()
}

/// What the ledger holds.
async fn recorded(database: &Database) -> Vec<String> {
    database.column("SELECT version FROM seaql_migrations ORDER BY version").await
}

/// Authority's migrations and then these.
fn all_and(further: &[Migration]) -> Vec<Migration> {
    [ALL, further].concat()
}
