//! A seed makes what is missing and leaves the rest alone.

use authority_seed::{AdminOutcome, Names, SCOPES, SETTINGS, Skipped};

use super::{ROWS, plant};
use crate::support::{Database, assert_snapshots};

#[tokio::test]
async fn seeding_twice_changes_nothing_and_reports_everything_as_kept() {
    let database = Database::migrated().await;
    let first = plant(&database, &[]).await;
    assert!(first.has_changes() && first.scopes.kept.is_empty() && first.settings.kept.is_empty());
    let rows = database.column(ROWS).await;
    let second = plant(&database, &[]).await;
    assert!(!second.has_changes());
    assert_eq!(second.scopes, all_kept(SCOPES.iter().map(|scope| scope.name)));
    assert_eq!(second.settings, all_kept(SETTINGS.iter().map(|setting| setting.key)));
    assert_eq!(second.skipped, []);
    let (AdminOutcome::Made { id: made, .. }, AdminOutcome::Kept { id: kept, .. }) =
        (first.admin, second.admin)
    else {
        panic!("the first seed makes the administrator and the second keeps it");
    };
    assert_eq!(made, kept);
    assert_eq!(database.column(ROWS).await, rows);
}

#[tokio::test]
async fn scopes_and_settings_are_as_reviewed() {
    let database = Database::migrated().await;
    plant(&database, &[]).await;
    let scopes = "SELECT format(E'%s (%s)\n  %s\n  claims: %s\n  default %s, system %s, consent %s\n',
                    name, display_name, description, array_to_string(claims, ' '), is_default, is_system, requires_consent)
                  FROM scopes ORDER BY name COLLATE \"C\"";
    let settings = "SELECT format(E'%s = %s (%s, %s)\n  %s\n', key, value, value_type, category, description)
                    FROM settings ORDER BY key COLLATE \"C\"";
    let texts = [
        ("scopes".to_owned(), database.column(scopes).await.join("\n")),
        ("settings".to_owned(), database.column(settings).await.join("\n")),
    ];
    assert_snapshots("seed", &texts);
}

#[tokio::test]
async fn a_changed_setting_stays_and_a_variable_that_asks_for_another_value_is_reported() {
    let database = Database::migrated().await;
    plant(&database, &[]).await;
    database
        .execute(
            "UPDATE settings SET value = '900', description = 'Mine.', updated_by = (SELECT id FROM users)
             WHERE key = 'tokens.access_token_ttl';
             UPDATE settings SET value = '\"Ours\"' WHERE key = 'branding.app_name'",
        )
        .await;
    let rows = database.column(ROWS).await;
    let variables = [("ACCESS_TOKEN_TTL", "1800"), ("APP_NAME", "Theirs"), ("CODE_TTL", "600")];
    let report = plant(&database, &variables).await;
    let skipped = |key, variable| Skipped::Setting { key, variable };
    assert_eq!(
        report.skipped,
        [skipped("tokens.access_token_ttl", "ACCESS_TOKEN_TTL"), skipped("branding.app_name", "APP_NAME")]
    );
    assert_eq!(database.column(ROWS).await, rows);
}

#[tokio::test]
async fn a_changed_scope_stays() {
    let database = Database::migrated().await;
    plant(&database, &[]).await;
    database
        .execute("UPDATE scopes SET display_name = 'Ihr Profil', claims = '{name}' WHERE name = 'profile'")
        .await;
    let rows = database.column(ROWS).await;
    plant(&database, &[]).await;
    assert_eq!(database.column(ROWS).await, rows);
}

#[tokio::test]
async fn only_what_is_missing_is_made_and_the_trail_says_so() {
    let database = Database::migrated().await;
    plant(&database, &[]).await;
    database.execute("DELETE FROM settings WHERE key = 'branding.theme'").await;
    let report = plant(&database, &[("THEME", "light")]).await;
    assert_eq!(report.settings.made, ["branding.theme"]);
    assert_eq!(report.settings.kept.len(), SETTINGS.len() - 1);
    assert_eq!(
        database.column("SELECT value FROM settings WHERE key = 'branding.theme'").await,
        ["\"light\""]
    );
    let trail = "SELECT format('%s %s by %s: %s', event, outcome, actor_kind, details -> 'made')
                 FROM audit_logs ORDER BY id OFFSET 1";
    let expected =
        r#"system.seed success by system: {"user": null, "scopes": [], "settings": ["branding.theme"]}"#;
    assert_eq!(database.column(trail).await, [expected]);
}

#[tokio::test]
async fn the_trail_names_the_administrator_by_id_alone() {
    let database = Database::migrated().await;
    let variables = [("ADMIN_USERNAME", "lovelace"), ("ADMIN_EMAIL", "countess@example.org")];
    let report = plant(&database, &variables).await;
    let AdminOutcome::Made { id, .. } = report.admin else { panic!("{report:?}") };
    let trail = database.column("SELECT a::text FROM audit_logs a").await;
    assert_eq!(trail.len(), 1);
    assert!(trail[0].contains(&id.to_string()), "{trail:?}");
    assert!(!trail[0].contains("lovelace") && !trail[0].contains("countess"), "{trail:?}");
}

#[tokio::test]
async fn a_variable_chooses_the_value_of_a_new_setting() {
    let database = Database::migrated().await;
    let variables =
        [("ACCESS_TOKEN_TTL", "900"), ("SMTP_HOST", "mail.example.org"), ("SMTP_PASSWORD", "hunter2")];
    let report = plant(&database, &variables).await;
    assert_eq!(report.skipped, []);
    let values = "SELECT value FROM settings
                  WHERE key IN ('tokens.access_token_ttl', 'email.smtp_host', 'email.smtp_password_variable') ORDER BY key";
    assert_eq!(database.column(values).await, ["\"mail.example.org\"", "\"SMTP_PASSWORD\"", "900"]);
    assert!(!database.column(ROWS).await.concat().contains("hunter2"));
}

fn all_kept(names: impl Iterator<Item = &'static str>) -> Names {
    Names { made: Vec::new(), kept: names.collect() }
}
