//! Has the rows that are there confirmed against the checks that the migration before replaced: a scan that
//! lets everybody else read and write, in a transaction of its own.

use crate::Migration;
use crate::ddl::Script;

use super::m20261125_000012_cheaper_token_writes::{check_by_function, replaced};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    replaced().fold(Script::new(), |script, check| {
        let (table, what) = (check.table, check.what);
        script.sql(format!("ALTER TABLE \"{table}\" VALIDATE CONSTRAINT \"ck_{table}_{what}\""))
    })
}

fn down() -> Script {
    check_by_function(Script::new())
}
