//! Whether the role that serves requests can do what it has to, and no more.

use authority_migration::grants::PRIVILEGES;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
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

fn superuser(facts: &Facts) -> Verdict {
    if !facts.session.superuser {
        return Verdict::well();
    }
    let message = "is a superuser, which sees everything: right for an examination, wrong for the DATABASE_URL of \
                   Authority";
    let fix = format!("name {} in the DATABASE_URL of Authority", facts.arrival.serving_role);
    Symptom::info(&facts.session.role, message).fix(fix).into()
}
