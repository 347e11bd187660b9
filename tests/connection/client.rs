//! The pool of clients whose every operation is one statement.

mod cancelled;
mod idle;
mod lending;
mod lost;
mod pooler;
mod sessions;
mod statements;

use authority_connection::{ClientPool, PooledClient};
use tokio_postgres::types::{FromSqlOwned, Type};

use super::config;
use crate::support::Database;

/// A pool in front of a database, with these parameters in its URL.
async fn pool(database: &Database, parameters: &str) -> ClientPool {
    let url = format!("{}?{parameters}", database.url());
    config(&url, &[]).client_pool().await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// A connection of a pool.
async fn lent(pool: &ClientPool) -> PooledClient {
    pool.get().await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// The first column of the first row of a query.
async fn one<T: FromSqlOwned>(client: &mut PooledClient, sql: &'static str) -> T {
    let rows = client.query(sql, &[], &[]).await.unwrap_or_else(|error| panic!("{error:?}, in: {sql}"));
    rows.first().unwrap_or_else(|| panic!("no row: {sql}")).get(0)
}

/// Under how many names the session knows a statement.
async fn names_of(client: &mut PooledClient, sql: &'static str) -> i64 {
    const NAMES: &str = "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1";
    let rows = client.query(NAMES, &[Type::TEXT], &[&sql]).await.expect("a number");
    rows[0].get(0)
}

/// The process that serves a connection.
async fn process(client: &mut PooledClient) -> i32 {
    one(client, "SELECT pg_backend_pid()").await
}
