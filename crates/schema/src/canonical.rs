//! The text of a schema that is compared, fingerprinted and reviewed.
//!
//! One item a line, its comment beneath it. No padding depends on another line, so a change touches only
//! the lines of what changed. Expressions and definitions are as PostgreSQL prints them; words of this
//! format are in lower case. The text is the same on every version of PostgreSQL as long as the schema
//! avoids what the versions print differently: `date_part(…)` and `timezone(…)` are safe to write,
//! `EXTRACT(…)` and `AT TIME ZONE` are printed back as they were written from PostgreSQL 14 on only.

mod objects;
mod table;
mod text;

use crate::Schema;
use crate::model::Table;

/// One table with all that is on it.
#[must_use]
pub fn table(of: &Table) -> String {
    table::text(of)
}

/// The enums, each with its labels in their order. Empty when there are none, as are the next ones.
#[must_use]
pub fn enums(of: &Schema) -> String {
    objects::enums(&of.enums)
}

/// The domains with their checks.
#[must_use]
pub fn domains(of: &Schema) -> String {
    objects::domains(&of.domains)
}

/// The functions and procedures, each as the statement that creates it.
#[must_use]
pub fn functions(of: &Schema) -> String {
    objects::functions(&of.functions)
}

/// The sequences that belong to no identity column.
#[must_use]
pub fn sequences(of: &Schema) -> String {
    objects::sequences(&of.sequences)
}

/// The views with their columns.
#[must_use]
pub fn views(of: &Schema) -> String {
    objects::views(&of.views)
}

/// Who may use the schema itself, where that is not the default.
#[must_use]
pub fn access(of: &Schema) -> String {
    objects::access(&of.grants)
}

/// The documents of a schema by name, sorted: `table-<name>` for each table, and `access`, `domains`,
/// `enums`, `functions`, `sequences` and `views` where they are not empty. These are the snapshots.
#[must_use]
pub fn documents(of: &Schema) -> Vec<(String, String)> {
    let kinds = [
        ("access", access(of)),
        ("domains", domains(of)),
        ("enums", enums(of)),
        ("functions", functions(of)),
        ("sequences", sequences(of)),
        ("views", views(of)),
    ];
    let mut documents: Vec<_> = kinds
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), text))
        .chain(of.tables.iter().map(|one| (format!("table-{}", one.name), table(one))))
        .collect();
    documents.sort();
    documents
}

/// All documents in one text: two schemas are equal when theirs are.
#[must_use]
pub fn whole(of: &Schema) -> String {
    documents(of).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests;
