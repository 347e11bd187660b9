use authority_local_postgres::{APP_ROLE, OWNER_ROLE};
use authority_migration::Migration;
use authority_migration::migrations::ALL;

use super::examine;
use crate::support::{Database, authority_db};

fn newest() -> &'static str {
    ALL.last().expect("there are migrations").name()
}

#[tokio::test]
async fn an_empty_database_has_every_migration_pending_and_every_table_missing() {
    let database = Database::empty().await;
    let examination = examine(&database.url(), &[]);
    for migration in ALL {
        let finding = examination.finds("migrations-pending", "error", migration.name());
        assert_eq!(finding.fix(), "authority-db migrate");
    }
    let users = examination.finds("tables", "error", "users");
    assert_eq!(users.fix(), "authority-db migrate");
    assert_eq!(examination.skips("schema-drift"), "needs migrations-pending");
    assert_eq!(examination.skips("default-admin-password"), "needs tables");
    let migrated = authority_db(&database.url(), &["migrate"]).output().expect("authority-db runs");
    assert!(migrated.status.success());
    let examination = examine(&database.url(), &[]);
    for check in ["migrations-ledger", "migrations-pending", "migrations-out-of-order", "migrations-edited"] {
        examination.is_well(check);
    }
    for check in ["migrations-unknown", "migrations-unfingerprinted", "tables", "schema-drift"] {
        examination.is_well(check);
    }
}

#[tokio::test]
async fn a_table_that_somebody_dropped_is_not_what_migrating_mends() {
    let database = Database::migrated().await;
    database.execute("DROP TABLE device_codes").await;
    let finding = examine(&database.url(), &[]).finds("tables", "error", "device_codes");
    assert!(finding.fix().contains("restore"), "{finding:?}");
}

#[tokio::test]
async fn a_migration_that_was_left_out_is_out_of_order() {
    let database = Database::migrated().await;
    let left_out = ALL[3].name();
    database.execute(&format!("DELETE FROM seaql_migrations WHERE version = '{left_out}'")).await;
    examine(&database.url(), &[]).finds("migrations-out-of-order", "error", left_out);
}

#[tokio::test]
async fn an_edited_migration_is_shown_with_its_difference() {
    let database = Database::migrated().await;
    let edited = ALL.iter().map(Migration::name).find(|name| name.ends_with("_settings"));
    let edited = edited.expect("a migration makes the settings");
    let sql = "UPDATE seaql_migrations SET fingerprint = sha256('x'), sql = replace(sql, 'System settings', 'Settings')
               WHERE version = ";
    database.execute(&format!("{sql}'{edited}'")).await;
    let finding = examine(&database.url(), &[]).finds("migrations-edited", "error", edited);
    assert!(finding.evidence().contains("\n-COMMENT ON TABLE \"settings\" IS 'Settings."), "{finding:?}");
    assert!(
        finding.evidence().contains("\n+COMMENT ON TABLE \"settings\" IS 'System settings."),
        "{finding:?}"
    );
}

#[tokio::test]
async fn a_database_that_is_newer_than_the_program_is_told_from_one_that_it_cannot_work_with() {
    let database = Database::migrated().await;
    let insert = |name: &str, compatible: &str| {
        format!(
            "INSERT INTO seaql_migrations (version, applied_at, compatible_with) VALUES ('{name}', 0, '{compatible}')"
        )
    };
    database.execute(&insert("m29991231_000001_newer", newest())).await;
    let examination = examine(&database.url(), &[]);
    examination.finds("migrations-unknown", "info", "m29991231_000001_newer");
    assert_eq!(examination.skips("schema-drift"), "the database is newer than this program");
    database.execute(&insert("m29991231_000002_breaking", "m29991231_000002_breaking")).await;
    let examination = examine(&database.url(), &[]);
    examination.finds("migrations-unknown", "error", "m29991231_000002_breaking");
    assert_eq!(examination.skips("schema-drift"), "needs migrations-unknown");
}

