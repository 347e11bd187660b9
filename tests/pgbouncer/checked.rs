//! `pgbouncer --check`, in front of poolers that work and of such that do not.

use serde_json::Value;

use super::pooler::{connect, direct_url};
use super::{Pooler, run};
use crate::support::{Database, Need, Outcome};

const GOOD: [&str; 4] = ["pooler", "pool_mode", "default_pool_size", "migrations' lock"];

#[tokio::test]
async fn the_printed_configuration_passes() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::of(&database).await;
    let outcome = run(pooler.url(), &["pgbouncer", "--check"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let found = findings(&run(pooler.url(), &["pgbouncer", "--check", "--json"]));
    for check in GOOD.into_iter().chain(["server_reset_query"]) {
        assert_eq!(verdict(&found, check), "good", "{found:#?}");
    }
    // Of PgBouncer 1.18; a later one may carry them.
    assert_ne!(verdict(&found, "prepared statements"), "problem", "{found:#?}");
    assert_eq!(verdict(&found, "startup options"), "note", "{found:#?}");
    assert!(!outcome.stdout.contains("authority:"), "no password: {outcome:?}");
}

#[tokio::test]
async fn a_direct_connection_is_no_pooler() {
    let database = Database::empty().await;
    let outcome = run(&direct_url(&database), &["pgbouncer", "--check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("is PostgreSQL itself"), "{outcome:?}");
    assert!(outcome.stderr.contains("the check found a problem"), "{outcome:?}");
}

#[tokio::test]
async fn session_mode_works_and_is_noted() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::with(&database, &[], &[("pool_mode = transaction", "pool_mode = session")]).await;
    let outcome = run(pooler.url(), &["pgbouncer", "--check", "--json"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(verdict(&findings(&outcome), "pool_mode"), "note", "{outcome:?}");
}

#[tokio::test]
async fn statement_mode_is_a_problem() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::with(&database, &[], &[("pool_mode = transaction", "pool_mode = statement")]).await;
    let outcome = run(pooler.url(), &["pgbouncer", "--check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
}

#[tokio::test]
async fn a_pool_that_is_too_small_for_a_migration_is_a_problem() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let two = ("default_pool_size = 20", "default_pool_size = 2");
    let pooler = Pooler::with(&database, &[], &[two]).await;
    let outcome = run(pooler.url(), &["pgbouncer", "--check", "--json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let found = findings(&outcome);
    assert_eq!(verdict(&found, "default_pool_size"), "problem", "{found:#?}");
    assert_eq!(verdict(&found, "migrations' lock"), "good", "{found:#?}");
}

#[tokio::test]
async fn options_that_are_dropped_in_silence_are_a_problem() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let ignored = ("extra_float_digits\n", "extra_float_digits, options\n");
    let pooler = Pooler::with(&database, &[], &[ignored]).await;
    let outcome = run(pooler.url(), &["pgbouncer", "--check", "--json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(verdict(&findings(&outcome), "startup options"), "problem", "{outcome:?}");
}

#[tokio::test]
async fn what_another_client_left_behind_is_a_problem() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    for leftover in [
        "SET work_mem = '17MB'",
        "SELECT pg_advisory_lock(4711)",
        "CREATE TEMPORARY TABLE mine ()",
        "LISTEN mine",
    ] {
        let database = Database::empty().await;
        let pooler = Pooler::of(&database).await;
        let pool = connect(pooler.url()).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(leftover)).execute(&pool).await.expect("a careless client");
        pool.close().await;
        let outcome = run(pooler.url(), &["pgbouncer", "--check", "--json"]);
        assert_eq!(outcome.code, Some(1), "{leftover}: {outcome:?}");
        let found = findings(&outcome);
        assert_eq!(verdict(&found, "server_reset_query"), "problem", "{leftover}: {found:#?}");
    }
}

#[tokio::test]
async fn an_address_that_says_it_all_is_taken_at_its_word() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::of(&database).await;
    let url = format!("{}?prepared_statements=false", pooler.url());
    let outcome = run(&url, &["pgbouncer", "--check"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("DATABASE_URL says prepared_statements=false"), "{outcome:?}");
}

fn findings(outcome: &Outcome) -> Vec<Value> {
    let found: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    found.as_array().expect("a list").clone()
}

fn verdict(findings: &[Value], check: &str) -> String {
    let found = findings.iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no finding {check}: {findings:#?}"));
    let fix = found.get("fix").is_some();
    assert_eq!(fix, found["verdict"] != "good", "{found}");
    found["verdict"].as_str().expect("a word").to_owned()
}
