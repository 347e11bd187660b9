//! Whether the role that serves requests can do what it has to, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use authority_migration::grants::PRIVILEGES;
use authority_migration::runner::LEDGER_TABLE;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::expected;
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::identifier;

pub(super) const GROUP: Group = Group {
    title: "Privileges",
    checks: &[
        Check {
            id: EXISTS,
            finds: "the role that serves requests does not exist",
            well: "the role that serves requests exists",
            needs: &[VERSION],
            look: Look::Facts(exists),
        },
        Check {
            id: "serving-role-attributes",
            finds: "the serving role is a superuser, or may make roles or databases, replicate, or bypass row security",
            well: "the serving role has no special powers",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-attributes.sql"), attributes),
        },
        Check {
            id: "serving-role-login",
            finds: "the serving role may not log in, or its password has expired",
            well: "the serving role may log in",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-login.sql"), login),
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
                password,
            ),
        },
        Check {
            id: "serving-role-owns",
            finds: "the serving role owns tables, or is a member of a role that does",
            well: "the serving role owns nothing",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-owns.sql"), owns),
        },
        Check {
            id: "serving-role-access",
            finds: "the serving role lacks CONNECT on the database or USAGE on the schema",
            well: "the serving role gets into database and schema",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-access.sql"), access),
        },
        Check {
            id: "serving-role-privileges",
            finds: "the serving role has less, or more, than its privileges on a table",
            well: "the serving role has exactly its privileges",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/serving-role-privileges.sql"), privileges),
        },
        Check {
            id: "audit-append-only",
            finds: "the serving role can change or delete rows of audit_logs",
            well: "the serving role can only add to audit_logs",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/audit-append-only.sql"), append_only),
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

const EXISTS: &str = "serving-role-exists";

/// What makes the audit trail more than a table that grows.
const CHANGES: [&str; 3] = ["DELETE", "TRUNCATE", "UPDATE"];

fn exists(facts: &Facts) -> Verdict {
    let role = &facts.arrival.serving_role;
    if facts.session.serving_role_exists {
        return Verdict::well();
    }
    let message = "does not exist, so that Authority has to work as the owner of the tables, which can change the \
                   audit trail";
    let fix = format!(
        "CREATE ROLE {} LOGIN; then {}, and a password with \\password in psql",
        identifier(role),
        facts.command("migrate")
    );
    Symptom::warning(role, message).fix(fix).into()
}

fn attributes(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = &facts.arrival.serving_role;
    let Some(row) = rows.first() else { return Ok(Verdict::skipped("the serving role does not exist")) };
    let powers: Vec<String> = row.try_get("powers")?;
    if powers.is_empty() {
        return Ok(Verdict::well());
    }
    let take = powers.iter().map(|power| format!("NO{power}")).collect::<Vec<_>>().join(" ");
    let fix = format!("ALTER ROLE {} {take};", identifier(role));
    let message = format!("has {}, which serving requests does not need", powers.join(", "));
    let found =
        if powers.iter().any(|power| power == "SUPERUSER") { Symptom::error } else { Symptom::warning };
    Ok(found(role, message).fix(fix).into())
}

fn login(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = &facts.arrival.serving_role;
    let Some(row) = rows.first() else { return Ok(Verdict::skipped("the serving role does not exist")) };
    let mut symptoms = Vec::new();
    if !row.try_get::<bool, _>("can_log_in")? {
        let fix = format!("ALTER ROLE {} LOGIN;", identifier(role));
        symptoms.push(Symptom::error(role, "may not log in (NOLOGIN), so Authority cannot connect").fix(fix));
    }
    if let Some(until) = row.try_get::<Option<String>, _>("expired")? {
        let message = format!("has a password that expired at {until}, so Authority cannot connect with it");
        let fix = format!("ALTER ROLE {} VALID UNTIL 'infinity';", identifier(role));
        symptoms.push(Symptom::error(role, message).fix(fix));
    }
    Ok(Verdict::Found(symptoms))
}

fn password(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = &facts.arrival.serving_role;
    if facts.arrival.server.pooled {
        return Ok(Verdict::skipped("a pooler connects to the server in its own way"));
    }
    if !facts.session.serving_role_exists {
        return Ok(Verdict::skipped("the serving role does not exist"));
    }
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let (line, words): (i32, String) = (row.try_get("line")?, row.try_get("rule")?);
    let message = format!("has no password, and line {line} of pg_hba.conf asks for one from here");
    let fix = format!("set one, in psql: \\password {}", identifier(role));
    Ok(Symptom::error(role, message).evidence(words).fix(fix).into())
}

fn owns(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = &facts.arrival.serving_role;
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (owner, objects): (String, i64) = (row.try_get("owner")?, row.try_get("objects")?);
        if owner == *role {
            let other = if facts.session.owner == *role { "authority" } else { &facts.session.owner };
            let fix = format!("REASSIGN OWNED BY {} TO {};", identifier(role), identifier(other));
            let message =
                format!("owns {objects} tables or other objects, so it can drop and change them at will");
            return Ok(Symptom::error(role, message).fix(fix));
        }
        let message = format!("is a member of {owner}, which owns {objects} tables or other objects");
        Ok(Symptom::error(role, message).fix(format!(
            "REVOKE {} FROM {};",
            identifier(&owner),
            identifier(role)
        )))
    };
    rows.iter().map(symptom).collect()
}

fn access(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = &facts.arrival.serving_role;
    let Some(row) = rows.first() else { return Ok(Verdict::skipped("the serving role does not exist")) };
    let mut symptoms = Vec::new();
    let lacks = |privilege: &str, object: &str, name: &str| {
        let fix = format!("GRANT {privilege} ON {object} {} TO {};", identifier(name), identifier(role));
        let subject = format!("{} {name}", object.to_lowercase());
        Symptom::error(subject, format!("the serving role lacks {privilege}")).fix(fix)
    };
    if !row.try_get::<bool, _>("connects")? {
        symptoms.push(lacks("CONNECT", "DATABASE", facts.arrival.config.database()));
    }
    if !row.try_get::<bool, _>("uses")? {
        symptoms.push(lacks("USAGE", "SCHEMA", "public"));
    }
    Ok(Verdict::Found(symptoms))
}

fn privileges(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = identifier(&facts.arrival.serving_role);
    if !facts.session.serving_role_exists {
        return Ok(Verdict::skipped("the serving role does not exist"));
    }
    let mut symptoms = Vec::new();
    for row in rows {
        let (table, has): (String, Vec<String>) = (row.try_get("relation")?, row.try_get("privileges")?);
        let Some((_, wanted)) = PRIVILEGES.iter().find(|(name, _)| *name == table) else { continue };
        let missing: Vec<_> = wanted.iter().copied().filter(|one| !has.iter().any(|it| it == one)).collect();
        // That one has a check of its own.
        let elsewhere = |one: &str| table == "audit_logs" && CHANGES.contains(&one);
        let surplus: Vec<_> =
            has.iter().map(String::as_str).filter(|one| !wanted.contains(one) && !elsewhere(one)).collect();
        let on = identifier(&table);
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let fix = format!("GRANT {missing} ON TABLE {on} TO {role};");
            symptoms.push(Symptom::error(&table, format!("the serving role lacks {missing}")).fix(fix));
        }
        if !surplus.is_empty() {
            let surplus = surplus.join(", ");
            let fix = format!("REVOKE {surplus} ON TABLE {on} FROM {role}, PUBLIC;");
            let message = format!("the serving role has {surplus}, which it does not need");
            symptoms.push(Symptom::warning(&table, message).fix(fix));
        }
    }
    Ok(Verdict::Found(symptoms))
}

fn append_only(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let role = identifier(&facts.arrival.serving_role);
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (table, can): (String, Vec<String>) = (row.try_get("relation")?, row.try_get("privileges")?);
        let fix = match row.try_get::<&str, _>("through")? {
            "superuser" => format!("ALTER ROLE {role} NOSUPERUSER;"),
            "owner" => {
                let owner: String = row.try_get("owner")?;
                if owner == facts.arrival.serving_role {
                    format!(
                        "ALTER TABLE {} OWNER TO {};",
                        identifier(&table),
                        identifier(&facts.session.owner)
                    )
                } else {
                    format!("REVOKE {} FROM {role};", identifier(&owner))
                }
            }
            _ => format!("REVOKE {} ON TABLE {} FROM {role}, PUBLIC;", can.join(", "), identifier(&table)),
        };
        let message = format!("the serving role can {}: the audit trail must only grow", can.join(", "));
        Ok(Symptom::error(table, message).fix(fix))
    };
    rows.iter().map(symptom).collect()
}

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
