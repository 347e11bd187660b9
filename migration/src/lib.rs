//! Authority's schema as a sequence of migrations, and the runner that applies them.
//!
//! [`migrations`] is the history of the schema, one file each. [`runner`] brings a database to a
//! point of that history: one runner at a time, bounded waits, nothing half done. [`grants`] is
//! what the role that serves requests may do, restored after every run.
//!
//! Invariants: a migration is a pure list of SQL statements; nothing here knows the entities, the
//! environment or any other crate of the workspace; every statement goes through the simple query
//! protocol, so that all of it works behind a transaction pooler.

mod ddl;
mod migration;

pub mod grants;
pub mod migrations;
pub mod runner;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

pub use ddl::Script;
pub use migration::{Fingerprint, Migration};

/// The migrations as SeaORM's own tools expect them.
///
/// It reads and writes the same ledger as [`runner`], without its lock, time-outs and fingerprints.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations::ALL.iter().map(|migration| Box::new(*migration) as Box<dyn MigrationTrait>).collect()
    }
}
