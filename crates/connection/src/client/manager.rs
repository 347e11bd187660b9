//! What the pool asks of connections: to be made, and to be still good.

use std::sync::{Arc, Mutex, PoisonError};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::connection::Slot;
use super::dial::Dial;
use super::limits::{self, Verdict};
use super::status::Counters;
use crate::{ConnectError, PoolSettings};

tokio::task_local! {
    /// Until when whoever asks the pool for a connection waits for it.
    pub(super) static DEADLINE: Instant;
}

pub(super) struct Manager {
    pub(super) dial: Dial,
    pub(super) counters: Arc<Counters>,
    settings: PoolSettings,
    /// When an idle connection was last found broken: those that lay idle then are probably broken as well, and
    /// finding it out for each would take as long as it took for the first.
    suspicion: Mutex<Option<Instant>>,
    /// When somebody last lost a connection in the middle of a statement: those that lay idle then are tested first.
    doubt: Mutex<Option<Instant>>,
}

impl Manager {
    pub(super) fn new(dial: Dial, counters: Arc<Counters>, settings: PoolSettings) -> Self {
        Self { dial, counters, settings, suspicion: Mutex::new(None), doubt: Mutex::new(None) }
    }

    pub(super) fn doubt(&self) {
        *self.doubt.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_doubted(&self, slot: &Slot) -> bool {
        let doubt = self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        doubt.is_some_and(|since| slot.returned < since)
    }

    async fn answers(&self, slot: &Slot) -> bool {
        {
            let suspicion = self.suspicion.lock().unwrap_or_else(PoisonError::into_inner);
            if suspicion.is_some_and(|since| slot.returned < since) {
                return false;
            }
        }
        let patience = limits::TEST_TIMEOUT.min(self.settings.checkout_timeout / 2);
        let answers = timeout(patience, slot.connection.answers()).await.unwrap_or(false);
        if !answers {
            *self.suspicion.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        answers
    }
}

impl managed::Manager for Manager {
    type Type = Slot;
    type Error = ConnectError;

    /// Tries again as often as `retry_attempts` says, as long as somebody waits for it.
    async fn create(&self) -> Result<Slot, ConnectError> {
        let latest = Instant::now() + self.settings.checkout_timeout;
        let deadline = DEADLINE.try_with(|deadline| *deadline).unwrap_or(latest);
        let mut retries = self.settings.retry_attempts;
        loop {
            match timeout_at(deadline, self.dial.connect()).await {
                Ok(Ok(connection)) => {
                    return Ok(Slot::new(connection, self.counters.opened()));
                }
                Ok(Err(error)) => {
                    let in_time = Instant::now() + self.settings.retry_delay < deadline;
                    if retries == 0 || !in_time || !error.is_transient() {
                        return Err(error);
                    }
                }
                Err(_) => return Err(self.dial.took_longer_than(self.settings.checkout_timeout)),
            }
            retries -= 1;
            sleep(self.settings.retry_delay).await;
        }
    }

    async fn recycle(&self, slot: &mut Slot, _: &Metrics) -> RecycleResult<ConnectError> {
        let is_broken = match limits::verdict(slot.age(), slot.returned.elapsed()) {
            _ if slot.connection.client().is_closed() => true,
            Verdict::TooOld => return Err(RecycleError::message("too old")),
            Verdict::Good if !self.is_doubted(slot) => false,
            Verdict::Good | Verdict::Doubtful => !self.answers(slot).await,
        };
        if is_broken {
            self.counters.broken(1);
            return Err(RecycleError::message("broken"));
        }
        Ok(())
    }
}
