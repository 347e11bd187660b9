//! Has the rows that are there confirmed against the checks that the two migrations before added:
//! scans that let everybody else read and write, in a transaction of their own.

use crate::Migration;
use crate::ddl::Script;

use super::m20261125_000011_revocation_epochs::CHECKS;
use super::m20261125_000012_cheaper_token_writes::{check_by_function, replace_check, replaced};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    let new = CHECKS.iter().map(|(table, column, _)| (*table, *column));
    let replaced = replaced().map(|check| (check.table, check.what));
    new.chain(replaced).fold(Script::new(), |script, (table, what)| {
        script.sql(format!("ALTER TABLE \"{table}\" VALIDATE CONSTRAINT \"ck_{table}_{what}\""))
    })
}

fn down() -> Script {
    let new = CHECKS.iter().fold(Script::new(), |script, (table, column, condition)| {
        replace_check(script, table, column, condition, " NOT VALID")
    });
    check_by_function(new)
}
