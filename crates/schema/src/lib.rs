//! A PostgreSQL schema read from its catalog: model, canonical text, documentation.
//!
//! [`read()`] turns the schema `public` of a database into a [`Schema`], plain data that holds neither OIDs
//! nor anything else that two databases built by the same migrations could disagree on. Everything else
//! is a pure function of that model:
//!
//! - [`canonical`] is the text of the snapshots, made for people who review a change of the schema;
//! - [`docs`] is the Markdown documentation with its Mermaid diagrams;
//! - [`rules`] finds what breaks the conventions of the schema.
//!
//! The model and the text are the same on every supported version of PostgreSQL, for the owner of the
//! tables and for any other role, and whatever `search_path` and the session's settings are.
//! Nothing here writes to a database or to a file.

pub mod canonical;
pub mod docs;
pub mod model;
pub mod read;
pub mod rules;

mod expression;
#[cfg(test)]
mod fixture;

pub use model::Schema;
pub use read::{ReadError, ReadOptions, read};
