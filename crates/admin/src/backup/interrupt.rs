use std::future::{Future, poll_fn};
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Failure, Outcome};

/// The wish of the person, or of the system, that a command ends.
///
/// One for the whole command: what arrives while nothing may be interrupted counts at the next occasion.
pub(super) struct Interrupt {
    signals: Vec<Signal>,
}

impl Interrupt {
    /// Listens from now on. Fails when the system does.
    pub(super) fn listen() -> Outcome<Self> {
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        // The terminal is gone: nobody sees any more how this ends.
        if !is_ignored(SignalKind::hangup()) {
            kinds.push(SignalKind::hangup());
        }
        let signals: std::io::Result<_> = kinds.into_iter().map(signal).collect();
        Ok(Self { signals: signals.map_err(|error| Failure::new(&error))? })
    }

    /// Does the work unless the end is asked for. Then it is dropped, which ends the programs that it runs and removes what
    /// it wrote; so the caller can still tidy up.
    pub(super) async fn unless<T>(&mut self, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        tokio::select! {
            biased;
            () = self.asked() => Err(Failure::saying("interrupted")),
            done = work => done,
        }
    }

    async fn asked(&mut self) {
        poll_fn(|context| {
            let asked = self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if asked { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Whether whoever started this program said that it should not get a signal, as `nohup` does with the loss of the terminal.
/// Listening would undo that. Only Linux tells (`proc_pid_status(5)`: `SigIgn`).
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    ignored >> (kind.as_raw_value() - 1) & 1 == 1
}
