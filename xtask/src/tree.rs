//! Where things are in the source tree.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // Cargo runs this program from any folder of the workspace, but always with the folder of this package.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The migrations, one file each, and their list.
pub(crate) const MIGRATIONS: &str = "migration/src/migrations";
/// The generated entities.
pub(crate) const ENTITIES: &str = "entity/src/generated";
/// The generated documentation of the schema.
pub(crate) const SCHEMA_DOCS: &str = "docs/schema";
/// The snapshots of the schema, which the tests compare with a real database.
pub(crate) const SCHEMA_SNAPSHOTS: &str = "tests/snapshots/schema";
/// The schema that `doctor` compares a database with.
pub(crate) const EXPECTED_SCHEMA: &str = "crates/admin/src/doctor/expected";
/// The snapshots of the migrations' SQL.
pub(crate) const MIGRATION_SNAPSHOTS: &str = "tests/snapshots/migrations";
