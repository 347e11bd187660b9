//! The answer of a statement, read without panics.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::{Statement, StoreError};

/// A row of a statement's answer.
pub(crate) struct Answer {
    statement: &'static str,
    row: Row,
}

impl Answer {
    /// The one row that a statement always gives.
    pub(crate) fn only(statement: &'static Statement, mut rows: Vec<Row>) -> Result<Self, StoreError> {
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(Self { statement: statement.name, row }),
            _ => Err(StoreError::Answer { statement: statement.name, what: "it is not one row" }),
        }
    }

    pub(crate) fn of(statement: &'static Statement, row: Row) -> Self {
        Self { statement: statement.name, row }
    }

    /// The value of a column. Fails when there is no such column, or none of this type.
    pub(crate) fn get<'a, T: FromSql<'a>>(&'a self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|_| self.not_understood(column))
    }

    /// What a word of the statement means. Fails when it means nothing.
    pub(crate) fn meaning<T>(
        &self,
        column: &'static str,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        meaning(self.get(column)?).ok_or_else(|| self.not_understood(column))
    }

    pub(crate) fn not_understood(&self, what: &'static str) -> StoreError {
        StoreError::Answer { statement: self.statement, what }
    }
}
