//! What happens to a connection while it is lent.

use std::io::Error as IoError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio_postgres::Error;
use tokio_postgres::error::Severity;

/// What happened to a connection while it was lent.
#[derive(Default)]
pub(super) struct Lent {
    /// Statements that began and did not end.
    unfinished: AtomicUsize,
    broken: AtomicBool,
}

impl Lent {
    pub(super) fn begin(&self) -> Running<'_> {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed) > 0
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }
}

/// A statement that runs. When it is dropped, it counts as not ended.
#[must_use]
pub(super) struct Running<'a>(&'a Lent);

impl Running<'_> {
    /// The statement ended, with this error or well.
    pub(super) fn end(self, error: Option<&Error>) {
        if error.is_some_and(breaks) {
            self.0.broken.store(true, Ordering::Relaxed);
        }
        self.0.unfinished.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a connection on which this happened is at its end: the server closed it, or driver and server do not agree
/// any more about what comes next, as after a COPY that was run as a query.
fn breaks(error: &Error) -> bool {
    // Its kind is private.
    if error.to_string() == "unexpected message from server" {
        return true;
    }
    if let Some(answer) = error.as_db_error() {
        return matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    }
    error.is_closed() || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<IoError>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_is_dropped_did_not_end() {
        let lent = Lent::default();
        lent.begin().end(None);
        assert!(!lent.is_unfinished());
        drop(lent.begin());
        lent.begin().end(None);
        assert!(lent.is_unfinished());
        assert!(!lent.is_broken());
    }
}
