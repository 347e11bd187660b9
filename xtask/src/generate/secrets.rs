//! Which columns hold what nobody may see by accident.

use authority_admin::{Failure, Outcome};
use authority_schema::Schema;

/// Columns whose entity field has a type of `authority_entity::secret`, by table.
const SECRET: &[(&str, &str, &str)] = &[
    ("access_tokens", "digest", "Digest"),
    ("authorization_codes", "digest", "Digest"),
    ("clients", "previous_secret_digest", "Digest"),
    ("clients", "secret_digest", "Digest"),
    ("device_codes", "digest", "Digest"),
    ("refresh_tokens", "digest", "Digest"),
    ("refresh_tokens", "lineage_digest", "Digest"),
    ("refresh_tokens", "previous_digest", "Digest"),
    ("refresh_tokens", "sealed_successor", "Sealed"),
    ("sessions", "digest", "Digest"),
    ("users", "backup_code_digests", "Digests"),
    ("users", "password_hash", "PasswordHash"),
    ("users", "password_history", "PasswordHashes"),
    ("users", "totp_secret_sealed", "Sealed"),
];

/// Columns that sound like a secret and are none.
const NOT_SECRET: &[(&str, &str)] = &[
    ("clients", "previous_secret_expires_at"),
    ("users", "must_change_password"),
    ("users", "password_changed_at"),
];

/// Words in the name of a column that make it a secret until it is said to be none.
const SUSPICIOUS: &[&str] = &["digest", "hash", "password", "sealed", "secret"];

/// The secret type of a column, where it has one.
pub(super) fn type_of(table: &str, column: &str) -> Option<&'static str> {
    SECRET.iter().find(|(t, c, _)| *t == table && *c == column).map(|(_, _, kind)| *kind)
}

/// Fails unless each column that may hold a secret is listed here, and each listed one exists.
pub(super) fn require_classified(schema: &Schema) -> Outcome {
    let mut faults = Vec::new();
    for table in &schema.tables {
        for column in &table.columns {
            let suspicious = column.data_type.starts_with("bytea")
                || SUSPICIOUS.iter().any(|word| column.name.contains(word));
            let listed = type_of(&table.name, &column.name).is_some()
                || NOT_SECRET.contains(&(&table.name, &column.name));
            if suspicious && !listed {
                faults
                    .push(format!("{}.{} may hold a secret and is not classified", table.name, column.name));
            }
        }
    }
    let listed = SECRET.iter().map(|(table, column, _)| (table, column));
    for (table, column) in listed.chain(NOT_SECRET.iter().map(|(table, column)| (table, column))) {
        if schema.table(table).and_then(|table| table.column(column)).is_none() {
            faults.push(format!("{table}.{column} is classified and does not exist"));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::saying(faults.join("; ")).with_fix("edit xtask/src/generate/secrets.rs".to_owned()))
}
