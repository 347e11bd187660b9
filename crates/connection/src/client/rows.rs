//! The rows of a statement, one after the other.

use std::fmt;
use std::pin::Pin;

use futures_util::TryStreamExt;
use tokio_postgres::{Error, Row, RowStream};

use super::lent::Running;

/// The rows of a statement that are read as they are asked for. When it is dropped before its end, the statement is
/// stopped and its connection closed.
pub struct Rows<'a> {
    stream: Pin<Box<RowStream>>,
    /// There until the last row was given.
    statement: Option<Running<'a>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(stream: RowStream, statement: Running<'a>) -> Self {
        Self { stream: Box::pin(stream), statement: Some(statement) }
    }

    /// The next row, or nothing after the last one. Nothing is lost when this future is dropped. Fails with what the
    /// server answers in the middle of its rows, and when the connection breaks; there are no rows after that.
    pub async fn try_next(&mut self) -> Result<Option<Row>, Error> {
        if self.statement.is_none() {
            return Ok(None);
        }
        let next = self.stream.try_next().await;
        if !matches!(next, Ok(Some(_)))
            && let Some(statement) = self.statement.take()
        {
            statement.end(next.as_ref().err());
        }
        next
    }
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").finish_non_exhaustive()
    }
}
