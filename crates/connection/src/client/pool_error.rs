//! Why the pool gave no connection.

use std::time::Duration;

use crate::ConnectError;

/// Why the pool gave no connection: one sentence, whose cause is in `source` and whose remedy in
/// [`PoolError::fix`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// All connections were in use for as long as `checkout_timeout` says.
    #[error("none of the {size} connections of the pool came free within {} s", after.as_secs_f64())]
    Timeout {
        /// How long it was waited for.
        after: Duration,
        /// How many connections the pool may have.
        size: usize,
    },
    /// A connection had to be made and could not be, within `retry_attempts` and `checkout_timeout`.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// [`crate::ClientPool::close`] was called.
    #[error("the pool of connections is closed")]
    Closed,
}

impl PoolError {
    /// Whether the next attempt may well succeed although nobody changes a configuration, as during a restart or a
    /// failover.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Connect(error) => may_come_back(error),
            Self::Closed => false,
        }
    }

    /// The command, or the line to change, that mends it.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::Timeout { .. } => {
                "raise max_pool_size in DATABASE_URL as far as the server's max_connections \
                                     permits, or look in pg_stat_activity for what keeps its connections busy"
                    .to_owned()
            }
            Self::Connect(error) => error.fix(),
            Self::Closed => "none is needed: the program is about to end".to_owned(),
        }
    }
}

/// Besides what connecting is tried again for at once: whatever a server that is gone for a while looks like.
fn may_come_back(error: &ConnectError) -> bool {
    match error {
        ConnectError::NoHost { attempts } => attempts.iter().any(may_come_back),
        ConnectError::UnknownHost { .. }
        | ConnectError::NoSocket { .. }
        | ConnectError::Unreachable { .. }
        | ConnectError::Timeout { .. }
        | ConnectError::Closed { .. }
        | ConnectError::PoolerWithoutServer { .. }
        | ConnectError::WrongServer { .. } => true,
        _ => error.is_transient(),
    }
}
