//! `tune`: settings that real servers accept and take over.

mod applied;
mod printed;

use authority_local_postgres::{DataFile, Ephemeral, EphemeralOptions, SUPERUSER};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::support::{Outcome, authority_db, programs, server};

/// A server of a test's own, of the version of the test run, with a further configuration file.
fn own_server(configuration: &str) -> Ephemeral {
    let file = DataFile { name: "tuned.conf".to_owned(), contents: configuration.as_bytes().to_vec() };
    let options = EphemeralOptions {
        // In a configuration file, the directive may have an equals sign like a setting.
        settings: vec![("include".to_owned(), "tuned.conf".to_owned())],
        files: vec![file],
        ..EphemeralOptions::default()
    };
    Ephemeral::start(programs(), &options).unwrap_or_else(|error| panic!("{error}"))
}

/// The address of a server's maintenance database for its superuser.
fn superuser(server: &Ephemeral) -> String {
    server.endpoint().url_for(SUPERUSER, "postgres")
}

fn run(url: &str, arguments: &[&str]) -> Outcome {
    authority_db(url, arguments).output().expect("authority-db runs").into()
}

/// The settings that `tune --json` printed, each with its name, value and what the server has.
fn settings(outcome: &Outcome) -> Vec<Value> {
    let report: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    report["settings"].as_array().expect("a list").clone()
}

/// The first column of every row, asked in a new session.
async fn ask(url: &str, sql: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
    rows.iter().map(|row| row.try_get::<String, _>(0).expect("a text")).collect()
}

/// What `ALTER SYSTEM` has written on the server of all tests.
async fn written() -> Vec<String> {
    let sql = "SELECT name || '=' || setting FROM pg_file_settings
               WHERE sourcefile LIKE '%postgresql.auto.conf' ORDER BY seqno";
    ask(&superuser(server()), sql).await
}
