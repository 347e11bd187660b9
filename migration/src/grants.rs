//! What the role that serves requests may do: what its work needs, and no more.
//!
//! Roles belong to the cluster, not to a migration, so this is no migration: it is made true after
//! every run, on the tables that exist, where the role exists. Partitions need no privileges of
//! their own: whoever may use the parent reaches its rows through it. So none has any, lest the
//! audit trail be changed behind the back of its parent, and no default privilege gives a partition
//! that is made tomorrow one. What everybody (`PUBLIC`) may do, the serving role may do as well, so
//! everybody may do nothing.
//!
//! Which role that is, the operator says anew at every run, and the grants themselves remember. A run that was told
//! another one is refused: it would let a second role at everything, and leave the first without what is new.

use sqlx::{PgConnection, Row};

use crate::ddl::literal;
use crate::runner::{Error, LEDGER_TABLE, Result, session};

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

/// The roles that serve requests on a database, by the grants on its tables: who may add access tokens and does not own
/// them. One statement without parameters, of the column `role`.
pub const SERVING_ROLES: &str = "\
    SELECT DISTINCT r.rolname::text AS role
      FROM pg_catalog.pg_class c, aclexplode(c.relacl) p
      JOIN pg_catalog.pg_roles r ON r.oid = p.grantee
     WHERE c.oid = to_regclass('public.access_tokens')
       AND p.privilege_type = 'INSERT' AND p.grantee <> c.relowner
     ORDER BY 1";

/// Functions that the checks of tables call, in the name of whoever writes a row.
pub const FUNCTIONS: &[&str] = &[
    "every_digest_is_sha256(bytea[])",
    "is_authorization_details(jsonb)",
    "is_printable_list(text[])",
    "is_scope_list(text[])",
    "is_uri_list(text[])",
    "names_no_secret(jsonb)",
];

/// Makes sure that no other role than `role` serves requests on the database already, or that both do.
///
/// Fails with [`Error::ServedByAnother`], and when the server cannot be asked.
pub async fn require_no_other(connection: &mut PgConnection, role: &str) -> Result<()> {
    let rows = session::rows(connection, SERVING_ROLES).await.map_err(Error::Server)?;
    let roles: sqlx::Result<Vec<String>> = rows.iter().map(|row| row.try_get("role")).collect();
    let mut roles = roles.map_err(Error::Server)?;
    if roles.is_empty() || roles.iter().any(|serving| serving == role) {
        return Ok(());
    }
    Err(Error::ServedByAnother { serving: roles.swap_remove(0), named: role.to_owned() })
}

/// What has to be said about one table, or about those that do not exist yet.
pub(crate) struct Change {
    pub(crate) statements: Vec<String>,
    pub(crate) is_about_a_table: bool,
}

/// What is missing until the serving role has exactly its privileges on the tables that exist, and
/// on those that are `about_to_exist`. Nothing where the role does not exist.
pub(crate) async fn changes(
    connection: &mut PgConnection,
    role: &str,
    about_to_exist: &[String],
) -> sqlx::Result<Vec<Change>> {
    let exists = format!("SELECT FROM pg_catalog.pg_roles WHERE rolname = {}", literal(role));
    if session::rows(connection, &exists).await?.is_empty() {
        return Ok(Vec::new());
    }
    let held = held(connection, role).await?;
    let mut statements: Vec<Vec<String>> = Vec::new();
    for (table, wanted) in PRIVILEGES {
        match held.iter().find(|held| held.table == *table) {
            Some(held) => statements.push(held.corrections(role, wanted)),
            None if about_to_exist.iter().any(|name| name == table) => {
                statements.push(Held::nothing_on(table).corrections(role, wanted));
            }
            None => {}
        }
    }
    statements.extend(held.iter().filter(|held| held.is_partition).map(|held| held.corrections(role, &[])));
    let change = |is_about_a_table| move |statements| Change { statements, is_about_a_table };
    let mut changes: Vec<_> =
        statements.into_iter().filter(|statements| !statements.is_empty()).map(change(true)).collect();
    let functions = functions(connection, role).await?;
    let defaults = defaults(connection, role).await?;
    let others = [functions, defaults].into_iter().filter(|statements| !statements.is_empty());
    changes.extend(others.map(change(false)));
    Ok(changes)
}

/// What the serving role and everybody else hold on a table that they do not own.
struct Held {
    table: String,
    is_partition: bool,
    /// The serving role's privileges on the whole table.
    whole: Vec<String>,
    /// Whether it has any on single columns.
    on_columns: bool,
    /// Whether `PUBLIC` has any.
    by_everybody: bool,
}

impl Held {
    fn nothing_on(table: &str) -> Self {
        Self {
            table: table.to_owned(),
            is_partition: false,
            whole: Vec::new(),
            on_columns: false,
            by_everybody: false,
        }
    }

