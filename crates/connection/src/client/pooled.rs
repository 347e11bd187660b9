//! A connection that is lent to one user.

use std::fmt;
use std::sync::Arc;

use deadpool::managed::Object;
use futures_util::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use super::ClientPool;
use super::breaks::breaks;
use super::connection::Connection;
use super::manager::Manager;

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
    pool: ClientPool,
    /// Whether a statement began and did not end.
    is_unfinished: bool,
    is_broken: bool,
}

impl PooledClient {
    pub(super) fn new(object: Object<Manager>, pool: ClientPool) -> Self {
        let connection = Arc::clone(&object.connection);
        Self { connection, object: Some(object), pool, is_unfinished: false, is_broken: false }
    }

    /// Runs one statement and gives all of its rows.
    ///
    /// It takes one round trip. Where the server carries named statements ([`crate::Server::prepared_statements`]),
    /// a statement is prepared when a connection meets it first, which takes one more, and kept as long as the
    /// connection: an SQL text has to be a constant, of which there are as many as the program has. Elsewhere it is
    /// sent without a name, with the types of its parameters. `types` are those of `$1`, `$2` and so on, and always
    /// the same for the same text. A column of the result whose type is not built into PostgreSQL costs the driver
    /// statements of its own, with names: an enum has to be cast to `text`. Behind a pooler, a statement that is refused
    /// takes one round trip more, so that nothing is sent before the end of its answer.
    ///
    /// Fails with what the server answers, when the connection breaks, and when a parameter does not fit its type.
    pub async fn query(
        &mut self,
        sql: &'static str,
        types: &'static [Type],
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        self.is_unfinished = true;
        let rows = async { self.connection.start(sql, types, params).await?.try_collect().await };
        let outcome = rows.await;
        if let Err(error) = &outcome {
            if breaks(error) {
                self.is_broken = true;
            } else {
                self.connection.settle().await;
            }
        }
        self.is_unfinished = false;
        outcome
    }
}

impl Drop for PooledClient {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if self.is_broken || self.connection.client().is_closed() {
            self.pool.give_up(object);
        } else if self.is_unfinished {
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
