//! A pool of tokio-postgres connections, for a program that runs each of its operations as one statement.
//!
//! It is made as the pool of sqlx is, of the same configuration, and connects to the server that the same search
//! finds. What is different is how statements are run: see [`PooledClient::query`].

mod breaks;
mod connection;
mod dial;
mod hidden;
mod limits;
mod manager;
mod pool;
mod pool_error;
mod pooled;
mod status;
mod tls;

pub use pool::ClientPool;
pub use pool_error::PoolError;
pub use pooled::PooledClient;
pub use status::PoolStatus;

use crate::{Config, ConnectError};
use dial::Dial;

impl Config {
    /// A pool of tokio-postgres clients, of which `initial_pool_size` and at least one are connected. Fails as
    /// [`Config::pool`] does, but not on a pooler that does not carry prepared statements, through which statements
    /// are sent without names.
    ///
    /// An idle connection is the sooner used the later it was given back, so that a pool shrinks when less is to do:
    /// one that nobody used for ten minutes is closed, unless `max_idle_pool_size` says how many may stay. One that
    /// lay idle for half a minute is tested before it is handed out, and none lives longer than half an hour. With
    /// several hosts, the pool stays with the one that was chosen when it was made; a new connection to it that no
    /// longer has the wanted `target_session_attrs` is not used.
    ///
    /// Sessions of a direct connection begin with `plan_cache_mode=force_generic_plan` and `lock_timeout=2s`, unless
    /// `options` (or `PGOPTIONS`) says otherwise; what `ALTER ROLE` or `ALTER DATABASE` says of them has no effect. A
    /// statement that waits longer for a lock fails with SQLSTATE 55P03, so that those who wait for one row do not keep
    /// all connections from everybody else. Behind a pooler, which forgets what sessions begin with, both are the role's:
    /// `ALTER ROLE authority_app SET lock_timeout = '2s'`. All sessions begin with the time zone UTC. A given `sslrootcert` is trusted alone, and not besides
    /// the authorities of the web.
    ///
    /// It has to be called within a runtime of tokio, with its time and its network enabled, and works in that one.
    pub async fn client_pool(&self) -> Result<ClientPool, ConnectError> {
        let (options, server) = self.probe_with_options().await?;
        let dial = Dial::new(self, &server, options.get_ssl_mode())?;
        ClientPool::open(dial, server, self.pool.clone()).await
    }
}
