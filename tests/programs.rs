//! The operator's program as operators see it: exit codes, and every word that it prints.

pub(crate) mod impostor;
mod refused;
mod usage;

use std::process::Command;

use authority_migration::migrations::ALL;

use crate::support::{Database, Outcome, assert_snapshot, authority_db, server};

/// The password of every address in these tests that has one. No program may ever print it.
const MARKER: &str = "s3cret-marker";

#[tokio::test]
async fn migrate_applies_everything_once() {
    let database = Database::empty().await;
    let first = run(&database.url(), &["migrate"]);
    assert_eq!(first.stdout.lines().filter(|line| line.starts_with("applied ")).count(), ALL.len());
    as_reviewed("migrate", &database, &first);
    as_reviewed("migrate-again", &database, &run(&database.url(), &["migrate"]));
}

#[tokio::test]
async fn status_says_where_a_database_is_and_check_exits_with_1_unless_it_is_up_to_date() {
    let database = Database::empty().await;
    let url = database.url();
    assert_eq!(run(&url, &["migrate", "status"]).code, Some(0));
    as_reviewed("status-pending", &database, &run(&url, &["migrate", "status", "--check"]));
    assert_eq!(run(&url, &["migrate", "up", "--to", ALL[0].name()]).code, Some(0));
    let partly = run(&url, &["migrate", "status", "--check"]);
    assert_eq!(partly.code, Some(1), "{partly:?}");
    assert_eq!(run(&url, &["migrate"]).code, Some(0));
    let complete = run(&url, &["migrate", "status", "--check"]);
    assert_eq!(complete.code, Some(0), "{complete:?}");
    assert!(complete.stdout.ends_with("\nup to date\n"), "{complete:?}");
}

#[tokio::test]
async fn status_as_json_holds_every_migration_and_what_is_known_of_it() {
    let database = Database::empty().await;
    assert_eq!(run(&database.url(), &["migrate", "up", "--to", ALL[0].name()]).code, Some(0));
    let outcome = run(&database.url(), &["migrate", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(status["database"], database.name());
    assert_eq!(status["up_to_date"], false);
    let migrations = status["migrations"].as_array().expect("a list");
    let names: Vec<_> = migrations.iter().map(|one| one["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ALL.iter().map(authority_migration::Migration::name).collect::<Vec<_>>());
    assert_eq!(migrations[0]["state"], "applied");
    assert!(migrations[0]["applied_at"].as_str().expect("a time").ends_with('Z'));
    assert!(migrations[1..].iter().all(|one| one["state"] == "pending" && one.get("applied_at").is_none()));
}

#[tokio::test]
async fn down_redo_and_fresh_do_what_they_are_told_with_yes() {
    let database = Database::migrated().await;
    let url = database.url();
    as_reviewed("down", &database, &run(&url, &["migrate", "down", "4", "--yes"]));
    assert_eq!(run(&url, &["migrate", "status", "--check"]).code, Some(1));
    as_reviewed("redo", &database, &run(&url, &["migrate", "redo", "--yes"]));
    as_reviewed("fresh", &database, &run(&url, &["migrate", "fresh", "--yes"]));
    assert_eq!(run(&url, &["migrate", "status", "--check"]).code, Some(0));
}

#[tokio::test]
async fn an_edited_migration_is_shown_with_its_difference() {
    let database = Database::migrated().await;
    let edit =
        "UPDATE seaql_migrations SET fingerprint = sha256('x'), sql = E'SELECT 1;\\n' || sql WHERE version";
    database.execute(&format!("{edit} = '{}'", ALL[0].name())).await;
    as_reviewed("edited", &database, &run(&database.url(), &["migrate"]));
}

/// Runs the program to its end.
fn run(database_url: &str, arguments: &[&str]) -> Outcome {
    finish(&mut authority_db(database_url, arguments))
}

fn finish(command: &mut Command) -> Outcome {
    let outcome: Outcome = command.output().expect("authority-db runs").into();
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(MARKER), "the password is shown: {text}");
        assert!(!text.contains("stack backtrace") && !text.contains('\u{1b}'), "{text}");
    }
    outcome
}

/// Compares everything that was printed with `snapshots/programs/<name>.snap`.
fn as_reviewed(name: &str, database: &Database, outcome: &Outcome) {
    let endpoint = server().endpoint();
    let varying = [
        (database.name(), "[database]"),
        (&endpoint.socket_dir().display().to_string(), "[socket]"),
        (&endpoint.port().to_string(), "[port]"),
        (&server().version().to_string(), "[version]"),
    ];
    assert_snapshot("programs", name, &text(outcome, &varying));
}

/// What was printed, with what differs from run to run under the name that it goes by.
fn text(outcome: &Outcome, varying: &[(&str, &str)]) -> String {
    let Outcome { code, stdout, stderr } = outcome;
    let code = code.expect("it was not killed");
    let stdout: String = stdout.lines().map(|line| without_time(line) + "\n").collect();
    let mut text = format!("exit code {code}\n\n--- standard output\n{stdout}--- standard error\n{stderr}");
    for (value, name) in varying {
        text = text.replace(value, name);
    }
    text
}

/// `[time]` for the milliseconds at the end of the line of a step.
fn without_time(line: &str) -> String {
    let timed = line.strip_suffix(" ms").and_then(|rest| rest.rsplit_once(' '));
    match timed {
        Some((step, number)) if number.parse::<u32>().is_ok() => format!("{} [time]", step.trim_end()),
        _ => line.to_owned(),
    }
}
