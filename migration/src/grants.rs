//! What the role that serves requests may do: what its work needs, and no more.
//!
//! Roles belong to the cluster, not to a migration, so this is no migration: it is made true after
//! every run, on the tables that exist, where the role exists. Partitions need no privileges of
//! their own: whoever may use the parent reaches its rows through it.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row};

use crate::ddl::literal;
use crate::runner::{LEDGER_TABLE, session};

/// The role that serves requests, unless the operator named another.
pub const SERVING_ROLE: &str = "authority_app";

/// The serving role's privileges, by table. Rows of users and clients are never deleted; what has
/// expired is deleted by maintenance, which works as the owner; the audit trail can only grow.
pub const PRIVILEGES: &[(&str, &[&str])] = &[
    ("access_tokens", &["INSERT", "SELECT", "UPDATE"]),
    ("audit_logs", &["INSERT", "SELECT"]),
    ("authorization_codes", &["INSERT", "SELECT", "UPDATE"]),
    ("clients", &["INSERT", "SELECT", "UPDATE"]),
    ("device_codes", &["INSERT", "SELECT", "UPDATE"]),
    ("refresh_tokens", &["INSERT", "SELECT", "UPDATE"]),
    ("scopes", &["DELETE", "INSERT", "SELECT", "UPDATE"]),
    (LEDGER_TABLE, &["SELECT"]),
    ("sessions", &["INSERT", "SELECT", "UPDATE"]),
    ("settings", &["INSERT", "SELECT", "UPDATE"]),
    ("users", &["INSERT", "SELECT", "UPDATE"]),
];

/// What has to be said about one table.
pub(crate) struct Change {
    pub(crate) statements: Vec<String>,
}

/// What is missing until the serving role has exactly its privileges on the tables that exist, and
/// on those that are `about_to_exist`. Nothing where the role does not exist.
pub(crate) async fn changes(
    connection: &mut PgConnection,
    role: &str,
    about_to_exist: &[String],
) -> sqlx::Result<Vec<Change>> {
    let Some(granted) = granted(connection, role).await? else { return Ok(Vec::new()) };
    let mut changes = Vec::new();
    for (table, wanted) in PRIVILEGES {
        let nothing = Vec::new();
        let has = match granted.get(*table) {
            Some(has) => has,
            None if about_to_exist.iter().any(|name| name == table) => &nothing,
            None => continue,
        };
        if has != wanted {
            changes.push(Change { statements: statements(table, role, has, wanted) });
        }
    }
    Ok(changes)
}

fn statements(table: &str, role: &str, has: &[String], wanted: &[&str]) -> Vec<String> {
    let role = identifier(role);
    let mut statements = Vec::new();
    if has.iter().any(|privilege| !wanted.contains(&privilege.as_str())) {
        statements.push(format!("REVOKE ALL ON TABLE \"{table}\" FROM {role}"));
    }
    statements.push(format!("GRANT {} ON TABLE \"{table}\" TO {role}", wanted.join(", ")));
    statements
}

/// The role's privileges on each table of the schema that it does not own; `None` without the role.
async fn granted(
    connection: &mut PgConnection,
    role: &str,
) -> sqlx::Result<Option<BTreeMap<String, Vec<String>>>> {
    let role = literal(role);
    let exists =
        session::rows(connection, &format!("SELECT FROM pg_catalog.pg_roles WHERE rolname = {role}")).await?;
    if exists.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT c.relname::text AS table_name, coalesce(string_agg(p.privilege_type, ',' ORDER BY p.privilege_type), '') AS privileges
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_roles r ON r.rolname = {role}
         LEFT JOIN LATERAL aclexplode(c.relacl) p ON p.grantee = r.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relowner <> r.oid
         GROUP BY c.relname"
    );
    session::rows(connection, &sql)
        .await?
        .iter()
        .map(|row| {
            let privileges: String = row.try_get("privileges")?;
            let privileges =
                privileges.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            Ok((row.try_get("table_name")?, privileges))
        })
        .collect::<sqlx::Result<_>>()
        .map(Some)
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
