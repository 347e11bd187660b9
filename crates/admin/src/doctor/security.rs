//! Whether the way to the server, and the doors of the server, are safe.

use authority_connection::SslMode;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::identifier;

pub(super) const GROUP: Group = Group {
    title: "Security",
    checks: &[
        Check {
            id: "tls",
            finds: "the way to a server on another machine is not encrypted, or its certificate is not verified",
            well: "the way to the server is safe",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/tls.sql"), tls),
        },
        Check {
            id: "password-encryption",
            finds: "new passwords are stored as MD5",
            well: "new passwords are stored as SCRAM-SHA-256",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/password-encryption.sql"), password_encryption),
        },
        Check {
            id: "md5-passwords",
            finds: "roles whose password is stored as MD5; only a superuser can see that",
            well: "no role has a password in MD5",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/md5-passwords.sql"), md5_passwords),
        },
        Check {
            id: "pg-hba-trust",
            finds: "lines of pg_hba.conf that let people in over the network without, or with a readable, password, \
                    and lines that are mistaken; only a superuser can see that",
            well: "no line of pg_hba.conf lets the network in unsafely",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/pg-hba-trust.sql"), trust),
        },
        Check {
            id: "pg-hba-serving-role",
            finds: "no line of pg_hba.conf admits the serving role from here; only a superuser can see that",
            well: "pg_hba.conf admits the serving role from here",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/pg-hba-serving-role.sql"), admission),
        },
    ],
};

const RELOAD: &str = "SELECT pg_reload_conf();";

fn tls(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let config = &facts.arrival.config;
    if facts.arrival.server.host.is_local() {
        return Ok(Symptom::ok("the server is on this machine").into());
    }
    let host = facts.arrival.server.host.to_string();
    let mode = config.tls().mode;
    // Behind a pooler, the server's end of the line says nothing about this one.
    let seen = rows.first().map(|row| row.try_get::<bool, _>("encrypted")).transpose()?.unwrap_or(false);
    let encrypted = if facts.arrival.server.pooled { mode >= SslMode::Require } else { seen };
    let verified = "sslmode=verify-full&sslrootcert=<file of the authority> in DATABASE_URL";
    let with_root = config.tls().root_certificate.is_some();
    Ok(match mode {
        _ if !encrypted => {
            let message = format!("everything goes over the network in the clear (sslmode={mode})");
            let fix =
                format!("ALTER SYSTEM SET ssl = on; with a certificate for the server, then {verified}");
            Symptom::error(host, message).fix(fix).into()
        }
        SslMode::Disable | SslMode::Allow | SslMode::Prefer => {
            let message =
                format!("is encrypted, but whoever is in between can turn that off (sslmode={mode})");
            Symptom::warning(host, message).fix(verified).into()
        }
        SslMode::Require if !with_root => {
            let message = "is encrypted, but anybody in between can pass for the server (sslmode=require)";
            Symptom::warning(host, message).fix(verified).into()
        }
        SslMode::Require | SslMode::VerifyCa => {
            let message =
                format!("any host with a certificate of the authority can pass for it (sslmode={mode})");
            Symptom::info(host, message).fix("sslmode=verify-full in DATABASE_URL").into()
        }
        SslMode::VerifyFull => Verdict::well(),
    })
}

fn password_encryption(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let method: String = row.try_get("method")?;
    if method == "scram-sha-256" {
        return Ok(Verdict::well());
    }
    let fix = format!("ALTER SYSTEM SET password_encryption = 'scram-sha-256'; {RELOAD}");
    let message = format!("is {method}: who reads such a hash can log in with it");
    Ok(Symptom::warning("password_encryption", message).fix(fix).into())
}

fn md5_passwords(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let role: String = row.try_get("role")?;
        let fix = format!("set the password again, in psql: \\password {}", identifier(&role));
        Ok(Symptom::warning(role, "has a password in MD5: who reads it can log in with it").fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn trust(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let line: i32 = row.try_get("line")?;
        let subject = format!("pg_hba.conf line {line}");
        if let Some(error) = row.try_get::<Option<String>, _>("error")? {
            let fix = format!("correct the line, then {RELOAD}");
            return Ok(Symptom::warning(
                subject,
                format!("is mistaken, so that reloading keeps the old rules: {error}"),
            )
            .fix(fix));
        }
        let rule: String = row.try_get("rule")?;
        let fix = format!("let the line end with scram-sha-256, then {RELOAD}");
        let symptom = match (row.try_get::<&str, _>("method")?, row.try_get::<bool, _>("loopback")?) {
            ("trust", true) => {
                Symptom::warning(subject, "lets every user of the server's machine in without a password")
            }
            ("trust", false) => Symptom::error(subject, "lets people in over the network without a password"),
            (method, _) => Symptom::warning(subject, format!("has passwords sent in the clear ({method})")),
        };
        Ok(symptom.evidence(rule).fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn admission(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    if facts.arrival.server.pooled {
        return Ok(Verdict::skipped("a pooler connects to the server in its own way"));
    }
    if !facts.session.serving_role_exists {
        return Ok(Verdict::skipped("the serving role does not exist"));
    }
    let role = &facts.arrival.serving_role;
    let database = identifier(facts.arrival.config.database());
    let address: Option<&str> = rows.first().map(|row| row.try_get("client")).transpose()?.flatten();
    let line = match address {
        Some(address) => {
            let bits = if address.contains(':') { 128 } else { 32 };
            format!("host {database} {} {address}/{bits} scram-sha-256", identifier(role))
        }
        None => format!("local {database} {} scram-sha-256", identifier(role)),
    };
    let fix = format!("add to pg_hba.conf, above the line that rejects: {line}\n{RELOAD}");
    let Some(first) = rows.iter().find(|row| row.try_get("matches").unwrap_or(false)) else {
        return Ok(Symptom::warning(role, "is admitted by no line of pg_hba.conf from here").fix(fix).into());
    };
    let (number, words): (i32, String) = (first.try_get("line")?, first.try_get("rule")?);
    if first.try_get::<&str, _>("method")? == "reject" {
        let message = format!("is rejected by line {number} of pg_hba.conf");
        return Ok(Symptom::warning(role, message).evidence(words).fix(fix).into());
    }
    Ok(Symptom::ok(format!("line {number} of pg_hba.conf admits {role} from here: {words}")).into())
}
