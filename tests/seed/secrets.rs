//! A password reaches the server as its hash, and the operator once.

use std::fs;

use authority_local_postgres::{Ephemeral, EphemeralOptions};
use authority_seed::AdminOutcome;

use sqlx::PgPool;

use super::{GOOD_PASSWORD, prepare, seed};
use crate::support::{Database, Outcome, authority_db, column, execute, programs};

#[tokio::test]
async fn no_session_shows_a_password_while_a_seed_is_under_way() {
    let database = Database::migrated().await;
    let prepared = prepare(&database, &seed(&[])).await.expect("a seed");
    let AdminOutcome::Made { generated_password: Some(password), .. } = &prepared.report().admin else {
        panic!("{prepared:?}");
    };
    let superuser = database.pool_as("postgres").await;
    let sessions =
        "SELECT application_name || ': ' || query FROM pg_stat_activity WHERE datname = current_database()";
    let shown = column(&superuser, sessions).await.join("\n");
    assert!(shown.contains("authority seed: "), "the session of the seed is among them: {shown}");
    assert!(!shown.contains(password.reveal()));
    assert!(!format!("{prepared:?}{:?}", seed(&[("ADMIN_PASSWORD", GOOD_PASSWORD)])).contains(GOOD_PASSWORD));
    assert!(!format!("{prepared:?}").contains(password.reveal()));
}

#[tokio::test]
async fn a_server_that_logs_every_statement_with_its_values_never_sees_a_password() {
    let server = verbose_server();
    let url = server.url();
    assert_eq!(run(&url, &["migrate"], None).code, Some(0));
    let generated = run(&url, &["seed", "--json"], None);
    let report: serde_json::Value = serde_json::from_str(&generated.stdout).expect("JSON");
    let password = report["admin"]["generated_password"].as_str().expect("a generated password");

    // Nobody is a super administrator any more, so that the password that is given is used.
    let pool = PgPool::connect(&url).await.expect("a connection");
    execute(&pool, "UPDATE users SET role = 'user'").await;
    let names = ["seed", "--admin-username", "ada", "--admin-email", "ada@example.org"];
    let given = run(&url, &names, Some(GOOD_PASSWORD));
    assert_eq!(given.code, Some(0), "{given:?}");
    let later = run(&url, &names, Some(GOOD_PASSWORD));
    assert_eq!(later.code, Some(0), "{later:?}");

    let log = fs::read_to_string(server.log_path()).expect("the server's log");
    assert_eq!(
        log.matches("INSERT INTO users").count() / log.matches("$argon2id$").count().max(1),
        1,
        "{log}"
    );
    for secret in [password, GOOD_PASSWORD] {
        assert!(!log.contains(secret));
        for outcome in [&given, &later] {
            assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret), "{outcome:?}");
        }
    }
}

fn run(url: &str, arguments: &[&str], password: Option<&str>) -> Outcome {
    let mut command = authority_db(url, arguments);
    if let Some(password) = password {
        command.env("ADMIN_PASSWORD", password);
    }
    command.output().expect("authority-db runs").into()
}

fn verbose_server() -> Ephemeral {
    let settings =
        [("log_statement", "all"), ("log_min_duration_statement", "0"), ("log_min_messages", "debug1")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let options = EphemeralOptions { settings, ..EphemeralOptions::default() };
    Ephemeral::start(programs(), &options).unwrap_or_else(|error| panic!("{error}"))
}
