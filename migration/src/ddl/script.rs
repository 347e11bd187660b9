use sea_query::PostgresQueryBuilder;
use sea_query::extension::postgres::Type;

use super::TableDefinition;
use super::layout::lay_out;

/// The SQL statements of one direction of one migration, in order, without semicolons.
///
/// A script is a pure value: it is made without a database, so that the plan which a DBA reads,
/// the fingerprint in the ledger, the snapshot in a review and what a server executes are one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    statements: Vec<String>,
}

impl Script {
    /// A script without statements.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The statements, in the order in which they run.
    #[must_use]
    pub fn statements(&self) -> &[String] {
        &self.statements
    }

    /// The whole script as text: each statement ends with a semicolon and a newline.
    #[must_use]
    pub fn text(&self) -> String {
        self.statements.iter().flat_map(|statement| [statement, ";\n"]).collect()
    }

    /// Adds one statement as written.
    #[must_use]
    pub fn sql(mut self, statement: impl Into<String>) -> Self {
        self.statements.push(statement.into());
        self
    }

    /// Adds a PostgreSQL enum for a closed set, and says what it is.
    #[must_use]
    pub(crate) fn create_enum(self, name: &'static str, labels: &[&'static str], comment: &str) -> Self {
        self.sql(Type::create().as_enum(name).values(labels.iter().copied()).to_string(PostgresQueryBuilder))
            .sql(format!("COMMENT ON TYPE \"{name}\" IS {}", literal(comment)))
    }

    /// Adds a table with its partitions, indexes and comments.
    #[must_use]
    pub(crate) fn create_table(mut self, table: TableDefinition) -> Self {
        self.statements.extend(table.into_statements().iter().map(|statement| lay_out(statement)));
        self
    }
}

/// A text as an SQL string constant. Every session of the runner has `standard_conforming_strings` on.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
