//! The store and its ceiling take turns.

use std::time::Duration;

use anstream::eprintln;
use authority_admin::Outcome;

use crate::numbers::Sample;

/// What was done in a run, and what it cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) operations: u64,
    pub(crate) elapsed: Duration,
    /// Processor time of the program that calls.
    pub(crate) client: Option<Duration>,
    /// Processor time of the server.
    pub(crate) server: Option<Duration>,
}

impl Run {
    /// Operations in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.operations as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    fn micros(&self, time: Option<Duration>) -> Option<f64> {
        Some(time?.as_secs_f64() * 1e6 / self.operations.max(1) as f64)
    }
}

/// Two that do the same in different ways.
pub(crate) trait Contest {
    /// A run of the store.
    async fn store(&mut self) -> Outcome<Run>;
    /// A run of what it is compared with.
    async fn other(&mut self) -> Outcome<Run>;
}

/// One side of a comparison.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    /// Operations in a second.
    pub(crate) rate: Sample,
    /// Processor microseconds of the client for each operation.
    pub(crate) client: Sample,
    /// Processor microseconds of the server for each operation.
    pub(crate) server: Sample,
}

/// What came out of all pairs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    pub(crate) store: Side,
    pub(crate) other: Side,
    /// The store's rate over the other's, of each pair.
    pub(crate) ratio: Sample,
}

impl Side {
    fn add(&mut self, run: Run) {
        self.rate.push(run.rate());
        if let (Some(client), Some(server)) = (run.micros(run.client), run.micros(run.server)) {
            self.client.push(client);
            self.server.push(server);
        }
    }
}

/// Runs pairs, after one that only warms up. Who begins changes from pair to pair.
pub(crate) async fn compare(name: &str, contest: &mut impl Contest, pairs: u32) -> Outcome<Compared> {
    let mut compared = Compared::default();
    for pair in 0..=pairs {
        let (store, other) = if pair % 2 == 0 {
            let store = contest.store().await?;
            (store, contest.other().await?)
        } else {
            let other = contest.other().await?;
            (contest.store().await?, other)
        };
        let ratio = store.rate() / other.rate();
        let (ours, theirs) = (store.rate(), other.rate());
        if pair == 0 {
            eprintln!("{name}: warm at {ours:.0}/s beside {theirs:.0}/s");
            continue;
        }
        eprintln!("{name}: pair {pair} of {pairs}: {ours:.0}/s beside {theirs:.0}/s, ratio {ratio:.2}");
        compared.store.add(store);
        compared.other.add(other);
        compared.ratio.push(ratio);
    }
    Ok(compared)
}
