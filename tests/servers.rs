//! Servers of a test's own, for what the shared one cannot be: configured otherwise, stopped, full.

use authority_local_postgres::{DataFile, Ephemeral, EphemeralOptions, SUPERUSER};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::support::programs;

/// A new server with these settings and, where it is given, this `pg_hba.conf`.
pub(crate) fn start(settings: &[(&str, &str)], access: Option<&str>) -> Ephemeral {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let access = access.map(|lines| DataFile { name: "pg_hba.conf".to_owned(), contents: lines.into() });
    start_with(&EphemeralOptions {
        settings: settings.collect(),
        files: access.into_iter().collect(),
        ..Default::default()
    })
}

/// A name as it stands in an address.
pub(crate) fn encoded(name: &str) -> String {
    percent_encoding::percent_encode(name.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A new server with these options.
pub(crate) fn start_with(options: &EphemeralOptions) -> Ephemeral {
    Ephemeral::start(programs(), options).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs statements as the superuser, in the database `postgres`.
pub(crate) async fn as_superuser(server: &Ephemeral, sql: &str) {
    as_superuser_in(server, "postgres", sql).await;
}

/// Runs statements as the superuser, in a database.
pub(crate) async fn as_superuser_in(server: &Ephemeral, database: &str, sql: &str) {
    let mut connection = superuser(server, database).await;
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
    connection.close().await.expect("the connection can be closed");
}

/// The first column of every row that a query gives to the superuser in a database; NULL is an empty text.
pub(crate) async fn superuser_reads(server: &Ephemeral, database: &str, sql: &str) -> Vec<String> {
    let mut connection = superuser(server, database).await;
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
    let text = |row: &sqlx::postgres::PgRow| {
        let value = row.try_get_raw(0).expect("a first column");
        value.as_str().map(str::to_owned).unwrap_or_default()
    };
    let values = rows.iter().map(text).collect();
    connection.close().await.expect("the connection can be closed");
    values
}

async fn superuser(server: &Ephemeral, database: &str) -> PgConnection {
    let url = server.endpoint().url_for(SUPERUSER, database);
    PgConnection::connect(&url).await.unwrap_or_else(|error| panic!("cannot connect to {database}: {error}"))
}
