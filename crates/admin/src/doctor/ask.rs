//! Questions to the server.

use authority_migration::runner::LEDGER_TABLE;
use authority_schema::{ReadError, ReadOptions, Schema};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

/// Bounds every question, and takes away what a role or a database may have set otherwise. `pg_temp` comes last,
/// because otherwise a temporary table would hide the table of the same name.
const SETTINGS: &str = "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'; \
    SET LOCAL idle_in_transaction_session_timeout = '10s'; SET LOCAL search_path TO public, pg_temp";

/// The rows that a query gives, asked in a read-only transaction of its own. In it, the role that serves requests is
/// `current_setting('authority.serving_role')`. The simple protocol and an explicit transaction pass every pooler.
pub(super) async fn rows(pool: &PgPool, serving_role: &str, sql: &'static str) -> sqlx::Result<Vec<PgRow>> {
    let mut transaction = begin(pool, "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY").await?;
    // The simple protocol has no parameters, so the name is quoted.
    let role = crate::quote::literal(serving_role);
    let setting = format!("SET LOCAL authority.serving_role TO {role}");
    sqlx::raw_sql(AssertSqlSafe(setting)).execute(&mut *transaction).await?;
    let rows = sqlx::raw_sql(sql).fetch_all(&mut *transaction).await?;
    transaction.rollback().await?;
    Ok(rows)
}

/// The schema as it is, without dated partitions and the ledger. Some functions of the catalog wait for locks, so
/// this is bounded as every question is.
pub(super) async fn schema(pool: &PgPool) -> Result<Schema, ReadError> {
    let mut transaction = begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(ReadError::Transaction)?;
    let options = ReadOptions { exclude_tables: &[LEDGER_TABLE], default_partitions_only: true };
    let schema = authority_schema::read(&mut transaction, options).await?;
    transaction.rollback().await.map_err(ReadError::Transaction)?;
    Ok(schema)
}

/// A transaction in which nothing takes long.
async fn begin(pool: &PgPool, begin: &'static str) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut transaction = pool.begin_with(begin).await?;
    sqlx::raw_sql(SETTINGS).execute(&mut *transaction).await?;
    Ok(transaction)
}
