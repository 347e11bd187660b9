use authority_migration::migrations;

use super::digest::Checksum;
use super::format::ANOTHER;
use super::manifest::{Manifest, TableRecord};
use crate::{Failure, Outcome};

/// The names of the migrations that were applied.
pub(super) const APPLIED_MIGRATIONS: &str =
    "SELECT version::text FROM public.seaql_migrations ORDER BY version";

/// Fails unless one of the migrations is Authority's: other software of this kind has a ledger of the same name.
pub(super) fn require_ours(versions: &[String]) -> Outcome {
    if migrations::ALL.iter().any(|migration| versions.iter().any(|version| version == migration.name())) {
        return Ok(());
    }
    Err(Failure::saying(
        "the backup is not one of Authority's database: no migration of it was applied there",
    )
    .with_fix("use a backup of all of Authority's database, schema and rows".to_owned()))
}

/// Fails with what is different where the tables are not those of the manifest.
pub(super) fn tables(expected: &[TableRecord], found: &[TableRecord]) -> Outcome {
    let differences: Vec<_> = expected
        .iter()
        .filter_map(|table| {
            let name = &table.name;
            match found.iter().find(|other| other.name == *name) {
                None => Some(format!("table {name} is missing")),
                Some(other) if other.rows != table.rows => {
                    Some(format!("table {name} has {} rows instead of {}", other.rows, table.rows))
                }
                Some(other) if other.digest != table.digest => {
                    Some(format!("table {name} has other rows than at the time of the backup"))
                }
                Some(_) => None,
            }
        })
        .chain(
            found
                .iter()
                .filter(|table| !expected.iter().any(|other| other.name == table.name))
                .map(|table| format!("table {} is not in the backup's manifest", table.name)),
        )
        .collect();
    if differences.is_empty() {
        return Ok(());
    }
    let failure =
        Failure::saying("what the backup gives is not what its manifest says").with_fix(ANOTHER.to_owned());
    Err(differences.into_iter().fold(failure, Failure::because))
}

/// Fails where the schema is not that of the manifest.
pub(super) fn schema(manifest: &Manifest, found: Checksum) -> Outcome {
    let expected = manifest.content.schema_sha256;
    if expected == found {
        return Ok(());
    }
    Err(Failure::saying("the schema that the backup gives is not the one that its manifest says")
        .because(format!("its fingerprint is {found} instead of {expected}"))
        .with_fix(ANOTHER.to_owned()))
}
