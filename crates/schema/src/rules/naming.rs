use super::Finding;
use crate::Schema;
use crate::model::Table;

/// PostgreSQL cuts longer names (`NAMEDATALEN`,
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
const LONGEST_NAME: usize = 63;

/// Constraints and indexes that are not named `pk_<table>`, `uq_<table>_…`, `fk_<table>_<columns>`,
/// `ck_<table>_…`, `ex_<table>_…` or `idx_<table>_…`. A unique index is a `uq_`. The names in
/// `exceptions` may be anything.
#[must_use]
pub fn naming(schema: &Schema, exceptions: &[&str]) -> Vec<Finding> {
    let tables = schema.tables.iter();
    tables
        .flat_map(named)
        .filter(|(name, pattern)| !exceptions.contains(name) && !follows(name, pattern))
        .map(|(name, pattern)| Finding::new(name, "naming", format!("should be named {pattern}")))
        .collect()
}

/// What a table has, each with the pattern of its name, in which a final `…` stands for anything.
fn named(table: &Table) -> Vec<(&str, String)> {
    let of = &table.name;
    let mut named = Vec::new();
    named.extend(table.primary_key.iter().map(|key| (key.name.as_str(), format!("pk_{of}"))));
    named.extend(table.uniques.iter().map(|key| (key.name.as_str(), format!("uq_{of}_…"))));
    named.extend(
        table
            .foreign_keys
            .iter()
            .map(|key| (key.name.as_str(), format!("fk_{of}_{}", key.columns.join("_")))),
    );
    named.extend(table.checks.iter().map(|check| (check.name.as_str(), format!("ck_{of}_…"))));
    named.extend(table.exclusions.iter().map(|one| (one.name.as_str(), format!("ex_{of}_…"))));
    named.extend(table.indexes.iter().map(|index| {
        let prefix = if index.unique { "uq" } else { "idx" };
        (index.name.as_str(), format!("{prefix}_{of}_…"))
    }));
    named
}

fn follows(name: &str, pattern: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix('…') {
        return name.len() > prefix.len() && name.starts_with(prefix);
    }
    name == pattern || (name.len() == LONGEST_NAME && pattern.starts_with(name))
}
