//! What is refused, with nothing changed.

use super::{ACCESS, empty_server, run, server_with_roles, setup, setup_of, state, superuser, url_with};
use crate::servers::as_superuser;

const MARKER: &str = "s3cret-marker";

#[tokio::test]
async fn somebody_elses_database_and_a_serving_role_with_too_much_power_are_refused() {
    let server = server_with_roles(ACCESS).await;
    as_superuser(&server, "CREATE ROLE alice").await;
    for (spoil, mend, sentence, fix) in [
        (
            "ALTER DATABASE authority_db OWNER TO alice",
            "ALTER DATABASE authority_db OWNER TO authority",
            "database \"authority_db\" belongs to the role \"alice\", not to \"authority\"",
            "ALTER DATABASE \"authority_db\" OWNER TO \"authority\";",
        ),
        (
            "ALTER ROLE authority_app SUPERUSER",
            "ALTER ROLE authority_app NOSUPERUSER",
            "the role \"authority_app\", which is to serve requests, is a superuser",
            "ALTER ROLE \"authority_app\" NOSUPERUSER",
        ),
        (
            "GRANT authority TO authority_app",
            "REVOKE authority FROM authority_app",
            "the role \"authority_app\", which is to serve requests, may act as the owner of the database",
            "REVOKE \"authority\" FROM \"authority_app\"",
        ),
    ] {
        as_superuser(&server, spoil).await;
        let before = state(&server).await;
        let outcome = run(setup(&server, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 1);
        assert!(outcome.stderr.contains(sentence) && outcome.stderr.contains(fix), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
        assert_eq!(state(&server).await, before);
        as_superuser(&server, mend).await;
    }
}

#[tokio::test]
async fn a_read_only_database_is_refused_whoever_finds_that() {
    let server = server_with_roles(ACCESS).await;
    for (spoil, mend, database, role) in [
        (
            // Which only the connection to the database itself shows.
            "ALTER DATABASE authority_db SET default_transaction_read_only = on",
            "ALTER DATABASE authority_db RESET default_transaction_read_only",
            "authority_db",
            "authority",
        ),
        (
            "ALTER ROLE postgres SET default_transaction_read_only = on",
            "BEGIN READ WRITE; ALTER ROLE postgres RESET default_transaction_read_only; COMMIT",
            "postgres",
            "postgres",
        ),
    ] {
        as_superuser(&server, spoil).await;
        let before = state(&server).await;
        let outcome = run(setup(&server, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 1);
        let sentence = format!("database \"{database}\" is read-only for the role \"{role}\"");
        let fix = format!("fix: BEGIN READ WRITE; ALTER DATABASE \"{database}\" RESET");
        assert!(outcome.stderr.contains(&sentence) && outcome.stderr.contains(&fix), "{}", outcome.stderr);
        assert_eq!(state(&server).await, before);
        as_superuser(&server, mend).await;
    }
}

#[tokio::test]
async fn what_contradicts_itself_is_wrong_usage() {
    let server = server_with_roles(ACCESS).await;
    let before = state(&server).await;
    let with_password = url_with(&server, "postgres", MARKER, "postgres");
    let owner = url_with(&server, "authority", MARKER, "authority_db");
    let in_argument = run(&mut setup(&server, &["--maintenance-url", &with_password]), 2);
    let two = run(setup_of(&owner, &[]).env("AUTHORITY_OWNER_PASSWORD", "another"), 2);
    let one_role = run(setup(&server, &[]).env("AUTHORITY_SERVING_ROLE", "authority"), 2);
    for (outcome, sentence) in [
        (&in_argument, "--maintenance-url holds a password"),
        (&two, "DATABASE_URL and AUTHORITY_OWNER_PASSWORD hold different passwords"),
        (&one_role, "the role \"authority\" cannot both own the database and serve requests"),
    ] {
        assert!(outcome.stderr.contains(sentence), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains(MARKER) && outcome.stdout.is_empty());
    }
    assert_eq!(state(&server).await, before);
}

#[tokio::test]
async fn a_named_way_that_does_not_lead_there_is_the_error() {
    let server = empty_server().await;
    let url = url_with(&server, "nobody", MARKER, "postgres");
    let outcome = run(setup(&server, &[]).env("MAINTENANCE_DATABASE_URL", url), 1);
    assert!(outcome.stderr.contains("refused the password of user \"nobody\""), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(MARKER) && outcome.stdout.is_empty());
}
