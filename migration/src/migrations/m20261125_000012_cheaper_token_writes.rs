//! What a token costs to write.
//!
//! PostgreSQL parses and plans the text of every CHECK for every statement that writes the table, so long
//! conditions cost more than what they check: a function is one short call, and is planned once in a session.
//!
//! A foreign key of `access_tokens` locks a row of each parent for every token. Tokens of one client all lock
//! its one row, which PostgreSQL records as ever growing groups of transactions. What the keys promise holds
//! without them: users and clients are never deleted, the store makes a token only from rows that it reads in
//! the same statement, and a token whose session or family is gone is inactive.

use crate::Migration;
use crate::ddl::{Script, authorization_details, list, literal, scope_list, uri_list};

use super::m20261123_000009_audit_logs::NO_SECRET_MEMBER;

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

/// A condition that several tables check, as a function.
struct Function {
    name: &'static str,
    argument: &'static str,
    argument_type: &'static str,
    comment: &'static str,
    /// The condition on a column.
    condition: fn(&str) -> String,
    /// Where it is checked.
    checks: &'static [(&'static str, &'static str)],
}

const FUNCTIONS: [Function; 5] = [
    Function {
        name: "is_scope_list",
        argument: "list",
        argument_type: "text[]",
        comment: "Whether each element is a scope token (RFC 6749 section 3.3), or an amr value, which has the same form.",
        condition: scope_list,
        checks: &[
            ("sessions", "amr"),
            ("refresh_tokens", "scopes"),
            ("refresh_tokens", "amr"),
            ("authorization_codes", "scopes"),
            ("authorization_codes", "amr"),
            ("access_tokens", "scopes"),
            ("device_codes", "scopes"),
        ],
    },
    Function {
        name: "is_uri_list",
        argument: "list",
        argument_type: "text[]",
        comment: "Whether each element is an absolute URI without a fragment (RFC 8707 section 2) that no browser would run.",
        condition: uri_list,
        checks: &[
            ("refresh_tokens", "resources"),
            ("authorization_codes", "resources"),
            ("access_tokens", "resources"),
            ("device_codes", "resources"),
        ],
    },
    Function {
        name: "is_printable_list",
        argument: "list",
        argument_type: "text[]",
        comment: "Whether each element is of printable ASCII without spaces.",
        condition: printable_list,
        checks: &[("access_tokens", "audience")],
    },
    Function {
        name: "is_authorization_details",
        argument: "details",
        argument_type: "jsonb",
        comment: "Whether it is an array of objects, each with a type (RFC 9396 section 2).",
        condition: authorization_details,
        checks: &[
            ("refresh_tokens", "authorization_details"),
            ("authorization_codes", "authorization_details"),
            ("access_tokens", "authorization_details"),
        ],
    },
    Function {
        name: "names_no_secret",
        argument: "details",
        argument_type: "jsonb",
        comment: "Whether no member of it, at any depth, has the name of a credential.",
        condition: names_no_secret,
        checks: &[("audit_logs", "details_without_secrets")],
    },
];

/// Columns of `access_tokens` that refer to rows without a foreign key from now on, with what they said before.
const REFERENCES: [(&str, &str, &str); 4] = [
    (
        "client_id",
        "The client that the token was issued to.",
        "No foreign key: tokens would lock the row of their client; a client is never deleted.",
    ),
    (
        "user_id",
        "On whose behalf it acts; null for client credentials (RFC 6749 section 4.4).",
        "No foreign key: a user is erased, never deleted.",
    ),
    (
        "session_id",
        "The session whose end revokes it.",
        "No foreign key: without its session it is inactive.",
    ),
    (
        "refresh_token_id",
        "The family that it was issued from, whose revocation revokes it.",
        "No foreign key: without its family it is inactive.",
    ),
];

