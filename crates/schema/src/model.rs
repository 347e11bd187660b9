//! What a schema is made of. Names are as in the catalog, without quotes; types, expressions and
//! definitions are SQL as PostgreSQL prints it.

mod access;
mod constraint;
mod table;
mod types;

pub use access::{Grant, Policy, RowSecurity, Trigger};
pub use constraint::{Check, Deferral, Exclusion, ForeignKey, Index, IndexKey, Key, ReferentialAction};
pub use table::{Column, Generated, Identity, Partition, Partitioning, Table};
pub use types::{Domain, Enum, Function, Sequence, View};

/// One schema of a database. Every list is sorted by name, byte by byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Ordinary and partitioned tables; a partition belongs to its table's [`Partitioning`].
    pub tables: Vec<Table>,
    /// Enumerated types.
    pub enums: Vec<Enum>,
    /// Domains with their checks.
    pub domains: Vec<Domain>,
    /// Functions and procedures, by name and then by arguments; aggregates are left out.
    pub functions: Vec<Function>,
    /// Sequences, except those that belong to identity columns.
    pub sequences: Vec<Sequence>,
    /// Views and materialized views: their columns, not their queries, which PostgreSQL 16 began to
    /// print differently.
    pub views: Vec<View>,
    /// Who may use the schema itself. `PUBLIC` may always create here before PostgreSQL 15, which is
    /// not shown; so [`Grant::PUBLIC_USAGE`] is the default of every version.
    pub grants: Vec<Grant>,
}

impl Schema {
    /// The table of that name, if there is one.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The foreign keys that point at a table, each with the table that it is on.
    pub fn references_to<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Table, &'a ForeignKey)> {
        self.tables.iter().flat_map(move |table| {
            table
                .foreign_keys
                .iter()
                .filter(move |key| key.references_table == name)
                .map(move |key| (table, key))
        })
    }
}
