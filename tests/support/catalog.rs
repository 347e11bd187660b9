use authority_migration::runner::LEDGER_TABLE;
use authority_schema::{ReadOptions, Schema, canonical, read};
use sqlx::PgPool;

use super::column;

/// The schema as the migrations made it: without their ledger, and without partitions that come and go.
pub(crate) async fn schema(pool: &PgPool) -> Schema {
    read_schema(pool, ReadOptions { exclude_tables: &[LEDGER_TABLE], default_partitions_only: true }).await
}

/// [`schema`] as one text: two databases are equal when theirs are.
pub(crate) async fn canonical_text(pool: &PgPool) -> String {
    canonical::whole(&schema(pool).await)
}

/// The schema, ledger included, and the rows of the ledger: what a refused run must not change.
pub(crate) async fn everything(pool: &PgPool) -> String {
    let schema = read_schema(pool, ReadOptions::default()).await;
    let mut text = canonical::whole(&schema);
    if schema.table(LEDGER_TABLE).is_some() {
        let rows = column(pool, &format!("SELECT l::text FROM {LEDGER_TABLE} l ORDER BY l::text")).await;
        text.push_str(&rows.join("\n"));
    }
    text
}

async fn read_schema(pool: &PgPool, options: ReadOptions<'_>) -> Schema {
    let mut connection = pool.acquire().await.expect("a connection");
    read(&mut connection, options).await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
}