fn up() -> Script {
    let mut script = Script::new();
    for function in &FUNCTIONS {
        let Function { name, argument, argument_type, comment, condition, .. } = function;
        script = script
            .sql(format!(
                "CREATE FUNCTION {name}({argument} {argument_type}) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN {}; END $$",
                condition(argument)
            ))
            .sql(format!("COMMENT ON FUNCTION {name}({argument_type}) IS {}", literal(comment)));
    }
    // The old conditions held for the rows that are there; the next migration has that confirmed.
    script = check_by_function(script);
    for (column, said, says) in REFERENCES {
        script = script
            .sql(format!("ALTER TABLE \"access_tokens\" DROP CONSTRAINT \"fk_access_tokens_{column}\""))
            .sql(comment_on(column, &format!("{said} {says}")));
    }
    script
        .sql("DROP INDEX \"idx_access_tokens_session_id\"")
        .sql("DROP INDEX \"idx_access_tokens_refresh_token_id\"")
}

fn down() -> Script {
    let mut script = Script::new();
    // Tokens whose session or family is gone are inactive, and would be in the way of the keys.
    for (column, parent) in [("session_id", "sessions"), ("refresh_token_id", "refresh_tokens")] {
        script = script.sql(format!(
            "DELETE FROM access_tokens AS t WHERE {column} IS NOT NULL AND NOT EXISTS (SELECT FROM {parent} AS p WHERE p.id = t.{column})"
        ));
    }
    for column in ["session_id", "refresh_token_id"] {
        script = script.sql(format!(
            "CREATE INDEX \"idx_access_tokens_{column}\" ON \"access_tokens\" (\"{column}\") WHERE {column} IS NOT NULL"
        ));
    }
    for (column, said, _) in REFERENCES {
        let (parent, action) = match column {
            "client_id" => ("clients", "RESTRICT"),
            "user_id" => ("users", "RESTRICT"),
            "session_id" => ("sessions", "CASCADE"),
            _ => ("refresh_tokens", "CASCADE"),
        };
        script = script
            .sql(format!("ALTER TABLE \"access_tokens\" ADD CONSTRAINT \"fk_access_tokens_{column}\" FOREIGN KEY (\"{column}\") REFERENCES \"{parent}\" (\"id\") ON DELETE {action}"))
            .sql(comment_on(column, said));
    }
    script = script.sql("COMMENT ON CONSTRAINT \"fk_access_tokens_client_id\" ON \"access_tokens\" IS 'Unindexed: a client is disabled, never deleted; revoking all of its tokens moves clients.tokens_revoked_before.'");
    for function in &FUNCTIONS {
        for (table, what) in function.checks {
            script = replace_check(script, table, what, &(function.condition)(column(what)), "");
        }
    }
    for function in FUNCTIONS.iter().rev() {
        script = script.sql(format!("DROP FUNCTION {}({})", function.name, function.argument_type));
    }
    script
}

/// Adds what puts the functions into the checks, without looking at the rows that are there.
pub(super) fn check_by_function(script: Script) -> Script {
    replaced().fold(script, |script, Check { table, what, function }| {
        let call = format!("{function}({})", column(what));
        replace_check(script, table, what, &call, " NOT VALID")
    })
}

/// A check that calls a function.
pub(super) struct Check {
    pub(super) table: &'static str,
    pub(super) what: &'static str,
    function: &'static str,
}

/// Every check that calls a function since this migration.
pub(super) fn replaced() -> impl Iterator<Item = Check> {
    FUNCTIONS.iter().flat_map(|function| {
        function.checks.iter().map(|&(table, what)| Check { table, what, function: function.name })
    })
}

pub(super) fn replace_check(script: Script, table: &str, what: &str, condition: &str, how: &str) -> Script {
    script.sql(format!(
        "ALTER TABLE \"{table}\" DROP CONSTRAINT \"ck_{table}_{what}\", ADD CONSTRAINT \"ck_{table}_{what}\" CHECK ({condition}){how}"
    ))
}

/// Checks are named after their column, all but one.
fn column(what: &'static str) -> &'static str {
    if what == "details_without_secrets" { "details" } else { what }
}

fn printable_list(column: &str) -> String {
    list(column, "[!-~ ]*")
}

fn names_no_secret(_details: &str) -> String {
    NO_SECRET_MEMBER.to_owned()
}

fn comment_on(column: &str, text: &str) -> String {
    format!("COMMENT ON COLUMN \"access_tokens\".\"{column}\" IS {}", literal(text))
}
