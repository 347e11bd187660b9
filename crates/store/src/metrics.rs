//! How often each statement ran, how it ended, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use authority_connection::PoolStatus;

use crate::STATEMENTS;

/// Upper bounds of the buckets of [`StatementMetrics::buckets`], in microseconds, each twice the one before.
pub const BUCKETS: [u64; 16] = [
    62, 125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000,
    1_024_000, 2_048_000,
];

/// What an exporter reads: the pool, and every statement.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The pool of connections.
    pub pool: PoolStatus,
    /// Each statement, in the order of [`STATEMENTS`].
    pub statements: Vec<StatementMetrics>,
    /// Access tokens that were introspected.
    pub introspected: u64,
    /// The statements that it took for them: concurrent introspections share one.
    pub introspections: u64,
}

/// One statement since the store was made.
#[derive(Clone, Debug)]
pub struct StatementMetrics {
    /// Its name, as in [`crate::Statement::name`].
    pub name: &'static str,
    /// How often it gave an outcome.
    pub calls: u64,
    /// How often it gave none.
    pub errors: u64,
    /// How often it was sent again, after a conflict or a lost connection.
    pub repetitions: u64,
    /// How long all of it took, with waiting for a connection.
    pub total: Duration,
    /// How many took at most as long as each of [`BUCKETS`], not counting those in the buckets before; the last one
    /// has the rest.
    pub buckets: [u64; BUCKETS.len() + 1],
}

/// The counters behind [`Metrics`].
pub(crate) struct Counters {
    statements: Vec<Counter>,
    pub(crate) introspected: AtomicU64,
    pub(crate) introspections: AtomicU64,
}

#[derive(Default)]
struct Counter {
    calls: AtomicU64,
    errors: AtomicU64,
    repetitions: AtomicU64,
    nanoseconds: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len() + 1],
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            statements: STATEMENTS.iter().map(|_| Counter::default()).collect(),
            introspected: AtomicU64::new(0),
            introspections: AtomicU64::new(0),
        }
    }

    pub(crate) fn ended(&self, position: usize, succeeded: bool, repetitions: u64, took: Duration) {
        let counter = &self.statements[position];
        let ended = if succeeded { &counter.calls } else { &counter.errors };
        ended.fetch_add(1, Ordering::Relaxed);
        counter.repetitions.fetch_add(repetitions, Ordering::Relaxed);
        counter.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let microseconds = took.as_micros();
        let bucket =
            BUCKETS.iter().position(|bound| microseconds <= u128::from(*bound)).unwrap_or(BUCKETS.len());
        counter.buckets[bucket].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, pool: PoolStatus) -> Metrics {
        let statements =
            STATEMENTS.iter().zip(&self.statements).map(|(statement, counter)| StatementMetrics {
                name: statement.name,
                calls: counter.calls.load(Ordering::Relaxed),
                errors: counter.errors.load(Ordering::Relaxed),
                repetitions: counter.repetitions.load(Ordering::Relaxed),
                total: Duration::from_nanos(counter.nanoseconds.load(Ordering::Relaxed)),
                buckets: std::array::from_fn(|bucket| counter.buckets[bucket].load(Ordering::Relaxed)),
            });
        Metrics {
            pool,
            statements: statements.collect(),
            introspected: self.introspected.load(Ordering::Relaxed),
            introspections: self.introspections.load(Ordering::Relaxed),
        }
    }
}
