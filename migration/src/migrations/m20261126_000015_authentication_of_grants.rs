//! By which authentication a grant was given, where so far only the session said it.
//!
//! A session may see a later, stronger authentication at any time, which has to lend nothing to what was granted before
//! (RFC 9470). So a device code keeps the one of its approval, and an access token without a family that of its
//! grant; a token of a family finds it there, so that a rotation writes no more than before.

use crate::Migration;
use crate::ddl::{Script, length, literal};

use super::m20261125_000012_cheaper_token_writes::replace_check;

/// An older program writes none of it, and passes every check with what it does write.
pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

/// A table, a column, its type and its comment.
const COLUMNS: [(&str, &str, &str, &str); 5] = [
    (
        "device_codes",
        "auth_time",
        "timestamp with time zone",
        "When the person who approved had proved who they are, as their session said then; null before an approval, and of one by a program that did not keep it. It stays when the code is given up unused, which makes it denied.",
    ),
    ("device_codes", "acr", "text", "Authentication context class reference of the session at the approval."),
    (
        "device_codes",
        "amr",
        "text[] NOT NULL DEFAULT '{}'",
        "Authentication method references of the session at the approval (RFC 8176).",
    ),
    (
        "access_tokens",
        "auth_time",
        "timestamp with time zone",
        "When the person had proved who they are, at the grant of a token without a family (RFC 9470 section 6.2); a token of a family finds it there.",
    ),
    (
        "access_tokens",
        "acr",
        "text",
        "Authentication context class reference of a token without a family, of the same authentication.",
    ),
];

const TABLES: [&str; 2] = ["device_codes", "access_tokens"];

/// What is checked of the columns, beside that times are finite: a table, a name and a condition.
pub(super) fn checks() -> [(&'static str, &'static str, String); 5] {
    [
        // Who denied may have approved before: an answer that nobody fetched in time is given up.
        (
            "device_codes",
            "auth_time",
            "CASE WHEN auth_time IS NULL THEN acr IS NULL AND amr = '{}' ELSE session_id IS NOT NULL END"
                .to_owned(),
        ),
        ("device_codes", "acr", length("acr", 255)),
        ("device_codes", "amr", "is_scope_list(amr)".to_owned()),
        (
            "access_tokens",
            "auth_time",
            "CASE WHEN auth_time IS NULL THEN acr IS NULL ELSE user_id IS NOT NULL AND refresh_token_id IS NULL END"
                .to_owned(),
        ),
        ("access_tokens", "acr", length("acr", 255)),
    ]
}

/// That no time of a table is infinite.
fn finite(table: &str) -> &'static str {
    if table == "device_codes" {
        "isfinite(answered_at) AND isfinite(exchanged_at) AND isfinite(last_polled_at) AND isfinite(issued_at) AND isfinite(expires_at)"
    } else {
        "isfinite(issued_at) AND isfinite(expires_at) AND isfinite(revoked_at)"
    }
}

/// The same, with the time that is new.
fn finite_with_auth_time(table: &str) -> String {
    format!("{} AND isfinite(auth_time)", finite(table))
}

fn up() -> Script {
    let mut script = Script::new();
    for (table, column, kind, comment) in COLUMNS {
        script = script
            .sql(format!("ALTER TABLE \"{table}\" ADD COLUMN \"{column}\" {kind}"))
            .sql(format!("COMMENT ON COLUMN \"{table}\".\"{column}\" IS {}", literal(comment)));
    }
    for (table, what, condition) in checks() {
        script = script.sql(format!(
            "ALTER TABLE \"{table}\" ADD CONSTRAINT \"ck_{table}_{what}\" CHECK ({condition}) NOT VALID"
        ));
    }
    check_finite(script)
}

/// Adds that the new times are finite too, without looking at the rows that are there.
fn check_finite(script: Script) -> Script {
    TABLES.iter().fold(script, |script, table| {
        replace_check(script, table, "finite", &finite_with_auth_time(table), " NOT VALID")
    })
}

/// Every check that was added or widened, without looking at the rows that are there.
pub(super) fn check_anew(script: Script) -> Script {
    let script = checks().iter().fold(script, |script, (table, what, condition)| {
        replace_check(script, table, what, condition, " NOT VALID")
    });
    check_finite(script)
}

/// The names of those: a table, and what is checked there.
pub(super) fn checked() -> impl Iterator<Item = (&'static str, &'static str)> {
    let new = checks().into_iter().map(|(table, what, _)| (table, what));
    new.chain(TABLES.map(|table| (table, "finite")))
}

fn down() -> Script {
    let script = TABLES
        .iter()
        .fold(Script::new(), |script, table| replace_check(script, table, "finite", finite(table), ""));
    COLUMNS.iter().rev().fold(script, |script, (table, column, ..)| {
        // With the checks that name it.
        script.sql(format!("ALTER TABLE \"{table}\" DROP COLUMN \"{column}\""))
    })
}