#[tokio::test]
async fn a_migration_of_another_tool_has_no_fingerprint() {
    let database = Database::migrated().await;
    database
        .execute(&format!("UPDATE seaql_migrations SET fingerprint = NULL WHERE version = '{}'", newest()))
        .await;
    examine(&database.url(), &[]).finds("migrations-unfingerprinted", "info", newest());
}

#[tokio::test]
async fn another_applications_ledger_is_no_ledger() {
    let database = Database::migrated().await;
    database.execute("ALTER TABLE seaql_migrations RENAME COLUMN version TO name").await;
    let examination = examine(&database.url(), &[]);
    examination.finds("migrations-ledger", "error", "seaql_migrations");
    assert_eq!(examination.skips("migrations-pending"), "needs migrations-ledger");
}

#[tokio::test]
async fn a_role_that_may_not_read_the_ledger_is_told_so() {
    let database = Database::migrated().await;
    database.execute(&format!("REVOKE SELECT ON seaql_migrations FROM {APP_ROLE}")).await;
    let examination = examine(&database.url_as(APP_ROLE), &[]);
    examination.may_not_see("migrations-ledger");
    examination.of("migrations-ledger")[0].mend(database.pool()).await;
    examine(&database.url_as(APP_ROLE), &[]).is_well("migrations-ledger");
}

#[tokio::test]
async fn drift_is_shown_as_the_lines_that_differ() {
    let database = Database::migrated().await;
    database.execute("ALTER TABLE sessions DROP CONSTRAINT ck_sessions_digest").await;
    database.execute("ALTER TABLE clients ADD COLUMN note text; CREATE TABLE notes (id integer)").await;
    database.execute("DROP FUNCTION every_digest_is_sha256(bytea[]) CASCADE").await;
    let examination = examine(&database.url(), &[]);
    let sessions = examination.finds("schema-drift", "error", "table-sessions");
    assert!(
        sessions.evidence().lines().any(|line| line.starts_with("-  ck_sessions_digest ")),
        "{sessions:?}"
    );
    let clients = examination.finds("schema-drift", "error", "table-clients");
    assert!(clients.evidence().lines().any(|line| line.starts_with("+  note ")), "{clients:?}");
    examination.finds("schema-drift", "warning", "table-notes");
    examination.finds("schema-drift", "error", "functions");
    assert!(examination.of("schema-drift").iter().all(|finding| finding.subject() != "table-scopes"));
}

#[tokio::test]
async fn a_function_that_loosens_the_checks_that_call_it_is_drift() {
    let database = Database::migrated().await;
    let loosened = "CREATE OR REPLACE FUNCTION is_scope_list(list text[]) RETURNS boolean
                    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS 'BEGIN RETURN true; END'";
    database.execute(loosened).await;
    let examination = examine(&database.url(), &[]);
    let functions = examination.finds("schema-drift", "error", "functions");
    assert!(functions.evidence().contains("BEGIN RETURN true; END"), "{functions:?}");
    assert_eq!(examination.of("schema-drift").len(), 1);
}

#[tokio::test]
async fn grants_of_other_roles_and_dated_partitions_are_no_drift() {
    let database = Database::migrated().await;
    database
        .execute("GRANT SELECT ON users, settings TO pg_monitor; GRANT SELECT (email) ON users TO pg_monitor")
        .await;
    let partition = "CREATE TABLE audit_logs_p202001 PARTITION OF audit_logs
                     FOR VALUES FROM ('016f5e66-e800-0000-0000-000000000000') TO ('016ffe0c-2400-0000-0000-000000000000')";
    database.execute(partition).await;
    examine(&database.url(), &[]).is_well("schema-drift");
    // The serving role sees the same schema.
    examine(&database.url_as(APP_ROLE), &[]).is_well("schema-drift");
}

#[tokio::test]
async fn an_owner_who_may_not_read_the_ledger_cannot_migrate() {
    let database = Database::migrated().await;
    database.execute(&format!("REVOKE SELECT ON seaql_migrations FROM {OWNER_ROLE}")).await;
    let finding = examine(&database.url(), &[]).finds("migrations-ledger", "error", "seaql_migrations");
    finding.mend(database.pool()).await;
    examine(&database.url(), &[]).is_well("migrations-ledger");
}
