use std::sync::{Arc, Mutex, MutexGuard};

use authority_migration::runner::{Blocker, Event, Holder};

/// An event of a run, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Waiting(Holder),
    Applied(String),
    TakenBack(String),
    Recreated(usize),
    Retrying { name: String, blockers: Vec<Blocker> },
    LeftoverDropped(String),
    Granted { role: String, tables: usize },
}

/// Remembers the events of a run.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Seen>>>);

impl Recorder {
    /// What a run is given.
    pub(crate) fn observer(&self) -> impl Fn(Event<'_>) + Send + Sync + 'static {
        let recorder = self.clone();
        move |event| recorder.events().push(Seen::from(event))
    }

    /// Everything so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.events().clone()
    }

    /// Whether there was such an event.
    pub(crate) fn saw(&self, wanted: impl Fn(&Seen) -> bool) -> bool {
        self.events().iter().any(wanted)
    }

    fn events(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.0.lock().expect("nobody panics while recording")
    }
}

impl From<Event<'_>> for Seen {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::WaitingForRunner(holder) => Self::Waiting(holder.clone()),
            Event::Applied { name, .. } => Self::Applied(name.to_owned()),
            Event::TakenBack { name, .. } => Self::TakenBack(name.to_owned()),
            Event::Recreated { migrations, .. } => Self::Recreated(migrations),
            Event::Retrying { name, blockers, .. } => {
                Self::Retrying { name: name.to_owned(), blockers: blockers.to_vec() }
            }
            Event::LeftoverDropped { index } => Self::LeftoverDropped(index.to_owned()),
            Event::Granted { role, tables } => Self::Granted { role: role.to_owned(), tables },
            other => panic!("an event that the tests do not know: {other:?}"),
        }
    }
}
