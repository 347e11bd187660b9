//! The last time step whose TOTP code was accepted, so that none is accepted twice (RFC 6238 section 5.2).

use crate::Migration;
use crate::ddl::{Script, literal};

/// An older program leaves a step behind where it switches the second factor off or erases a person: so no check ties
/// the one to the other.
pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

pub(super) const CHECK: (&str, &str, &str) = ("users", "mfa_last_step", "mfa_last_step >= 0");

const COMMENT: &str = "The last time step whose TOTP code was accepted (RFC 6238 section 5.2): codes of it and of earlier ones are used up. Null until the first one since the second factor was switched on.";

fn up() -> Script {
    let (table, column, condition) = CHECK;
    Script::new()
        .sql(format!("ALTER TABLE \"{table}\" ADD COLUMN \"{column}\" bigint"))
        .sql(format!("COMMENT ON COLUMN \"{table}\".\"{column}\" IS {}", literal(COMMENT)))
        .sql(format!(
            "ALTER TABLE \"{table}\" ADD CONSTRAINT \"ck_{table}_{column}\" CHECK ({condition}) NOT VALID"
        ))
}

fn down() -> Script {
    let (table, column, _) = CHECK;
    Script::new().sql(format!("ALTER TABLE \"{table}\" DROP COLUMN \"{column}\""))
}
