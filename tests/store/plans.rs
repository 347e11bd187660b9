//! The plans of the store's statements.

use authority_store::STATEMENTS;
use sqlx::{Executor, Row};
use tokio_postgres::types::Type;

use crate::support::Database;

/// What a plan does when it has to be good for every value of the parameters.
pub(crate) async fn generic_plan(database: &Database, name: &str, values: &str) -> String {
    let statement = STATEMENTS.iter().find(|statement| statement.name == name).expect("a statement");
    let types: Vec<_> = statement.types.iter().map(Type::name).collect();
    let mut connection = database.connection_as("authority_app").await;
    let prepare = format!("PREPARE p ({}) AS {}", types.join(", "), statement.sql);
    for sql in ["SET plan_cache_mode = force_generic_plan".to_owned(), prepare] {
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.expect("prepared");
    }
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE p ({values})");
    let rows = connection.fetch_all(sqlx::raw_sql(sqlx::AssertSqlSafe(explain))).await.expect("a plan");
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}
