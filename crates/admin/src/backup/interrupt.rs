use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::{Failure, Outcome};

/// Does the work unless the person, or the system, asks for its end. Then it is dropped, which ends the programs that it runs
/// and removes what it wrote; so the caller can still tidy up.
pub(super) async fn unless<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let listen = |kind| signal(kind).map_err(|error| Failure::new(&error));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Err(Failure::saying("interrupted")),
        _ = terminate.recv() => Err(Failure::saying("interrupted")),
    }
}
