//! A connection that is lent to one user.

use std::fmt;
use std::sync::Arc;

use deadpool::managed::Object;
use futures_util::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use super::ClientPool;
use super::connection::Connection;
use super::lent::Lent;
use super::manager::Manager;
use super::rows::Rows;

/// A connection to PostgreSQL that nobody else uses, until it is dropped and returns to its pool.
///
/// It is for statements that are complete in themselves: behind a pooler, the next one may run in another session.
/// When a future of it is dropped before its end, the connection is closed instead of returned, and the server is told
/// to stop that statement; not behind a pooler, where `statement_timeout` limits it. Whether the statement took effect
/// is not known then.
pub struct PooledClient {
    connection: Arc<Connection>,
    /// There until this is dropped.
    object: Option<Object<Manager>>,
    lent: Lent,
    pool: ClientPool,
}

impl PooledClient {
    pub(super) fn new(object: Object<Manager>, pool: ClientPool) -> Self {
        let connection = Arc::clone(&object.connection);
        Self { connection, object: Some(object), lent: Lent::default(), pool }
    }

    /// Runs one statement and gives all of its rows.
    ///
    /// It takes one round trip. Where the server carries named statements ([`crate::Server::prepared_statements`]),
    /// a statement is prepared when a connection meets it first, which takes one more, and kept as long as the
    /// connection: an SQL text has to be a constant, of which there are as many as the program has. Elsewhere it is
    /// sent without a name, with the types of its parameters. `types` are those of `$1`, `$2` and so on, and always
    /// the same for the same text. A column of the result whose type is not built into PostgreSQL costs the driver
    /// statements of its own, with names: an enum has to be cast to `text`.
    ///
    /// Fails with what the server answers, when the connection breaks, and when a parameter does not fit its type.
    pub async fn query(
        &self,
        sql: &'static str,
        types: &'static [Type],
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.lent.begin();
        let rows = async { self.connection.start(sql, types, params).await?.try_collect().await };
        let outcome = rows.await;
        statement.end(outcome.as_ref().err());
        outcome
    }

    /// [`PooledClient::query`] for more rows than should be held at once: they are read from the connection as they
    /// are asked for, and nothing else can run on it meanwhile.
    pub async fn query_rows(
        &self,
        sql: &'static str,
        types: &'static [Type],
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Rows<'_>, Error> {
        let statement = self.lent.begin();
        match self.connection.start(sql, types, params).await {
            Ok(stream) => Ok(Rows::new(stream, statement)),
            Err(error) => {
                statement.end(Some(&error));
                Err(error)
            }
        }
    }
}

impl Drop for PooledClient {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if self.lent.is_broken() || self.connection.client().is_closed() {
            self.pool.give_up(object);
        } else if self.lent.is_unfinished() {
            self.pool.abandon(object);
        } else {
            self.pool.give_back(object);
        }
    }
}

impl fmt::Debug for PooledClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PooledClient").field("server", self.pool.server()).finish_non_exhaustive()
    }
}
