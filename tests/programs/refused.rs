//! What is wrong is said in one sentence, with its cause and the command that mends it.

use std::net::TcpListener;

use authority_local_postgres::{APP_ROLE, SUPERUSER};

use super::impostor::Impostor;
use super::{MARKER, as_reviewed, run, text};
use crate::support::{Database, Outcome, assert_snapshot, everything, execute, server};

#[test]
fn an_address_that_cannot_be_understood() {
    for (name, url) in [
        ("another-scheme", format!("mysql://authority:{MARKER}@localhost/authority_db")),
        ("no-database", format!("postgres://authority:{MARKER}@localhost")),
        ("unencoded-password", format!("postgres://authority:{MARKER}/#?@localhost/authority_db")),
        (
            "unknown-parameter",
            format!("postgres://authority:{MARKER}@localhost/authority_db?ssl_mode=require"),
        ),
    ] {
        let outcome = run(&url, &["migrate"]);
        assert_snapshot("programs", &format!("url-{name}"), &text(&outcome, &[]));
        assert_eq!(outcome.code, Some(2));
    }
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    drop(listener);
    elsewhere("nobody-listens", &run(&at(port), &["migrate"]), port);
}

#[test]
fn something_else_than_postgresql_listens() {
    let impostor = Impostor::that_speaks_http();
    elsewhere("not-postgresql", &run(&at(impostor.port()), &["migrate"]), impostor.port());
}

#[test]
fn a_server_that_is_too_old() {
    let impostor = Impostor::of_postgresql_12();
    elsewhere("too-old", &run(&at(impostor.port()), &["migrate"]), impostor.port());
    elsewhere("too-old-for-status", &run(&at(impostor.port()), &["migrate", "status"]), impostor.port());
}

#[tokio::test]
async fn the_password_is_wrong() {
    let database = Database::empty().await;
    let port = server().endpoint().port();
    let url = format!("postgres://authority:{MARKER}@127.0.0.1:{port}/{}", database.name());
    changes_nothing("wrong-password", &database, &url).await;
}

#[tokio::test]
async fn the_database_does_not_exist() {
    let database = Database::empty().await;
    let url = server().endpoint().url_for("authority", "no_such_database");
    changes_nothing("no-such-database", &database, &url).await;
}

#[tokio::test]
async fn the_role_does_not_exist() {
    let database = Database::empty().await;
    changes_nothing("no-such-role", &database, &database.url_as("no_such_role")).await;
}

#[tokio::test]
async fn somebody_elses_users_are_in_the_way() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE users (id integer)").await;
    changes_nothing("foreign-users", &database, &database.url()).await;
}

#[tokio::test]
async fn the_role_can_only_read() {
    let database = Database::empty().await;
    let alter = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.execute(&alter).await;
    changes_nothing("read-only", &database, &database.url()).await;
}

#[tokio::test]
async fn the_role_may_not_create_tables() {
    let database = Database::empty().await;
    execute(&database.pool_as(SUPERUSER).await, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    changes_nothing("may-not-create", &database, &database.url_as(APP_ROLE)).await;
}

fn at(port: u16) -> String {
    format!("postgres://authority:{MARKER}@127.0.0.1:{port}/authority_db")
}

async fn changes_nothing(name: &str, database: &Database, url: &str) {
    let before = everything(database.pool()).await;
    let outcome = run(url, &["migrate"]);
    as_reviewed(name, database, &outcome);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(everything(database.pool()).await, before);
}

/// Compares the outcome of a run that did not get to the server of this test run, but to that port.
fn elsewhere(name: &str, outcome: &Outcome, port: u16) {
    assert_snapshot("programs", name, &text(outcome, &[(&port.to_string(), "[port]")]));
    assert_eq!(outcome.code, Some(1));
}
