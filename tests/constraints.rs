//! What every table takes and what it refuses: at least one violating row for each constraint, partial
//! index and trigger of the schema, and a row just inside it.
//!
//! The cases are data, a file for each table; `engine` runs them, `generated` adds those that follow from
//! the catalog alone (not-null columns, primary keys, foreign keys, enums, ids and times).

mod access_tokens;
mod audit_logs;
mod authorization_codes;
mod case;
mod catalog;
mod clients;
mod completeness;
mod device_codes;
mod engine;
mod fixtures;
mod generated;
mod mutants;
mod refresh_tokens;
mod scopes;
mod sessions;
mod settings;
mod shapes;
mod users;

use case::Table;
use engine::Bench;

/// The cases of every table.
fn tables() -> Vec<Table> {
    vec![
        access_tokens::table(),
        audit_logs::table(),
        authorization_codes::table(),
        clients::table(),
        device_codes::table(),
        refresh_tokens::table(),
        scopes::table(),
        sessions::table(),
        settings::table(),
        users::table(),
    ]
}

#[tokio::test]
async fn access_tokens_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(access_tokens::table()).await;
}

#[tokio::test]
async fn audit_logs_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(audit_logs::table()).await;
}

#[tokio::test]
async fn authorization_codes_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(authorization_codes::table()).await;
}

#[tokio::test]
async fn clients_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(clients::table()).await;
}

#[tokio::test]
async fn device_codes_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(device_codes::table()).await;
}

#[tokio::test]
async fn refresh_tokens_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(refresh_tokens::table()).await;
}

#[tokio::test]
async fn scopes_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(scopes::table()).await;
}

#[tokio::test]
async fn sessions_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(sessions::table()).await;
}

#[tokio::test]
async fn settings_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(settings::table()).await;
}

#[tokio::test]
async fn users_take_what_they_must_hold_and_refuse_the_rest() {
    assert_holds(users::table()).await;
}

/// Runs every case of a table and reports all that fail.
async fn assert_holds(table: Table) {
    let mut bench = Bench::prepare().await;
    let table = bench.completed(table);
    let mut failures = bench.run(&table).await;
    failures.extend(bench.run_generated(&table).await);
    assert!(failures.is_empty(), "{} of the cases fail:\n{}", failures.len(), failures.join("\n"));
}
