//! Introspections that share a statement.
//!
//! As many statements are on their way as there are connections. Whoever comes when there are fewer sends a statement
//! of its own at once; whoever comes later waits together with others until one of them is back, and then they share
//! the next. So nobody waits for company, and the more callers there are, the more of them a round trip serves.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::StoreError;
use crate::answer::Answer;
use crate::statements::ACCESS_TOKENS_INTROSPECT;
use crate::store::Inner;

/// The most tokens that share a statement.
const LARGEST: usize = 64;

type Found = Result<Option<Arc<Answer>>, StoreError>;

/// Who is on the way, and who waits.
pub(crate) struct Introspections {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    flights: usize,
    waiting: Vec<Waiting>,
}

struct Waiting {
    id: Uuid,
    answer: oneshot::Sender<Found>,
}

impl Introspections {
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nobody panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Every token of these that there is, in one statement.
    pub(super) async fn introspect(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<Answer>>, StoreError> {
        let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
            return Ok(HashMap::new());
        };
        let counters = self.counters();
        counters.introspected.fetch_add(ids.len() as u64, Ordering::Relaxed);
        counters.introspections.fetch_add(1, Ordering::Relaxed);
        let rows = self.run(&ACCESS_TOKENS_INTROSPECT, &[&ids, smallest, largest]).await?;
        let read = |row| {
            let answer = Answer::of(&ACCESS_TOKENS_INTROSPECT, row);
            Ok((answer.get("id")?, Arc::new(answer)))
        };
        rows.into_iter().map(read).collect()
    }

    /// One token, in a statement that others may share.
    pub(super) async fn introspect_one(self: &Arc<Self>, id: Uuid) -> Found {
        let shared = {
            let mut state = self.introspections.state();
            if state.flights < self.introspections.most {
                state.flights += 1;
                None
            } else {
                let (answer, waiting) = oneshot::channel();
                state.waiting.push(Waiting { id, answer });
                Some(waiting)
            }
        };
        if let Some(waiting) = shared {
            // Whoever was to fetch it may be gone, together with the runtime that they lived on.
            return match waiting.await {
                Ok(found) => found,
                Err(_) => self.introspect_alone(id).await,
            };
        }
        let _flight = Flight::new(self, false);
        self.introspect_alone(id).await
    }

    async fn introspect_alone(&self, id: Uuid) -> Found {
        self.introspect(&[id]).await.map(|mut found| found.remove(&id))
    }
}

/// Fetches for those who wait, until nobody does.
async fn fetch_for_waiting(mut flight: Flight) {
    loop {
        let batch = flight.next();
        if batch.is_empty() {
            return;
        }
        let ids: Vec<Uuid> = batch.iter().map(|one| one.id).collect();
        let found = flight.inner.introspect(&ids).await;
        for Waiting { id, answer } in batch {
            // A caller that has gone away needs no answer.
            let _ = answer.send(match &found {
                Ok(found) => Ok(found.get(&id).cloned()),
                Err(error) => Err(error.clone()),
            });
        }
    }
}

/// The right to have a statement on its way. When it ends, it goes to those who wait.
struct Flight {
    inner: Arc<Inner>,
    /// Whether it is of [`fetch_for_waiting`], which gives it up by itself when nobody waits.
    fetches: bool,
    ended: bool,
}

impl Flight {
    fn new(inner: &Arc<Inner>, fetches: bool) -> Self {
        Self { inner: Arc::clone(inner), fetches, ended: false }
    }

    /// Those who wait; when nobody does, the right ends in the same moment.
    fn next(&mut self) -> Vec<Waiting> {
        let mut state = self.inner.introspections.state();
        let size = state.waiting.len().min(LARGEST);
        if size == 0 {
            state.flights -= 1;
            self.ended = true;
        }
        state.waiting.drain(..size).collect()
    }
}

impl Drop for Flight {
    /// Also when a caller goes away in the middle.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.inner.introspections.state();
        if !self.fetches
            && !state.waiting.is_empty()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(state);
            // A runtime that is shutting down drops it unrun, and with it this right.
            runtime.spawn(fetch_for_waiting(Self::new(&self.inner, true)));
            return;
        }
        // They notice, and each fetches for itself.
        state.waiting.clear();
        state.flights -= 1;
    }
}
