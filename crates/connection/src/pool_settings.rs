//! How many connections are held, and how long one waits for them.

use std::time::Duration;

/// How a pool behaves. The names are those that Authority's operators know from `DATABASE_URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// Connections opened at once, before the first is asked for. Default 1.
    pub initial_pool_size: u32,
    /// The most connections that are open at one time. Default 10, or `initial_pool_size` if that is more.
    pub max_pool_size: u32,
    /// The most connections that stay open unused. Without it, one that nobody used for ten minutes is closed.
    pub max_idle_pool_size: Option<u32>,
    /// How long to wait for a free connection. Default 5 seconds.
    pub checkout_timeout: Duration,
    /// How often connecting is tried again when the server refuses, starts up or is full. Default 1.
    pub retry_attempts: u32,
    /// How long to wait before trying again. Default 1 second.
    pub retry_delay: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            initial_pool_size: 1,
            max_pool_size: Self::DEFAULT_MAX,
            max_idle_pool_size: None,
            checkout_timeout: Duration::from_secs(5),
            retry_attempts: 1,
            retry_delay: Duration::from_secs(1),
        }
    }
}

impl PoolSettings {
    pub(crate) const DEFAULT_MAX: u32 = 10;
    pub(crate) const LARGEST_MAX: u32 = 10_000;

    /// The same settings with another maximum; the smaller numbers are cut to it. A maximum of 0 counts as 1.
    #[must_use]
    pub fn with_max(&self, max: u32) -> Self {
        let max = max.clamp(1, Self::LARGEST_MAX);
        Self {
            initial_pool_size: self.initial_pool_size.min(max),
            max_pool_size: max,
            max_idle_pool_size: self.max_idle_pool_size.map(|idle| idle.min(max)),
            ..self.clone()
        }
    }
}
