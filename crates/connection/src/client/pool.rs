//! Lending connections, and taking them back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool::managed::{self, Object, Pool, PoolConfig, QueueMode, WeakPool};
use futures_util::future::try_join_all;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::dial::Dial;
use super::limits::{HOUSEKEEPING, is_worth_keeping};
use super::manager::{DEADLINE, Manager};
use super::status::Counters;
use super::{PoolError, PoolStatus, PooledClient};
use crate::{ConnectError, PoolSettings, Server};

/// A pool of connections to one server, made by [`crate::Config::client_pool`]. It is cheap to clone, and its
/// connections are closed when nobody has it or a client of it any more.
#[derive(Clone)]
pub struct ClientPool(Arc<Inner>);

struct Inner {
    pool: Pool<Manager>,
    server: Server,
    settings: PoolSettings,
    counters: Arc<Counters>,
    /// Held while a connection is given back, where the number of idle ones is limited.
    giving_back: Mutex<()>,
    runtime: Handle,
    housekeeping: AbortHandle,
}

impl ClientPool {
    pub(super) async fn open(
        dial: Dial,
        server: Server,
        settings: PoolSettings,
    ) -> Result<Self, ConnectError> {
        let counters = Arc::new(Counters::default());
        let at = Box::new(dial.at.clone());
        let config =
            PoolConfig { queue_mode: QueueMode::Lifo, ..PoolConfig::new(settings.max_pool_size as usize) };
        let manager = Manager::new(dial, Arc::clone(&counters), settings.clone());
        let pool = Pool::builder(manager).config(config).build();
        let pool = pool.map_err(|error| ConnectError::Other { at: at.clone(), source: Box::new(error) })?;
        let runtime = Handle::current();
        let closes_idle = settings.max_idle_pool_size.is_none();
        let housekeeping = runtime.spawn(keep_house(pool.weak(), closes_idle)).abort_handle();
        let giving_back = Mutex::new(());
        let pool =
            Self(Arc::new(Inner { pool, server, settings, counters, giving_back, runtime, housekeeping }));
        let connections = pool.0.settings.initial_pool_size.max(1);
        let after = pool.0.settings.checkout_timeout;
        match try_join_all((0..connections).map(|_| pool.checkout())).await {
            Ok(_all) => Ok(pool),
            Err(PoolError::Connect(error)) => Err(error),
            Err(_) => Err(ConnectError::PoolTimeout { at, connections, after }),
        }
    }

    /// A connection that nobody else uses: one that is idle, or a new one, or else the next that is given back. Who
    /// came first is served first. When the server refuses a new connection, starts up or is full, it is tried again
    /// as often as `retry_attempts` says.
    ///
    /// Fails when there is none within `checkout_timeout`, when a connection had to be made and could not be, and
    /// after [`ClientPool::close`]. When the future is dropped, nothing is lost.
    pub async fn get(&self) -> Result<PooledClient, PoolError> {
        let began = Instant::now();
        let outcome = self.checkout().await;
        let counters = &self.0.counters;
        counters.waited(began.elapsed());
        match &outcome {
            Ok(_) => counters.checkout(),
            Err(PoolError::Timeout { .. }) => counters.checkout_timeout(),
            Err(_) => {}
        }
        outcome
    }

    async fn checkout(&self) -> Result<PooledClient, PoolError> {
        let after = self.0.settings.checkout_timeout;
        let deadline = Instant::now() + after;
        // Who is about to connect at the deadline is asked before it, and says what it waits for.
        match timeout_at(deadline, DEADLINE.scope(deadline, self.0.pool.get())).await {
            Ok(Ok(object)) => Ok(PooledClient::new(object, self.clone())),
            Ok(Err(managed::PoolError::Backend(error))) => Err(PoolError::Connect(error)),
            Ok(Err(managed::PoolError::Closed)) => Err(PoolError::Closed),
            Ok(Err(_)) | Err(_) => Err(PoolError::Timeout { after, size: self.max_size() }),
        }
    }

    /// What is known of the server, since the pool was made.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.0.server
    }

    /// The most connections that it has at one time.
    #[must_use]
    pub fn max_size(&self) -> usize {
        self.0.settings.max_pool_size as usize
    }

    /// What it is doing, and what it has done.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.0.counters.beside(self.0.pool.status(), self.max_size())
    }

    /// Has every connection that lies idle now tested before it is lent again. Who has lost one in the middle of a
    /// statement says so, for the others may be as dead, as after a restart of the server: then one test that fails
    /// tells of all of them.
    pub fn doubt(&self) {
        self.0.pool.manager().doubt();
    }

    /// Gives out no more connections, closes those that are idle at once and the others when they are given back, and
    /// returns when the last one is closed. For all clones of it.
    pub async fn close(&self) {
        self.0.pool.close();
        self.0.housekeeping.abort();
        self.0.pool.manager().dial.alive.closed().await;
    }

    pub(super) fn give_back(&self, mut object: Object<Manager>) {
        object.returned = Instant::now();
        let Some(most) = self.0.settings.max_idle_pool_size else { return };
        let _alone = self.0.giving_back.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.pool.status().available >= most as usize {
            drop(Object::take(object));
        } else {
            drop(object);
        }
    }

    pub(super) fn give_up(&self, object: Object<Manager>) {
        self.0.counters.broken(1);
        object.connection.cut_off();
        drop(Object::take(object));
    }

    /// Its place in the pool stays taken until the server has let go of it.
    pub(super) fn abandon(&self, object: Object<Manager>) {
        self.0.counters.abandoned();
        self.0.runtime.spawn(async move {
            object.connection.stop().await;
            drop(Object::take(object));
        });
    }
}

/// Closes the idle connections that are too old or have been closed by the server, until the pool is gone.
async fn keep_house(pool: WeakPool<Manager>, closes_idle: bool) {
    loop {
        sleep(HOUSEKEEPING).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut broken = 0;
        let removed = pool.retain(|slot, _| {
            let is_closed = slot.connection.client().is_closed();
            broken += usize::from(is_closed);
            !is_closed && is_worth_keeping(slot.age(), slot.returned.elapsed(), closes_idle)
        });
        drop(removed);
        pool.manager().counters.broken(broken);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.housekeeping.abort();
    }
}

impl fmt::Debug for ClientPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (server, status) = (self.server(), self.status());
        formatter
            .debug_struct("ClientPool")
            .field("server", server)
            .field("status", &status)
            .finish_non_exhaustive()
    }
}
