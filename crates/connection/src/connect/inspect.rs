//! Questions to a server, in the simple protocol, which passes every pooler.

use sqlx::{Executor, PgConnection, Row};

/// A setting that means nothing, sent at the start. PostgreSQL keeps it and gives it back; a pooler refuses it,
/// or forgets it: only over a direct connection does it come back.
pub(super) const MARK: (&str, &str) = ("authority.direct", "1");

#[derive(Clone, Copy, Default)]
pub(super) struct State {
    pub(super) in_recovery: bool,
    pub(super) read_only: bool,
    pub(super) marked: bool,
}

/// Asks for what [`State`] holds.
pub(crate) const STATE: &str = "SELECT pg_catalog.pg_is_in_recovery(), \
            pg_catalog.current_setting('transaction_read_only') = 'on', \
            pg_catalog.current_setting('authority.direct', true) IS NOT DISTINCT FROM '1'";

pub(super) async fn state(connection: &mut PgConnection) -> Result<State, sqlx::Error> {
    let row = sqlx::raw_sql(STATE).fetch_one(connection).await?;
    Ok(State { in_recovery: row.try_get(0)?, read_only: row.try_get(1)?, marked: row.try_get(2)? })
}

/// Whether the pooler gives prepared statements names of its own, with which it finds them again: this statement,
/// which the driver names, asks the server for its name.
pub(super) async fn carries_statements(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // Within a transaction, a pooler leaves the server connection alone.
    connection.execute("BEGIN").await?;
    let names = sqlx::query_scalar::<_, String>(
        "SELECT name FROM pg_catalog.pg_prepared_statements WHERE statement LIKE '%authority asks for its name%'",
    )
    .fetch_all(&mut *connection)
    .await;
    let carried = match &names {
        Ok(names) => {
            let ours: Vec<_> = names.iter().filter(|name| name.starts_with("sqlx_s_")).collect();
            for name in &ours {
                // Left on the server under the driver's name, it would be in the way of every other client.
                let statement = format!("DEALLOCATE \"{name}\"");
                connection.execute(sqlx::AssertSqlSafe(statement)).await?;
            }
            Ok(ours.is_empty())
        }
        // Another client's statement has the name already, or this one was sent elsewhere.
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42P05" | "26000")) => {
            Ok(false)
        }
        Err(_) => names.map(|_| true),
    };
    connection.execute("ROLLBACK").await?;
    carried
}
