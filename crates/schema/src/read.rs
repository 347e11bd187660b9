//! From the catalog to the model.

mod catalog;
mod constraints;
mod grants;
mod objects;
mod relations;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, SqlSafeStr as _};
use thiserror::Error;

use crate::Schema;
use catalog::Catalog;

/// What to leave out of a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions<'a> {
    /// Tables and views to leave out, such as the ledger of the migrations, with all that is on them.
    pub exclude_tables: &'a [&'a str],
    /// Whether to list only the default partitions. The others come and go with time, so that two
    /// databases at the same migration have different ones.
    pub default_partitions_only: bool,
}

/// Why a schema could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The transaction for it could not be begun or ended.
    #[error("the transaction that reads the schema failed")]
    Transaction(#[source] sqlx::Error),
    /// A query of the catalog failed, or answered what this version of the software does not know.
    #[error("the {what} of the schema could not be read from the catalog")]
    Catalog {
        /// What was being read: `tables`, `indexes`, …
        what: &'static str,
        /// What went wrong.
        #[source]
        source: sqlx::Error,
    },
}

/// Reads the schema `public`.
///
/// All of it comes from one transaction that is REPEATABLE READ and READ ONLY; if the connection is in a
/// transaction of sqlx already, from a savepoint of that. Either is rolled back at the end, so no setting
/// outlives the call. Only the simple query protocol is used, which every pooler carries. The role needs no
/// privilege on the tables.
///
/// Fails when the connection does; a schema that does not exist is an empty one. A concurrent DDL statement
/// can fail it too: functions such as `pg_get_expr` see the catalog as it is now, not as the transaction does
/// (<https://www.postgresql.org/docs/current/functions-info.html>).
pub async fn read(connection: &mut PgConnection, options: ReadOptions<'_>) -> Result<Schema, ReadError> {
    const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let begun = if connection.is_in_transaction() {
        connection.begin().await
    } else {
        connection.begin_with(BEGIN.into_sql_str()).await
    };
    let mut transaction = begun.map_err(ReadError::Transaction)?;
    let catalog = Catalog::fetch(&mut transaction).await?;
    transaction.rollback().await.map_err(ReadError::Transaction)?;
    catalog.schema(options)
}
