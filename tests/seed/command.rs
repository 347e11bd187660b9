//! `authority-db seed` as operators see it.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use authority_password::{Password, Verdict, verify};
use serde_json::Value;

use super::{GOOD_PASSWORD, ROWS};
use crate::support::{Database, Outcome, assert_snapshot, authority_db, execute};

#[tokio::test]
async fn it_says_what_it_made_and_shows_the_generated_password_once() {
    let database = Database::migrated().await;
    let first = run(&database, &["seed"], &[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let password = first.stdout.lines().last().expect("a last line").trim();
    let stored = database.column("SELECT password_hash FROM users").await;
    assert_eq!(verify(&Password::new(password), &stored[0]), Ok(Verdict::Right), "{first:?}");
    as_reviewed("seed", &database, &first, password);
    as_reviewed("seed-again", &database, &run(&database, &["seed"], &[]), password);
}

#[tokio::test]
async fn json_holds_the_generated_password_in_the_run_that_made_it_and_never_again() {
    let database = Database::migrated().await;
    let first = json(&run(&database, &["seed", "--json"], &[("ADMIN_EMAIL", "ada@example.org")]));
    assert_eq!(first["changed"], true);
    assert_eq!(first["admin"]["email"], "ada@example.org");
    assert_eq!(first["admin"]["must_change_password"], true);
    let password = first["admin"]["generated_password"].as_str().expect("a password");
    let stored = database.column("SELECT password_hash FROM users").await;
    assert_eq!(verify(&Password::new(password), &stored[0]), Ok(Verdict::Right));
    let second = json(&run(&database, &["seed", "--json"], &[("ADMIN_EMAIL", "ada@example.org")]));
    assert_eq!(second["changed"], false);
    assert_eq!(second["admin"]["outcome"], "kept");
    assert_eq!(second["admin"].get("generated_password"), None);
    assert_eq!(second["settings"]["kept"], first["settings"]["made"]);
    assert_eq!(second["skipped"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_given_password_is_used_and_shown_nowhere() {
    let (from_environment, from_input) = (Database::migrated().await, Database::migrated().await);
    let outcome = run(&from_environment, &["seed"], &[("ADMIN_PASSWORD", GOOD_PASSWORD)]);
    as_reviewed("seed-with-password", &from_environment, &outcome, "[none]");
    let other = [("ADMIN_PASSWORD", "another password of 2026")];
    let piped =
        run_with_input(&from_input, &["seed", "--password-stdin"], &other, &format!("{GOOD_PASSWORD}\r\n"));
    as_reviewed("seed-with-password", &from_input, &piped, "[none]");
    for database in [from_environment, from_input] {
        let stored = database.column("SELECT password_hash FROM users").await;
        assert_eq!(verify(&Password::new(GOOD_PASSWORD), &stored[0]), Ok(Verdict::Right));
    }
}

#[tokio::test]
async fn what_is_no_password_in_standard_input_is_refused() {
    let database = Database::migrated().await;
    let long = "x".repeat(5000);
    for input in ["", "\n", "\r\n", "vivid otter\ndrums on marble\n", &long] {
        let outcome = run_with_input(&database, &["seed", "--password-stdin"], &[], input);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.starts_with("error: the password in standard input "), "{outcome:?}");
    }
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[tokio::test]
async fn a_weak_password_is_refused_with_what_to_do() {
    let database = Database::migrated().await;
    let outcome = run(&database, &["seed"], &[("ADMIN_PASSWORD", "changeme123")]);
    as_reviewed("seed-weak-password", &database, &outcome, "changeme123");
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[tokio::test]
async fn a_bad_variable_is_named_and_nothing_is_made() {
    let database = Database::migrated().await;
    let outcome = run(&database, &["seed"], &[("ACCESS_TOKEN_TTL", "1h")]);
    as_reviewed("seed-bad-variable", &database, &outcome, "[none]");
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[tokio::test]
async fn a_variable_that_comes_too_late_is_reported() {
    let database = Database::migrated().await;
    assert_eq!(run(&database, &["seed"], &[]).code, Some(0));
    let variables =
        [("ACCESS_TOKEN_TTL", "900"), ("ADMIN_EMAIL", "ada@example.org"), ("ADMIN_PASSWORD", GOOD_PASSWORD)];
    as_reviewed("seed-skipped", &database, &run(&database, &["seed"], &variables), "[none]");
}

#[tokio::test]
async fn a_database_that_is_not_migrated_is_refused() {
    let (empty, half) = (Database::empty().await, Database::empty().await);
    as_reviewed("seed-unmigrated", &empty, &run(&empty, &["seed"], &[]), "[none]");
    let first = authority_migration::migrations::ALL[0].name();
    assert_eq!(run(&half, &["migrate", "--to", first], &[]).code, Some(0));
    let outcome = run(&half, &["seed"], &[]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("fix: authority-db migrate\n"), "{outcome:?}");
    assert_eq!(half.column("SELECT count(*) FROM users").await, ["0"]);
}

#[tokio::test]
async fn a_role_that_may_only_read_is_told_so() {
    let database = Database::migrated().await;
    let superuser = database.pool_as("postgres").await;
    execute(&superuser, "CREATE ROLE seed_reader LOGIN").await;
    database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO seed_reader").await;
    let outcome: Outcome =
        authority_db(&database.url_as("seed_reader"), &["seed"]).output().expect("authority-db runs").into();
    as_reviewed("seed-read-only-role", &database, &outcome, "[none]");
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[tokio::test]
async fn a_read_only_database_is_refused_as_migrate_refuses_it() {
    let database = Database::migrated().await;
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.execute(&read_only).await;
    let outcome = run(&database, &["seed"], &[]);
    as_reviewed("seed-read-only", &database, &outcome, "[none]");
    assert_eq!(outcome.stderr, run(&database, &["migrate"], &[]).stderr);
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_password_that_cannot_be_shown_is_not_set() {
    let database = Database::migrated().await;
    for arguments in [&["seed"][..], &["seed", "--json"]] {
        let full = File::options().write(true).open("/dev/full").expect("a full device");
        let outcome = authority_db(&database.url(), arguments).stdout(full).output();
        as_reviewed("seed-full", &database, &outcome.expect("authority-db runs").into(), "[none]");
        assert_eq!(database.column(ROWS).await, [""; 0]);
    }
    assert_eq!(run(&database, &["seed"], &[]).code, Some(0));
}

#[tokio::test]
async fn flags_win_over_the_environment_and_odd_ones_are_wrong_usage() {
    let database = Database::migrated().await;
    for odd in [["--admin-username", "a b"], ["--admin-email", "nobody"], ["--wait", "5"]] {
        let outcome = run(&database, &["seed", odd[0], odd[1]], &[]);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
    }
    let flags = ["seed", "--admin-username", "ada", "--admin-email", "ada@example.org"];
    let variables = [("ADMIN_USERNAME", "root"), ("ADMIN_EMAIL", "root@example.org")];
    assert_eq!(run(&database, &flags, &variables).code, Some(0));
    assert_eq!(database.column("SELECT username || ' ' || email FROM users").await, ["ada ada@example.org"]);
}

fn run(database: &Database, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let mut command = authority_db(&database.url(), arguments);
    command.envs(variables.iter().copied()).output().expect("authority-db runs").into()
}

fn run_with_input(
    database: &Database,
    arguments: &[&str],
    variables: &[(&str, &str)],
    input: &str,
) -> Outcome {
    let mut command = authority_db(&database.url(), arguments);
    let mut child =
        command.envs(variables.iter().copied()).stdin(Stdio::piped()).spawn().expect("authority-db runs");
    // A program that refuses what it has read so far does not read the rest.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    Outcome::of(child)
}

fn json(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// Compares everything that was printed with `snapshots/seed-command/<name>.snap`.
fn as_reviewed(name: &str, database: &Database, outcome: &Outcome, password: &str) {
    let Outcome { code, stdout, stderr } = outcome;
    assert!(!stdout.contains(GOOD_PASSWORD) && !stderr.contains(GOOD_PASSWORD), "{outcome:?}");
    let code = code.expect("it was not killed");
    let text = format!("exit code {code}\n\n--- standard output\n{stdout}--- standard error\n{stderr}");
    let text = text.replace(password, "[password]").replace(database.name(), "[database]");
    assert_snapshot("seed-command", name, &text);
}
