use std::fmt;

use super::preflight::Server;
use super::step::transaction_settings;
use super::{Options, ledger};
use crate::Migration;

/// The SQL that a run would execute, as text for `psql -v ON_ERROR_STOP=1`.
///
/// `Display` prints it: one transaction for each step, its ledger row in it.
#[derive(Clone, Debug)]
pub struct Plan {
    heading: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    title: String,
    alone: Option<String>,
    transaction: Vec<String>,
}

impl Plan {
    pub(super) fn new(
        server: &Server,
        options: &Options,
        preparation: Option<Vec<String>>,
        steps: Vec<(Migration, &'static str)>,
        grants: Vec<String>,
    ) -> Self {
        let count = steps.len();
        let settings = transaction_settings(options);
        let part = |title: String, alone: Option<String>, statements: Vec<String>| Part {
            title,
            alone,
            transaction: settings.iter().cloned().chain(statements).collect(),
        };
        let mut parts = Vec::new();
        parts.extend(preparation.map(|statements| part("the ledger".to_owned(), None, statements)));
        for (migration, compatible_with) in steps {
            let mut statements = migration.up().statements().to_vec();
            let alone = if migration.in_transaction() { None } else { statements.pop() };
            statements.push(ledger::insertion(&migration, compatible_with));
            parts.push(part(migration.name().to_owned(), alone, statements));
        }
        if !grants.is_empty() {
            parts.push(part(format!("grants for the role {}", options.serving_role), None, grants));
        }
        let heading = format!(
            "{count} pending {} of database {} (PostgreSQL {}); run by hand with: psql -v ON_ERROR_STOP=1",
            if count == 1 { "migration" } else { "migrations" },
            server.database,
            server.version,
        );
        Self { heading, parts }
    }

    /// Whether there is nothing to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The database's name may hold anything, a line break too.
        writeln!(f, "-- {}", self.heading.replace(['\n', '\r'], " "))?;
        for part in &self.parts {
            writeln!(f, "\n-- {}", part.title)?;
            if let Some(statement) = &part.alone {
                writeln!(f, "{statement};")?;
            }
            writeln!(f, "BEGIN;")?;
            for statement in &part.transaction {
                writeln!(f, "{statement};")?;
            }
            writeln!(f, "COMMIT;")?;
        }
        Ok(())
    }
}
