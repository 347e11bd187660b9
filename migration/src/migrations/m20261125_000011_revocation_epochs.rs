//! Mass revocation without a clock, and ancestors of refresh tokens that can be recognised.
//!
//! Everything of a user or of a client is revoked by counting up one number. Whatever was issued carries
//! the number that its grant began with, also when it was issued in the very moment of the revocation or on
//! a machine whose clock is ahead. An instant to compare with could do neither.

use crate::Migration;
use crate::ddl::{Script, literal};

/// A program that does not know it makes no lineage, and compares no epochs: it would take for valid what was
/// revoked.
pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down).breaking();

/// Which tables carry the epoch of what, and what it says there.
const CARRIERS: [(&str, &str); 5] = [
    ("sessions", "user_epoch"),
    ("refresh_tokens", "client_epoch, user_epoch"),
    ("authorization_codes", "client_epoch, user_epoch"),
    ("access_tokens", "client_epoch, user_epoch"),
    ("device_codes", "client_epoch, user_epoch"),
];

/// Checks of new columns, which their defaults pass: a table, a column and a condition. A later migration has them
/// confirmed.
pub(super) const CHECKS: [(&str, &str, &str); 3] = [
    ("users", "revocation_epoch", "revocation_epoch >= 0"),
    ("clients", "revocation_epoch", "revocation_epoch >= 0"),
    ("refresh_tokens", "lineage_digest", "octet_length(lineage_digest) = 32"),
];

fn up() -> Script {
    let mut script = Script::new();
    for table in ["users", "clients"] {
        script = script
            .sql(format!(
                "ALTER TABLE \"{table}\" ADD COLUMN \"revocation_epoch\" integer NOT NULL DEFAULT 0"
            ))
            .sql(comment(
                table,
                "revocation_epoch",
                "Counted up to revoke everything at once: what carries a smaller number is revoked.",
            ))
            // Of what was issued before, and so carries 0, some was revoked.
            .sql(format!(
                "UPDATE \"{table}\" SET revocation_epoch = 1 WHERE tokens_revoked_before IS NOT NULL"
            ));
    }
    script = script
        .sql(comment(
            "users",
            "tokens_revoked_before",
            "When everything of the user was last revoked by counting up revocation_epoch.",
        ))
        .sql(comment(
            "clients",
            "tokens_revoked_before",
            "When everything of the client was last revoked by counting up revocation_epoch.",
        ));
    for (table, columns) in CARRIERS {
        for column in columns.split(", ") {
            let whose = if column == "user_epoch" { "user" } else { "client" };
            let text =
                format!("revocation_epoch of the {whose} when the grant began; revoked once that is larger.");
            script = script
                .sql(format!("ALTER TABLE \"{table}\" ADD COLUMN \"{column}\" integer NOT NULL DEFAULT 0"))
                .sql(comment(table, column, &text));
        }
    }
    script = script
        // Nobody knows anything with this digest: a family of before has no ancestors that could be recognised.
        .sql("ALTER TABLE \"refresh_tokens\" ADD COLUMN \"lineage_digest\" bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')")
        .sql("ALTER TABLE \"refresh_tokens\" ALTER COLUMN \"lineage_digest\" DROP DEFAULT")
        .sql(comment("refresh_tokens", "lineage_digest", "SHA-256 of what every token of the family carries beside its own secret: it tells a token that was once genuine, whose second use is theft, from a made-up one, which must change nothing."));
    CHECKS.iter().fold(script, |script, (table, column, condition)| {
        script.sql(format!(
            "ALTER TABLE \"{table}\" ADD CONSTRAINT \"ck_{table}_{column}\" CHECK ({condition}) NOT VALID"
        ))
    })
}

fn down() -> Script {
    let mut script = Script::new().sql("ALTER TABLE \"refresh_tokens\" DROP COLUMN \"lineage_digest\"");
    for (table, columns) in CARRIERS.iter().rev() {
        for column in columns.split(", ") {
            script = script.sql(format!("ALTER TABLE \"{table}\" DROP COLUMN \"{column}\""));
        }
    }
    script
        .sql("ALTER TABLE \"clients\" DROP COLUMN \"revocation_epoch\"")
        .sql("ALTER TABLE \"users\" DROP COLUMN \"revocation_epoch\"")
        .sql(comment(
            "clients",
            "tokens_revoked_before",
            "Every token of the client that was issued at or before this instant is revoked.",
        ))
        .sql(comment(
            "users",
            "tokens_revoked_before",
            "Every token and session of the user that began at or before this instant is revoked.",
        ))
}

fn comment(table: &str, column: &str, text: &str) -> String {
    format!("COMMENT ON COLUMN \"{table}\".\"{column}\" IS {}", literal(text))
}
