//! One connection, and the statements that it has prepared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, RowStream, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::hidden::Hidden;
use super::limits::{TEST_TIMEOUT, head_start};
use crate::Server;

/// How long a cancelled statement may take to end before the connection is cut off.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// A statement by where its text lies, which no other text ever does: comparing texts would take longer than
/// anything else that this program does for a statement.
type Key = (usize, usize);

pub(super) struct Connection {
    // Dropped first: statements whose connection is gone are not taken leave of one by one.
    client: Client,
    statements: Option<Mutex<HashMap<Key, Statement>>>,
    tls: MakeRustlsConnect,
    task: AbortHandle,
    pooled: bool,
}

/// A connection in the pool.
pub(super) struct Slot {
    pub(super) connection: Arc<Connection>,
    opened: Instant,
    head_start: Duration,
    /// When it was last given back.
    pub(super) returned: Instant,
}

impl Slot {
    /// The connection that was made after `number` others.
    pub(super) fn new(connection: Connection, number: u64) -> Self {
        let now = Instant::now();
        Self { connection: Arc::new(connection), opened: now, head_start: head_start(number), returned: now }
    }

    /// How old it is, for the limit of its life.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed() + self.head_start
    }
}

impl Connection {
    pub(super) fn new(client: Client, tls: MakeRustlsConnect, task: AbortHandle, server: &Server) -> Self {
        let statements = server.prepared_statements.then(Mutex::default);
        Self { client, statements, tls, task, pooled: server.pooled }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Begins a statement.
    pub(super) async fn start(
        &self,
        sql: &'static str,
        types: &'static [Type],
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<RowStream, Error> {
        let hidden = || params.iter().map(|param| Hidden(*param));
        let Some(statements) = &self.statements else {
            // A parameter without a type is refused as one of the wrong type, not left out.
            let types = types.iter().cloned().chain(std::iter::repeat(Type::UNKNOWN));
            return self.client.query_typed_raw(sql, hidden().zip(types)).await;
        };
        let key = (sql.as_ptr().addr(), sql.len());
        let known = lock(statements).get(&key).cloned();
        if let Some(statement) = known {
            match self.client.query_raw(&statement, hidden()).await {
                Err(error) if is_outdated(&error) => {
                    lock(statements).remove(&key);
                    self.settle().await;
                }
                outcome => return outcome,
            }
        }
        let statement = self.client.prepare_typed(sql, types).await?;
        self.settle().await;
        lock(statements).insert(key, statement.clone());
        self.client.query_raw(&statement, hidden()).await
    }

    /// Whether the server answers.
    pub(super) async fn answers(&self) -> bool {
        self.client.batch_execute("").await.is_ok()
    }

    /// Behind a pooler, waits until the server is ready for another statement, or cuts the connection off. The driver
    /// does not: it gives an error as soon as it comes, and a prepared statement as soon as it is described.
    ///
    /// What PgBouncer gets before it has seen the end of one statement, it sends to the same session; and when it
    /// sees that end, it lends the session to somebody else, although a part of the next statement went there, too.
    /// Theirs is then taken for the rest of it (pgbouncer issues #759 and #1484). The statement that this waits with
    /// is too short to be cut in two.
    pub(super) async fn settle(&self) {
        if self.pooled && !tokio::time::timeout(TEST_TIMEOUT, self.answers()).await.unwrap_or(false) {
            self.cut_off();
        }
    }

    /// Has the server stop whatever it does for this connection, and returns when it has.
    ///
    /// Behind a pooler, the connection is cut off, and the statement comes to its own end, as when a program dies:
    /// the driver hangs up as soon as it has asked for a cancellation, and PgBouncer dies of that, with all of its
    /// clients (pgbouncer issue #801; always in 1.18).
    pub(super) async fn stop(&self) {
        let stopping = async {
            // When the server cannot be reached for this, it is waited for the statement.
            let _ = self.client.cancel_token().cancel_query(self.tls.clone()).await;
            self.answers().await;
        };
        if self.pooled || tokio::time::timeout(CANCEL_TIMEOUT, stopping).await.is_err() {
            self.cut_off();
        }
    }

    /// Closes it without waiting for answers that may never come.
    pub(super) fn cut_off(&self) {
        self.task.abort();
    }
}

/// Whether the server does not know the statement any more, or its result has another form than when it was
/// prepared, as after a migration. Nothing of it was executed then.
fn is_outdated(error: &Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        let code = error.code();
        *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || *code == SqlState::FEATURE_NOT_SUPPORTED && error.routine() == Some("RevalidateCachedQuery")
    })
}

/// Nobody panics while holding it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
