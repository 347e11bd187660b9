//! The first administrator.

use authority_password::{Password, Refusal, Verdict, verify};
use authority_seed::{AdminOutcome, Error, Skipped};

use super::{GOOD_PASSWORD, ROWS, plant, refused};
use crate::support::Database;

const STORED: &str = "SELECT password_hash FROM users";

#[tokio::test]
async fn a_generated_password_verifies_and_has_to_be_changed() {
    let database = Database::migrated().await;
    let report = plant(&database, &[]).await;
    let AdminOutcome::Made { generated_password: Some(password), .. } = report.admin else {
        panic!("{report:?}")
    };
    let stored = database.column(STORED).await;
    assert!(stored[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(verify(&password, &stored[0]), Ok(Verdict::Right));
    assert!(password.reveal().len() >= 30);
    let row = "SELECT concat_ws(' ', username, email, role, must_change_password, email_verified_at IS NULL) FROM users";
    assert_eq!(database.column(row).await, ["admin admin@authority.local super_admin t t"]);
}

#[tokio::test]
async fn a_given_password_verifies_and_need_not_be_changed() {
    let database = Database::migrated().await;
    let report = plant(&database, &[("ADMIN_PASSWORD", GOOD_PASSWORD)]).await;
    assert!(matches!(report.admin, AdminOutcome::Made { generated_password: None, .. }), "{report:?}");
    let stored = database.column(STORED).await;
    assert_eq!(verify(&Password::new(GOOD_PASSWORD), &stored[0]), Ok(Verdict::Right));
    assert_eq!(database.column("SELECT must_change_password FROM users").await, ["f"]);
}

#[tokio::test]
async fn a_weak_password_is_refused_and_nothing_is_written() {
    let database = Database::migrated().await;
    for (password, wanted) in [
        ("changeme123", Refusal::TooShort { minimum: 12 }),
        ("changeme123changeme123", Refusal::Guessable),
        ("my admin has 71 otters", Refusal::ContainsUsername),
        ("vivid otter\tdrums", Refusal::ControlCharacter),
    ] {
        let error = refused(&database, &[("ADMIN_PASSWORD", password)]).await;
        assert!(
            matches!(&error, Error::WeakPassword(refusal) if *refusal == wanted),
            "{password}: {error:?}"
        );
    }
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[tokio::test]
async fn the_policy_is_the_one_that_the_settings_hold() {
    let database = Database::migrated().await;
    let variables = [("PASSWORD_MIN_LENGTH", "40"), ("ADMIN_PASSWORD", GOOD_PASSWORD)];
    let error = refused(&database, &variables).await;
    assert!(matches!(error, Error::WeakPassword(Refusal::TooShort { minimum: 40 })), "{error:?}");
    database
        .execute(
            "INSERT INTO settings (key, value, value_type, category, description)
             VALUES ('security.password_min_length', '50', 'integer', 'security', 'Set by a person.')",
        )
        .await;
    let error = refused(&database, &[("ADMIN_PASSWORD", GOOD_PASSWORD)]).await;
    assert!(matches!(error, Error::WeakPassword(Refusal::TooShort { minimum: 50 })), "{error:?}");
    let report = plant(&database, &[]).await;
    let AdminOutcome::Made { generated_password: Some(password), .. } = report.admin else {
        panic!("{report:?}")
    };
    assert!(password.reveal().len() >= 50);
}

#[tokio::test]
async fn an_administrator_that_a_person_changed_stays_and_stays_the_only_one() {
    let database = Database::migrated().await;
    plant(&database, &[]).await;
    database
        .execute(
            "UPDATE users SET username = 'ada', email = 'ada@example.org', must_change_password = false,
             password_hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'",
        )
        .await;
    let rows = database.column(ROWS).await;
    let report = plant(&database, &[]).await;
    assert!(matches!(&report.admin, AdminOutcome::Kept { username, .. } if username == "ada"), "{report:?}");
    assert_eq!(report.skipped, []);
    let variables = [("ADMIN_USERNAME", "admin"), ("ADMIN_PASSWORD", "x")];
    let report = plant(&database, &variables).await;
    assert_eq!(report.skipped, [Skipped::AdminName, Skipped::Password]);
    assert_eq!(database.column(ROWS).await, rows);
}

#[tokio::test]
async fn the_name_of_another_user_is_not_taken_away_and_the_user_not_promoted() {
    let database = Database::migrated().await;
    database
        .execute(
            "INSERT INTO users (id, username, email, role)
             VALUES ('019aa000-0000-7000-8000-000000000001', 'Admin', 'ada@example.org', 'admin')",
        )
        .await;
    for variables in [[("ADMIN_EMAIL", "root@example.org")], [("ADMIN_EMAIL", "ADA@example.org")]] {
        let error = refused(&database, &variables).await;
        assert!(matches!(error, Error::NameTaken { .. }), "{error:?}");
    }
    plant(&database, &[("ADMIN_USERNAME", "root"), ("ADMIN_EMAIL", "root@example.org")]).await;
    let roles = "SELECT concat_ws(' ', username, role) FROM users ORDER BY username";
    assert_eq!(database.column(roles).await, ["Admin admin", "root super_admin"]);
}

#[tokio::test]
async fn an_erased_administrator_is_replaced() {
    let database = Database::migrated().await;
    plant(&database, &[]).await;
    database
        .execute(
            "UPDATE users SET username = 'erased-' || id, email = id || '@erased.invalid', password_hash = NULL,
             role = 'user', tokens_revoked_before = now(), erased_at = now()",
        )
        .await;
    let report = plant(&database, &[]).await;
    assert!(matches!(report.admin, AdminOutcome::Made { .. }), "{report:?}");
    assert_eq!(database.column("SELECT count(*) FROM users").await, ["2"]);
}
