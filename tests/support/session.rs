use authority_local_postgres::SUPERUSER;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::Database;

/// Somebody else, who has a transaction open.
pub(crate) struct Session {
    connection: PgConnection,
    pid: i32,
}

impl Session {
    /// A session of the superuser that ran a statement in a transaction and then sits there.
    pub(crate) async fn begin(database: &Database, sql: &str) -> Self {
        let mut connection = database.connection_as(SUPERUSER).await;
        run(&mut connection, "BEGIN").await;
        run(&mut connection, sql).await;
        let row = sqlx::raw_sql("SELECT pg_backend_pid() AS pid").fetch_one(&mut connection).await;
        let pid = row.expect("a backend has a process").try_get("pid").expect("a number");
        Self { connection, pid }
    }

    /// Its server process.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Ends the transaction, and what it did is done.
    pub(crate) async fn commit(mut self) {
        run(&mut self.connection, "COMMIT").await;
        self.connection.close().await.expect("the session can end");
    }

    /// Ends the transaction as if it had never been.
    pub(crate) async fn end(mut self) {
        run(&mut self.connection, "ROLLBACK").await;
        self.connection.close().await.expect("the session can end");
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
}
