//! What a pool is doing, and what it has done.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a pool is doing, and what it has done since it was made; the numbers of a metrics page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most connections that it may have.
    pub max_size: usize,
    /// The connections that it has.
    pub size: usize,
    /// Those of them that nobody uses.
    pub available: usize,
    /// How many are waiting for one.
    pub waiting: usize,
    /// Connections that were made.
    pub opened: u64,
    /// Connections that turned out to be broken and were given up.
    pub broken: u64,
    /// Connections that were given up because their user went away in the middle of a statement.
    pub abandoned: u64,
    /// Connections that were handed out.
    pub checkouts: u64,
    /// How often nobody got one in time ([`crate::PoolError::Timeout`]).
    pub checkout_timeouts: u64,
    /// How long all who asked for a connection waited for it, with those who got none.
    pub waited: Duration,
}

/// The part of [`PoolStatus`] that only grows.
#[derive(Default)]
pub(super) struct Counters {
    opened: AtomicU64,
    broken: AtomicU64,
    abandoned: AtomicU64,
    checkouts: AtomicU64,
    checkout_timeouts: AtomicU64,
    waited_micros: AtomicU64,
}

impl Counters {
    /// Counts a connection, and tells how many there were before it.
    pub(super) fn opened(&self) -> u64 {
        self.opened.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn broken(&self, connections: usize) {
        self.broken.fetch_add(connections as u64, Ordering::Relaxed);
    }

    pub(super) fn abandoned(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn checkout(&self) {
        self.checkouts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn checkout_timeout(&self) {
        self.checkout_timeouts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn waited(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waited_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// The numbers, beside those of the moment.
    pub(super) fn beside(&self, now: deadpool::Status, max_size: usize) -> PoolStatus {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolStatus {
            max_size,
            size: now.size,
            available: now.available,
            waiting: now.waiting,
            opened: read(&self.opened),
            broken: read(&self.broken),
            abandoned: read(&self.abandoned),
            checkouts: read(&self.checkouts),
            checkout_timeouts: read(&self.checkout_timeouts),
            waited: Duration::from_micros(read(&self.waited_micros)),
        }
    }
}
