//! Wrong usage ends with 2, before anything is done.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{MARKER, as_reviewed, finish, run};
use crate::support::{Database, Outcome, authority_db, everything, server};

/// Longer than the identifiers of PostgreSQL, by one byte.
const LONG_NAME: &str = "r234567890123456789012345678901234567890123456789012345678901234";

#[tokio::test]
async fn what_destroys_data_asks_and_without_a_terminal_needs_yes() {
    let database = Database::migrated().await;
    let before = everything(database.pool()).await;
    for command in ["down", "redo", "fresh"] {
        let outcome = run(&database.url(), &["migrate", command]);
        as_reviewed(&format!("{command}-without-yes"), &database, &outcome);
        assert_eq!(outcome.code, Some(2));
    }
    assert_eq!(everything(database.pool()).await, before);
}

#[tokio::test]
async fn the_name_of_another_database_is_no_consent() {
    let database = Database::migrated().await;
    let before = everything(database.pool()).await;
    let outcome = run(&database.url(), &["migrate", "down", "--yes", "--database", "another"]);
    as_reviewed("down-another", &database, &outcome);
    assert_eq!(outcome.code, Some(2));
    assert_eq!(everything(database.pool()).await, before);
}

#[tokio::test]
async fn a_database_that_is_not_on_this_machine_has_to_be_named() {
    let database = Database::empty().await;
    let outcome = run("postgres://authority@db.example:5432/authority_db", &["migrate", "fresh", "--yes"]);
    as_reviewed("fresh-elsewhere", &database, &outcome);
    assert_eq!(outcome.code, Some(2));
}

#[tokio::test]
async fn a_password_on_the_command_line_is_refused() {
    let database = Database::empty().await;
    let place = format!("127.0.0.1:{}/{}", server().endpoint().port(), database.name());
    let url = format!("postgres://authority:{MARKER}@{place}");
    let in_query = format!("postgres://authority@{place}?password={MARKER}");
    for url in [url, in_query] {
        let outcome = run("", &["migrate", "--database-url", &url]);
        as_reviewed("password-on-the-command-line", &database, &outcome);
        assert_eq!(outcome.code, Some(2));
    }
    assert_eq!(everything(database.pool()).await, "");
}

#[tokio::test]
async fn an_address_on_the_command_line_wins_over_the_environment() {
    let (named, other) = (Database::empty().await, Database::empty().await);
    let outcome = run(&other.url(), &["migrate", "--database-url", &named.url()]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(named.column("SELECT to_regclass('users')").await, ["users"]);
    assert_eq!(everything(other.pool()).await, "");
}

#[tokio::test]
async fn an_unknown_command_is_wrong_usage() {
    let database = Database::empty().await;
    let outcome = run(&database.url(), &["migrat"]);
    as_reviewed("unknown-command", &database, &outcome);
    assert_eq!(outcome.code, Some(2));
}

#[tokio::test]
async fn a_time_without_a_unit_is_wrong_usage() {
    let database = Database::empty().await;
    let outcome = run(&database.url(), &["migrate", "--wait", "5"]);
    as_reviewed("time-without-unit", &database, &outcome);
    assert_eq!(outcome.code, Some(2));
}

#[tokio::test]
async fn a_password_in_the_environment_is_used_and_not_shown() {
    let database = Database::empty().await;
    let url = format!("postgres://authority@127.0.0.1:{}/{}", server().endpoint().port(), database.name());
    let outcome = finish(authority_db(&url, &["migrate"]).env("PGPASSWORD", MARKER));
    as_reviewed("wrong-password-in-the-environment", &database, &outcome);
    let whole = server().endpoint().tcp_url_for(database.name());
    let right = run(whole.reveal(), &["migrate", "status"]);
    assert_eq!(right.code, Some(0), "{right:?}");
}

#[test]
fn without_a_database_url_nothing_is_made_outside_of_a_source_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["migrate"][..], &["doctor"], &["backup", "nightly.sql"], &["seed"], &["setup"]] {
        let unset = || {
            let mut command = authority_db("", arguments);
            command.env_remove("DATABASE_URL").env("HOME", folder.path()).current_dir(folder.path());
            command
        };
        let outcome: Outcome = unset().output().expect("authority-db runs").into();
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.contains("no database is named: DATABASE_URL is not set"), "{outcome:?}");
        let outcome: Outcome = unset().env("DATABASE_URL", "").output().expect("authority-db runs").into();
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.contains("DATABASE_URL is empty"), "{outcome:?}");
        assert_eq!(folder.path().read_dir().expect("the folder").count(), 0);
    }
}

