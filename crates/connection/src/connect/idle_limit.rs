//! A limit to how many connections lie idle, which the driver's pool has only by time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnectionMetadata;

/// Counts the idle connections of one pool. The count is exact as long as nothing else closes them, so the time
/// limits are kept here as well and the pool's own are off.
#[derive(Clone)]
pub(super) struct IdleLimit {
    idle: Arc<AtomicU32>,
    most: u32,
    idle_timeout: Duration,
    max_lifetime: Duration,
}

impl IdleLimit {
    /// A limit for a pool that begins with `open` idle connections.
    pub(super) fn new(most: u32, open: u32, idle_timeout: Duration, max_lifetime: Duration) -> Self {
        Self { idle: Arc::new(AtomicU32::new(open)), most, idle_timeout, max_lifetime }
    }

    /// Takes note that an idle connection is taken. Returns whether it is young enough to be used.
    pub(super) fn takes(&self, metadata: &PoolConnectionMetadata) -> bool {
        let _ =
            self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |idle| Some(idle.saturating_sub(1)));
        metadata.idle_for < self.idle_timeout && metadata.age < self.max_lifetime
    }

    /// Returns whether a connection that is given back may stay, and counts it if so.
    pub(super) fn keeps(&self, metadata: &PoolConnectionMetadata) -> bool {
        let has_room = |idle| (idle < self.most).then_some(idle + 1);
        metadata.age < self.max_lifetime
            && self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_room).is_ok()
    }
}
