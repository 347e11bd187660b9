//! A thin layer over `sea-query` that names every constraint and index by the one convention
//! of this schema (`pk_`, `uq_`, `fk_`, `ck_`, `idx_`, then table and columns), keeps each
//! comment beside what it describes, and lays the resulting SQL out for people.
//!
//! A migration is frozen once it was released, so what these functions print for it must not
//! change: the snapshots of every migration's SQL, and the fingerprints in real databases, say so.

mod checks;
mod columns;
mod layout;
mod script;
mod table;

pub(crate) use checks::*;
pub(crate) use columns::*;
pub use script::Script;
pub(crate) use script::literal;
pub(crate) use table::{TableDefinition, table};
