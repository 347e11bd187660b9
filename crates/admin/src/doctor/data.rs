//! Whether the accounts are as they should be.

use authority_password::{Password, Verdict as Comparison, verify};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::schema::TABLES;

pub(super) const GROUP: Group = Group {
    title: "Accounts",
    checks: &[
        Check {
            id: "default-admin-password",
            finds: "administrators whose password is the one that Authority's earlier seed gave to all",
            well: "no administrator has the password of the earlier seed",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/default-admin-password.sql"), default_password),
        },
        Check {
            id: "administrators",
            finds: "nobody can administer Authority, because there is no open account of an administrator",
            well: "somebody can administer Authority",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/administrators.sql"), administrators),
        },
        Check {
            id: "must-change-password",
            finds: "administrators who have not set a password of their own yet",
            well: "every administrator has set a password",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/must-change-password.sql"), must_change),
        },
        Check {
            id: "locked-users",
            finds: "users who are locked until somebody lifts it",
            well: "nobody is locked without end",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/locked-users.sql"), locked),
        },
    ],
};

/// What the earlier seed set; public, as everything in that program's source.
const DEFAULT_PASSWORD: &str = "changeme123";

fn default_password(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut symptoms = Vec::new();
    for row in rows {
        if !is_default(row.try_get("password_hash")?) {
            continue;
        }
        let (id, username): (String, String) = (row.try_get("id")?, row.try_get("username")?);
        let fix = format!(
            "UPDATE users SET password_hash = NULL, revocation_epoch = revocation_epoch + 1, \
             tokens_revoked_before = now() WHERE id = '{id}'; then set a new password for the account"
        );
        let message = "has the default password of Authority's earlier seed, which everybody knows";
        symptoms.push(Symptom::error(username, message).fix(fix));
    }
    Ok(Verdict::Found(symptoms))
}

/// Whether a stored hash is that of the default password.
fn is_default(hash: &str) -> bool {
    let comparison = verify(&Password::new(DEFAULT_PASSWORD), hash);
    matches!(comparison, Ok(Comparison::Right | Comparison::RightButOutdated))
}

fn administrators(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    if count(rows)? > 0 {
        return Ok(Verdict::well());
    }
    let symptom = Symptom::info("users", "no administrator has an account that is open");
    Ok(symptom.fix(facts.command("seed")).into())
}

fn must_change(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let many =
        |count| format!("{count} administrators have to set a password of their own at the next login");
    Ok(counted(count(rows)?, "1 administrator has to set a password of their own at the next login", many))
}

fn locked(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let many = |count| format!("{count} users are locked until an administrator lifts it");
    Ok(counted(count(rows)?, "1 user is locked until an administrator lifts it", many))
}

fn counted(count: i64, one: &str, many: impl FnOnce(i64) -> String) -> Verdict {
    match count {
        0 => Verdict::well(),
        1 => Symptom::info("users", one).into(),
        count => Symptom::info("users", many(count)).into(),
    }
}

fn count(rows: &[PgRow]) -> sqlx::Result<i64> {
    rows.first().map_or(Ok(0), |row| row.try_get("count"))
}

#[cfg(test)]
mod tests {
    use super::is_default;

    /// Of the default password, at costs that a test can afford.
    const BCRYPT: &str = "$2b$04$/uaF/uaF/uaF/uaF/uaF/uA3BBcl/0mmmb5HLljEcnFHRmMizYN/u";
    const ARGON2: &str =
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdCBmb3IgYSB0ZXN0IQ$FsbXjVeMY3KfVd6z39z0o0pRgkqaIPWisRxk+oFKsgQ";

    #[test]
    fn the_default_password_is_recognised_in_both_kinds_of_hash() {
        for hash in [BCRYPT, ARGON2] {
            assert!(is_default(hash), "{hash}");
            let mut other = hash.to_owned();
            other.replace_range(hash.len() - 4..hash.len() - 3, "Q");
            assert!(!is_default(&other), "{other}");
        }
    }

    #[test]
    fn a_hash_that_cannot_be_read_is_not_the_default() {
        for hash in [
            "",
            "$2b$",
            "$2b$99$",
            "$argon2id$",
            "$argon2id$v=19$m=4294967295,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWFhYWFh",
        ] {
            assert!(!is_default(hash), "{hash}");
        }
    }
}