    /// What makes the serving role's privileges the wanted ones and takes everybody's.
    fn corrections(&self, role: &str, wanted: &[&str]) -> Vec<String> {
        let (table, role) = (identifier(&self.table), identifier(role));
        let too_many = self.whole.iter().any(|privilege| !wanted.contains(&privilege.as_str()));
        let too_few = wanted.iter().any(|privilege| !self.whole.iter().any(|held| held == privilege));
        let revoked = too_many || self.on_columns;
        let mut statements = Vec::new();
        if self.by_everybody {
            statements.push(format!("REVOKE ALL ON TABLE {table} FROM PUBLIC"));
        }
        if revoked {
            // This takes what was given on single columns, too.
            statements.push(format!("REVOKE ALL ON TABLE {table} FROM {role}"));
        }
        if (revoked || too_few) && !wanted.is_empty() {
            statements.push(format!("GRANT {} ON TABLE {table} TO {role}", wanted.join(", ")));
        }
        statements
    }
}

/// The privileges on each table of [`PRIVILEGES`] that exists, and on their partitions.
async fn held(connection: &mut PgConnection, role: &str) -> sqlx::Result<Vec<Held>> {
    let tables: Vec<_> = PRIVILEGES.iter().map(|(table, _)| literal(table)).collect();
    let sql = format!(
        "SELECT c.relname::text AS table_name, c.relispartition AS is_partition,
                (SELECT coalesce(string_agg(p.privilege_type, ',' ORDER BY p.privilege_type), '')
                   FROM aclexplode(c.relacl) p WHERE p.grantee = r.oid) AS whole,
                EXISTS (SELECT FROM pg_catalog.pg_attribute a, aclexplode(a.attacl) p
                         WHERE a.attrelid = c.oid AND p.grantee = r.oid) AS on_columns,
                EXISTS (SELECT FROM aclexplode(c.relacl) p WHERE p.grantee = 0)
                OR EXISTS (SELECT FROM pg_catalog.pg_attribute a, aclexplode(a.attacl) p
                            WHERE a.attrelid = c.oid AND p.grantee = 0) AS by_everybody
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_roles r ON r.rolname = {role}
         JOIN pg_catalog.pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid)
         WHERE root.relnamespace = 'public'::regnamespace AND root.relname IN ({tables})
           AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner <> r.oid
         ORDER BY 1",
        role = literal(role),
        tables = tables.join(", ")
    );
    let read = |row: &sqlx::postgres::PgRow| {
        let whole: String = row.try_get("whole")?;
        Ok(Held {
            table: row.try_get("table_name")?,
            is_partition: row.try_get("is_partition")?,
            whole: whole.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            on_columns: row.try_get("on_columns")?,
            by_everybody: row.try_get("by_everybody")?,
        })
    };
    session::rows(connection, &sql).await?.iter().map(read).collect()
}

/// What lets the serving role call the functions that exist, where not everybody may.
async fn functions(connection: &mut PgConnection, role: &str) -> sqlx::Result<Vec<String>> {
    let functions: Vec<_> = FUNCTIONS.iter().map(|function| literal(&format!("public.{function}"))).collect();
    let sql = format!(
        "SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, r.rolname) AS statement
         FROM pg_catalog.pg_proc p
         JOIN pg_catalog.pg_roles r ON r.rolname = {role}
         WHERE p.oid IN (SELECT to_regprocedure(f) FROM unnest(ARRAY[{functions}]) AS f)
           AND NOT has_function_privilege(r.oid, p.oid, 'EXECUTE')
         ORDER BY 1",
        role = literal(role),
        functions = functions.join(", ")
    );
    session::rows(connection, &sql).await?.iter().map(|row| row.try_get("statement")).collect()
}

/// What takes back the default privileges that this session's role gives to the serving role or to everybody on
/// the tables that it will make.
async fn defaults(connection: &mut PgConnection, role: &str) -> sqlx::Result<Vec<String>> {
    let sql = format!(
        "SELECT DISTINCT format('ALTER DEFAULT PRIVILEGES%s REVOKE ALL ON TABLES FROM %s',
                                CASE WHEN d.defaclnamespace <> 0 THEN ' IN SCHEMA public' ELSE '' END,
                                coalesce(quote_ident(r.rolname), 'PUBLIC')) AS statement
         FROM pg_catalog.pg_default_acl d, aclexplode(d.defaclacl) p
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = p.grantee
         WHERE d.defaclrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
           AND d.defaclobjtype = 'r' AND d.defaclnamespace IN (0, 'public'::regnamespace)
           AND (p.grantee = 0 OR r.rolname = {role}) AND p.grantee <> d.defaclrole
         ORDER BY 1",
        role = literal(role)
    );
    session::rows(connection, &sql).await?.iter().map(|row| row.try_get("statement")).collect()
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
