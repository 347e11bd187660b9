//! Wrong usage ends with 2, before anything is done.

use super::{MARKER, as_reviewed, finish, run};
use crate::support::{Database, Outcome, authority_db, everything, server};

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
