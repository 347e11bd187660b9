//! Whether the role that serves requests can do what it has to, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use authority_migration::grants::SERVING_ROLES;
use authority_migration::runner::LEDGER_TABLE;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::expected;
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use super::serving_role;
use crate::quote::identifier;

pub(super) const GROUP: Group = Group {
    title: "Privileges",
    checks: &[
        Check {
            id: OTHER,
            finds: "another role than AUTHORITY_SERVING_ROLE names has the privileges of serving requests",
            well: "no other role serves requests",
            needs: &[VERSION],
            look: Look::Ask(SERVING_ROLES, serving_role::other),
        },
        Check {
            id: EXISTS,
            finds: "the role that serves requests does not exist",
            well: "the role that serves requests exists",
            needs: &[VERSION, OTHER],
            look: Look::Facts(serving_role::exists),
        },
        Check {
            id: "serving-role-attributes",
            finds: "the serving role is a superuser, or may make roles or databases, replicate, or bypass row security",
            well: "the serving role has no special powers",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-attributes.sql"), serving_role::attributes),
        },
        Check {
            id: "serving-role-login",
            finds: "the serving role may not log in, or its password has expired",
            well: "the serving role may log in",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-login.sql"), serving_role::login),
        },
        Check {
            id: "serving-role-password",
            finds: "the serving role has no password, and pg_hba.conf asks for one; only a superuser can see that",
            well: "the serving role has the password that it needs",
            needs: &[VERSION],
            look: Look::Ask(
                concat!(
                    "WITH rules AS (",
                    include_str!("sql/pg-hba-serving-role.sql"),
                    ") ",
                    include_str!("sql/serving-role-password.sql")
                ),
                serving_role::password,
            ),
        },
        Check {
            id: "serving-role-owns",
            finds: "the serving role owns tables, or is a member of a role that does",
            well: "the serving role owns nothing",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-owns.sql"), serving_role::owns),
        },
        Check {
            id: "serving-role-access",
            finds: "the serving role lacks CONNECT on the database or USAGE on the schema",
            well: "the serving role gets into database and schema",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-access.sql"), serving_role::access),
        },
        Check {
            id: "serving-role-privileges",
            finds: "the serving role has less, or more, than its privileges on a table",
            well: "the serving role has exactly its privileges",
            needs: &[VERSION, OTHER],
            look: Look::Ask(include_str!("sql/serving-role-privileges.sql"), serving_role::privileges),
        },
        Check {
            id: "audit-append-only",
            finds: "the serving role can change or delete rows of audit_logs",
            well: "the serving role can only add to audit_logs",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/audit-append-only.sql"), serving_role::append_only),
        },
        Check {
            id: "public-schema-create",
            finds: "everybody may create objects in the schema public, the default before PostgreSQL 15",
            well: "not everybody may create objects in the schema public",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/public-schema-create.sql"), public_schema),
        },
        Check {
            id: "public-connect",
            finds: "everybody may connect to the database, as with every database that setup did not make",
            well: "not everybody may connect to the database",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/public-connect.sql"), public_connect),
        },
        Check {
            id: "table-owners",
            finds: "tables that another role than the owner of the database owns, who then cannot migrate them",
            well: "one role owns every table",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/table-owners.sql"), owners),
        },
        Check {
            id: "superuser",
            finds: "this examination runs as a superuser, as Authority never should",
            well: "this role is no superuser",
            needs: &[VERSION],
            look: Look::Facts(superuser),
        },
    ],
};

const OTHER: &str = "serving-role-other";
const EXISTS: &str = "serving-role-exists";

fn public_schema(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else { return Ok(Verdict::skipped("there is no schema public")) };
    if !row.try_get::<bool, _>("open")? {
        return Ok(Verdict::well());
    }
    let fix = format!(
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO {};",
        identifier(&facts.session.owner)
    );
    let message =
        "every role may create objects here, which others may take for Authority's own (CVE-2018-1058)";
    Ok(Symptom::warning("public", message).fix(fix).into())
}

fn public_connect(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let can: Vec<String> = row.try_get("privileges")?;
    if can.is_empty() {
        return Ok(Verdict::well());
    }
    let (name, role) = (facts.arrival.config.database(), &facts.arrival.serving_role);
    let database = identifier(name);
    let mut fix = format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC;");
    if facts.session.serving_role_exists {
        let _ = write!(fix, " GRANT CONNECT ON DATABASE {database} TO {};", identifier(role));
    }
    let message = format!("every role of the server has {} here", can.join(" and "));
    Ok(Symptom::info(name, message).fix(fix).into())
}

/// Tables whose owner is not the one that migrates them. Whose database it is need not be the same role, on a managed
/// service for example, as long as one role that can migrate owns every table.
fn owners(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut wrong: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let (mut owners, mut able) = (BTreeSet::new(), true);
    for row in rows {
        let (table, relation): (String, String) = (row.try_get("root")?, row.try_get("relation")?);
        if table != LEDGER_TABLE && !expected::tables().any(|expected| expected == table) {
            continue;
        }
        let owner: String = row.try_get("owner")?;
        owners.insert(owner.clone());
        able &= row.try_get::<bool, _>("able")?;
        // Said by the check of what the serving role owns.
        if row.try_get::<bool, _>("foreign")? && owner != facts.arrival.serving_role {
            wrong.entry((table, owner)).or_default().push(relation);
        }
    }
    if owners.len() == 1 && able {
        return Ok(Verdict::well());
    }
    let wanted = &facts.session.owner;
    let symptom = |((table, owner), relations): ((String, String), Vec<String>)| {
        let alter = |relation: &String| {
            format!("ALTER TABLE {} OWNER TO {};", identifier(relation), identifier(wanted))
        };
        let fix = relations.iter().map(alter).collect::<Vec<_>>().join("\n");
        let message = match relations.iter().filter(|relation| **relation != table).count() {
            0 => format!("belongs to {owner}, so that {wanted}, whose database it is, cannot migrate it"),
            _ => format!(
                "belongs to {owner}, at least in part, so that {wanted}, whose database it is, cannot migrate it"
            ),
        };
        Symptom::error(table, message).fix(fix)
    };
    Ok(wrong.into_iter().map(symptom).collect())
}

fn superuser(facts: &Facts) -> Verdict {
    if !facts.session.superuser {
        return Verdict::well();
    }
    let message = "is a superuser, which sees everything: right for an examination, wrong for the DATABASE_URL of \
                   Authority";
    let fix = format!("name {} in the DATABASE_URL of Authority", facts.arrival.serving_role);
    Symptom::info(&facts.session.role, message).fix(fix).into()
}
