//! What the role that serves requests is, owns and may do.

use authority_migration::grants::PRIVILEGES;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::Verdict;
use super::facts::Facts;
use super::finding::Symptom;
use crate::quote::{identifier, shell};

/// What makes the audit trail more than a table that grows.
const CHANGES: [&str; 3] = ["DELETE", "TRUNCATE", "UPDATE"];

/// Whether the grants are those of the role that was named. Several may have them for a while, as one takes the place of
/// another.
pub(super) fn other(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let named = &facts.arrival.serving_role;
    let roles: Vec<String> = rows.iter().map(|row| row.try_get("role")).collect::<sqlx::Result<_>>()?;
    let is_served_by_named = roles.is_empty() || roles.contains(named);
    let symptom = |role: &String| {
        let revoke = format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {};", identifier(role));
        if is_served_by_named {
            let message = format!("may add access tokens as {named} may, which serves requests");
            return Symptom::info(role, message)
                .fix(format!("where it does not serve requests, too: {revoke}"));
        }
        let message =
            format!("serves requests; migrate, setup and restore refuse to let {named} do so as well");
        Symptom::error(role, message).fix(format!(
            "AUTHORITY_SERVING_ROLE={}, in the environment or in .env; or, where {named} is to take its place: {revoke}",
            shell(role)
        ))
    };
    Ok(roles.iter().filter(|role| *role != named).map(symptom).collect())
}

pub(super) fn exists(facts: &Facts) -> Verdict {
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

pub(super) fn attributes(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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

pub(super) fn login(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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

pub(super) fn password(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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

pub(super) fn owns(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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

pub(super) fn access(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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

pub(super) fn privileges(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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

pub(super) fn append_only(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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
