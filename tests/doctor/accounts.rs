use super::examine;
use crate::support::{Database, execute};

/// Of `changeme123`, at costs that a test can afford.
const BCRYPT: &str = "$2b$04$/uaF/uaF/uaF/uaF/uaF/uA3BBcl/0mmmb5HLljEcnFHRmMizYN/u";
const ARGON2: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdCBmb3IgYSB0ZXN0IQ$FsbXjVeMY3KfVd6z39z0o0pRgkqaIPWisRxk+oFKsgQ";
/// Of something else.
const OTHER: &str = "$2b$04$/uaF/uaF/uaF/uaF/uaF/upK8h6azq0OyvOIPaTYafP5nzhc95vpe";

async fn user(database: &Database, name: &str, role: &str, hash: &str, rest: &str) {
    let id = uuid::Uuid::now_v7();
    let sql = format!(
        "INSERT INTO users (id, username, email, role, password_hash, password_changed_at)
         VALUES ('{id}', '{name}', '{name}@example.com', '{role}', '{hash}', now());
         UPDATE users SET {rest} WHERE id = '{id}'"
    );
    execute(database.pool(), &sql).await;
}

#[tokio::test]
async fn the_password_of_the_earlier_seed_is_taken_from_an_administrator() {
    let database = Database::migrated().await;
    user(&database, "careful", "super_admin", OTHER, "given_name = 'A'").await;
    user(&database, "person", "user", BCRYPT, "given_name = 'B'").await;
    examine(&database.url(), &[]).is_well("default-admin-password");
    user(&database, "admin", "super_admin", BCRYPT, "given_name = 'C'").await;
    user(&database, "other", "admin", ARGON2, "given_name = 'D'").await;
    let examination = examine(&database.url(), &[]);
    for name in ["admin", "other"] {
        let finding = examination.finds("default-admin-password", "error", name);
        let (statement, rest) = finding.fix().split_once("; then ").expect("a statement and what to do then");
        assert_eq!(rest, "set a new password for the account");
        database.execute(statement).await;
    }
    assert_eq!(examination.of("default-admin-password").len(), 2);
    assert!(!examination.json().to_string().contains("$2b$"), "a hash is nobody's business");
    let revoked =
        "SELECT username FROM users WHERE revocation_epoch = 1 AND tokens_revoked_before IS NOT NULL
                   ORDER BY username";
    assert_eq!(database.column(revoked).await, ["admin", "other"]);
    examine(&database.url(), &[]).is_well("default-admin-password");
}

#[tokio::test]
async fn somebody_has_to_be_able_to_administer() {
    let database = Database::migrated().await;
    user(&database, "locked", "admin", OTHER, "locked_at = now()").await;
    user(&database, "person", "user", OTHER, "given_name = 'A'").await;
    let finding = examine(&database.url(), &[]).finds("administrators", "info", "users");
    assert_eq!(finding.fix(), "authority-db seed");
    user(&database, "admin", "admin", OTHER, "given_name = 'B'").await;
    examine(&database.url(), &[]).is_well("administrators");
}

#[tokio::test]
async fn administrators_who_keep_their_first_password_are_counted() {
    let database = Database::migrated().await;
    user(&database, "person", "user", OTHER, "must_change_password = true").await;
    examine(&database.url(), &[]).is_well("must-change-password");
    user(&database, "admin", "super_admin", OTHER, "must_change_password = true").await;
    let finding = examine(&database.url(), &[]).finds("must-change-password", "info", "users");
    assert!(finding.message().starts_with("1 administrator "), "{finding:?}");
}

#[tokio::test]
async fn users_who_are_locked_without_end_are_counted() {
    let database = Database::migrated().await;
    user(&database, "soon", "user", OTHER, "locked_at = now(), locked_until = now() + interval '1 hour'")
        .await;
    examine(&database.url(), &[]).is_well("locked-users");
    user(&database, "one", "user", OTHER, "locked_at = now()").await;
    user(&database, "two", "user", OTHER, "locked_at = now()").await;
    let finding = examine(&database.url(), &[]).finds("locked-users", "info", "users");
    assert!(finding.message().starts_with("2 users "), "{finding:?}");
}
