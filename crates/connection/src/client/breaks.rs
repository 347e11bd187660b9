//! What ends a connection.

use std::io::Error as IoError;

use tokio_postgres::Error;
use tokio_postgres::error::Severity;

/// Whether a connection on which this happened is at its end: the server closed it, or driver and server do not agree
/// any more about what comes next, as after a COPY that was run as a query.
pub(super) fn breaks(error: &Error) -> bool {
    // Its kind is private.
    if error.to_string() == "unexpected message from server" {
        return true;
    }
    if let Some(answer) = error.as_db_error() {
        return matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    }
    error.is_closed() || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<IoError>)
}
