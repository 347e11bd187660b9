//! Authority's tables as SeaORM entities, one module for each table.
//!
//! `generated` is written by `cargo xtask generate` from the migrated schema, and never by hand; its
//! words are the comments of the schema. [`secret`] holds the types of columns that nobody may see
//! by accident. Constraints, defaults, triggers and grants are the database's own: `docs/schema`
//! shows them.

#[expect(missing_docs, reason = "what the macros of SeaORM make has no documentation of its own")]
#[expect(clippy::doc_markdown, reason = "the words are the comments of the schema")]
#[expect(clippy::struct_excessive_bools, reason = "a client has as many as it has")]
mod generated;
pub mod secret;

pub use generated::*;
