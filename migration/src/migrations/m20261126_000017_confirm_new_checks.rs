//! Has the rows that are there confirmed against the checks that the two migrations before added:
//! scans that let everybody else read and write, in a transaction of their own.

use crate::Migration;
use crate::ddl::Script;

use super::m20261125_000012_cheaper_token_writes::replace_check;
use super::m20261126_000015_authentication_of_grants::{check_anew, checked};
use super::m20261126_000016_used_time_steps::CHECK;

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    let (table, column, _) = CHECK;
    checked().chain([(table, column)]).fold(Script::new(), |script, (table, what)| {
        script.sql(format!("ALTER TABLE \"{table}\" VALIDATE CONSTRAINT \"ck_{table}_{what}\""))
    })
}

fn down() -> Script {
    let (table, column, condition) = CHECK;
    replace_check(check_anew(Script::new()), table, column, condition, " NOT VALID")
}
