//! `authority-db maintain` as operators see it.

use authority_local_postgres::APP_ROLE;
use serde_json::Value;

use super::{DATED, audit_log, database, tokens};
use crate::pgbouncer::{Pooler, run as run_through};
use crate::support::{Database, Need, Outcome, Session, assert_snapshot, authority_db, everything, execute};

/// The rows that a maintenance could move or delete, and where they are.
const ROWS: &str = "SELECT tableoid::regclass || ' ' || id FROM access_tokens
                    UNION ALL SELECT tableoid::regclass || ' ' || id FROM audit_logs ORDER BY 1";

/// A database with a token and a log that the calendar has left behind.
async fn neglected() -> Database {
    let database = database().await;
    tokens(&database, "2026-01-05T12:00:00Z", 2).await;
    audit_log(&database, "2026-01-05T12:00:00Z").await;
    database
}

fn run(database: &Database, arguments: &[&str]) -> Outcome {
    authority_db(&database.url(), arguments).output().expect("authority-db runs").into()
}

#[tokio::test]
async fn it_says_what_it_did_and_then_that_there_is_nothing_to_do() {
    let database = neglected().await;
    as_reviewed("maintain", &database, &run(&database, &["maintain", "--ahead", "1"]));
    as_reviewed("maintain-again", &database, &run(&database, &["maintain", "--ahead", "1"]));
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_changes_nothing() {
    let database = neglected().await;
    let before = (everything(database.pool()).await, database.column(ROWS).await);
    let preview = run(&database, &["maintain", "--dry-run", "--json"]);
    assert_eq!((everything(database.pool()).await, database.column(ROWS).await), before);
    as_reviewed("maintain-dry-run", &database, &run(&database, &["maintain", "--dry-run", "--ahead", "1"]));
    assert_eq!((everything(database.pool()).await, database.column(ROWS).await), before);
    let (preview, done) = (json(&preview), json(&run(&database, &["maintain", "--json"])));
    assert_eq!((&preview["dry_run"], &done["dry_run"]), (&Value::Bool(true), &Value::Bool(false)));
    let sorted = |report: &Value| {
        let mut all: Vec<_> =
            report["done"].as_array().expect("a list").iter().map(Value::to_string).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&preview), sorted(&done));
    assert!(sorted(&done).len() > 30, "{done:#}");
}

#[tokio::test]
async fn what_stays_overdue_is_named_with_who_is_in_the_way_and_ends_with_1() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = neglected().await;
    assert_eq!(run(&database, &["maintain", "--ahead", "1"]).code, Some(0));
    let other =
        Session::begin(&database, "LOCK TABLE ONLY access_tokens IN SHARE UPDATE EXCLUSIVE MODE").await;
    let arguments = ["maintain", "--ahead", "2", "--wait", "0s", "--lock-timeout", "50ms"];
    let outcome = run(&database, &arguments);
    let pid = other.pid().to_string();
    assert!(outcome.stdout.contains(&pid), "{outcome:?}");
    let hidden = |text: &str| text.replace(&pid, "[pid]");
    let outcome = Outcome { stdout: hidden(&outcome.stdout), stderr: hidden(&outcome.stderr), ..outcome };
    as_reviewed("maintain-overdue", &database, &outcome);
    let report = run(&database, &[&arguments[..], &["--json"]].concat());
    assert_eq!(report.code, Some(1), "{report:?}");
    let report: Value = serde_json::from_str(&report.stdout).expect("JSON");
    assert_eq!(report["up_to_date"], false);
    assert_eq!(report["overdue"][0]["holder"]["pid"].to_string(), pid);
    other.end().await;
    assert_eq!(run(&database, &["maintain", "--ahead", "2"]).code, Some(0));
}

#[tokio::test]
async fn a_role_that_is_not_the_owner_is_told_whom_to_name() {
    let database = neglected().await;
    let before = database.column(ROWS).await;
    for arguments in [&["maintain"][..], &["maintain", "--dry-run"]] {
        let outcome =
            authority_db(&database.url_as(APP_ROLE), arguments).output().expect("authority-db runs");
        as_reviewed("maintain-serving-role", &database, &outcome.into());
    }
    assert_eq!(database.column(ROWS).await, before);
    assert_eq!(database.column(DATED).await, [""; 0]);
}

#[tokio::test]
async fn a_database_without_tables_or_without_writes_is_refused() {
    let empty = Database::empty().await;
    as_reviewed("maintain-unmigrated", &empty, &run(&empty, &["maintain"]));
    let database = Database::migrated().await;
    let superuser = database.pool_as("postgres").await;
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    execute(&superuser, &read_only).await;
    let outcome = run(&database, &["maintain"]);
    assert_eq!(outcome.stderr, run(&database, &["migrate"]).stderr);
    as_reviewed("maintain-read-only", &database, &outcome);
}

#[tokio::test]
async fn odd_arguments_are_wrong_usage() {
    let database = Database::migrated().await;
    for odd in [["--ahead", "0"], ["--ahead", "367"], ["--ahead", "a week"], ["--wait", "5"]] {
        let outcome = run(&database, &["maintain", odd[0], odd[1]]);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
    }
    assert_eq!(database.column(DATED).await, [""; 0]);
}

#[tokio::test]
async fn it_does_the_same_through_a_pooler_from_many_processes() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let (database, direct) = (neglected().await, neglected().await);
    assert_eq!(run(&direct, &["maintain"]).code, Some(0));
    let pooler = Pooler::of(&database).await;
    let children: Vec<_> = (0..4)
        .map(|_| authority_db(pooler.url(), &["maintain"]).spawn().expect("authority-db starts"))
        .collect();
    for child in children {
        let outcome = tokio::task::spawn_blocking(|| Outcome::of(child)).await.expect("it ends");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
    let outcome = run_through(pooler.url(), &["maintain"]);
    assert!(outcome.stdout.contains("nothing to do"), "{outcome:?}");
    assert_eq!(database.column(DATED).await, direct.column(DATED).await);
    assert_eq!(database.column(ROWS).await, direct.column(ROWS).await);
    assert!(run_through(pooler.url(), &["pgbouncer", "--check"]).stdout.contains("transaction"));
}

fn json(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// Compares everything that was printed with `snapshots/maintain/<name>.snap`. The days are those of the run.
fn as_reviewed(name: &str, database: &Database, outcome: &Outcome) {
    let Outcome { code, stdout, stderr } = outcome;
    let code = code.expect("it was not killed");
    let mut text = format!("exit code {code}\n\n--- standard output\n{stdout}--- standard error\n{stderr}");
    for (at, _) in text.clone().rmatch_indices("_p20") {
        let digits = text[at + 2..].chars().take_while(char::is_ascii_digit).count();
        let stands_for = if digits == 8 { "YYYYMMDD" } else { "YYYYMM" };
        text.replace_range(at + 2..at + 2 + digits, stands_for);
    }
    assert_snapshot("maintain", name, &text.replace(database.name(), "[database]"));
}
