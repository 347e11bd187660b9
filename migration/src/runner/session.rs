//! The simple query protocol, which needs neither a prepared statement nor any session state.

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, pool::PoolConnection};

use super::{Error, Result};

/// Takes a connection from the pool.
pub(crate) async fn acquire(pool: &PgPool) -> Result<PoolConnection<Postgres>> {
    pool.acquire().await.map_err(Error::Connection)
}

/// Runs statements whose rows nobody needs.
///
/// The text is this crate's own, or values that went through [`literal`](crate::ddl::literal).
pub(crate) async fn execute(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// Runs one statement and returns its rows.
pub(crate) async fn rows(connection: &mut PgConnection, sql: &str) -> sqlx::Result<Vec<PgRow>> {
    sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await
}

/// The SQLSTATE of an error that the server reported.
pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