#[test]
fn a_variable_that_cannot_be_understood_is_wrong_usage_of_every_command_that_reads_it() {
    // Nobody listens there: it is refused before anything is connected to.
    let nowhere = "postgres://authority@127.0.0.1:1/authority_db";
    let odd = OsStr::from_bytes(b"postgres://\xff@localhost/authority_db");
    let cases: [(&[&str], &str, &OsStr); 11] = [
        (&["migrate"], "DATABASE_URL", "localhost/authority_db".as_ref()),
        (&["doctor"], "DATABASE_URL", "localhost/authority_db".as_ref()),
        (&["maintain"], "DATABASE_URL", odd),
        (&["migrate", "status"], "SSL_MODE", "sometimes".as_ref()),
        (&["setup"], "MAINTENANCE_DATABASE_URL", "localhost/postgres".as_ref()),
        (&["setup"], "AUTHORITY_SERVING_ROLE", OsStr::new(LONG_NAME)),
        (&["seed"], "ACCESS_TOKEN_TTL", "1h".as_ref()),
        (&["setup"], "ACCESS_TOKEN_TTL", "1h".as_ref()),
        (&["seed"], "ADMIN_EMAIL", "ada".as_ref()),
        (&["setup"], "ADMIN_USERNAME", "ada lovelace".as_ref()),
        (&["seed"], "ADMIN_USERNAME", odd),
    ];
    for (arguments, variable, value) in cases {
        let outcome = finish(authority_db(nowhere, arguments).env(variable, value));
        assert_eq!(outcome.code, Some(2), "{arguments:?} {variable}: {outcome:?}");
        assert!(outcome.stderr.contains("\n  fix: "), "{arguments:?} {variable}: {outcome:?}");
    }
    let outcome = run(nowhere, &["migrate"]);
    assert_eq!(outcome.code, Some(1), "that nobody listens is no wrong usage: {outcome:?}");
}

#[test]
fn a_line_of_the_env_file_that_cannot_be_understood_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".env");
    std::fs::write(&path, format!("A=1\nDATABASE_URL={MARKER} {MARKER}\n")).expect("a file");
    let outcome = finish(
        authority_db("", &["migrate"]).env_remove("DATABASE_URL").current_dir(folder.path().as_os_str()),
    );
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    let fix = format!("fix: correct line 2 of {}\n", path.display());
    assert!(outcome.stderr.ends_with(&fix), "{outcome:?}");
}

#[test]
fn a_folder_without_programs_is_named_with_its_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display().to_string();
    let missing = format!("{place}/nowhere");
    for (named, lack) in [(&missing, "is no folder"), (&place, "has no postgres, initdb and pg_ctl")] {
        for arguments in [&["start"][..], &["stop"], &["migrate"]] {
            let mut command = authority_db("", arguments);
            command.env_remove("DATABASE_URL").env("AUTHORITY_PG_BIN", named);
            let outcome = finish(command.env("HOME", &place).current_dir(&place));
            assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
            let sentence = format!("error: {named}, which AUTHORITY_PG_BIN names, {lack}");
            assert!(outcome.stderr.starts_with(&sentence), "{arguments:?}: {outcome:?}");
            assert!(outcome.stderr.contains("fix: set AUTHORITY_PG_BIN to"), "{arguments:?}: {outcome:?}");
        }
        let psql = finish(
            authority_db("postgres://localhost/authority_db?user=ada", &["psql"])
                .env("AUTHORITY_PG_BIN", named),
        );
        assert_eq!(psql.code, Some(2), "{psql:?}");
        assert!(psql.stderr.contains("which AUTHORITY_PG_BIN names"), "{psql:?}");
    }
}

#[tokio::test]
async fn an_output_that_takes_nothing_is_a_failure_and_no_crash() {
    let database = Database::migrated().await;
    for arguments in
        [&["migrate", "status"][..], &["doctor", "--json"], &["tune", "--memory", "1GB"], &["seed"]]
    {
        let mut command = authority_db(&database.url(), arguments);
        command.stdout(std::fs::File::create("/dev/full").expect("a full device"));
        let outcome: Outcome = command.output().expect("authority-db runs").into();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.starts_with("error: "), "{outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
    }
}
