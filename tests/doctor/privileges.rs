use authority_local_postgres::{APP_ROLE, OWNER_ROLE, SUPERUSER};

use super::examination::{examine, examine_for};
use super::own_server::OwnServer;
use crate::support::{Database, execute};

#[tokio::test]
async fn the_serving_role_does_not_exist() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("serving-role-exists");
    nobody_serves(&database).await;
    let examination = examine_for(&database.url(), "doctor's \\role");
    let finding = examination.finds("serving-role-exists", "warning", "doctor's \\role");
    assert!(finding.fix().starts_with("CREATE ROLE \"doctor's \\role\" LOGIN"), "{finding:?}");
    for check in ["serving-role-attributes", "serving-role-access", "serving-role-privileges"] {
        assert_eq!(examination.skips(check), "the serving role does not exist");
    }
}

async fn nobody_serves(database: &Database) {
    database.execute(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP_ROLE}")).await;
}

#[tokio::test]
async fn another_role_serves_requests_than_the_one_that_is_named() {
    let database = Database::migrated().await;
    execute(&database.pool_as(SUPERUSER).await, "CREATE ROLE doctor_other LOGIN").await;
    examine(&database.url(), &[]).is_well("serving-role-other");
    let examination = examine_for(&database.url(), "doctor_other");
    let finding = examination.finds("serving-role-other", "error", APP_ROLE);
    assert!(finding.fix().starts_with(&format!("AUTHORITY_SERVING_ROLE={APP_ROLE},")), "{finding:?}");
    // What would have to be granted to the wrong one is not said.
    for check in ["serving-role-exists", "serving-role-privileges"] {
        assert_eq!(examination.skips(check), "needs serving-role-other");
    }
    database.execute("GRANT INSERT ON access_tokens TO doctor_other").await;
    for (named, other) in [("doctor_other", APP_ROLE), (APP_ROLE, "doctor_other")] {
        examine_for(&database.url(), named).finds("serving-role-other", "info", other);
    }
    database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO doctor_other").await;
    database.execute("REVOKE INSERT ON access_tokens FROM doctor_other").await;
    examine(&database.url(), &[]).is_well("serving-role-other");
}

#[tokio::test]
async fn the_serving_role_has_special_powers() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    examine(&database.url(), &[]).is_well("serving-role-attributes");
    execute(&superuser, "CREATE ROLE doctor_mighty LOGIN CREATEDB CREATEROLE").await;
    let finding = examine_for(&database.url(), "doctor_mighty").finds(
        "serving-role-attributes",
        "warning",
        "doctor_mighty",
    );
    finding.mend(&superuser).await;
    examine_for(&database.url(), "doctor_mighty").is_well("serving-role-attributes");
    execute(&superuser, "ALTER ROLE doctor_mighty SUPERUSER").await;
    let examination = examine_for(&database.url(), "doctor_mighty");
    let finding = examination.finds("serving-role-attributes", "error", "doctor_mighty");
    // A superuser can do everything, to audit_logs as well.
    examination.finds("audit-append-only", "error", "audit_logs");
    finding.mend(&superuser).await;
    let examination = examine_for(&database.url(), "doctor_mighty");
    examination.is_well("serving-role-attributes");
    examination.is_well("audit-append-only");
}

#[tokio::test]
async fn the_serving_role_owns_a_table() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    examine(&database.url(), &[]).is_well("serving-role-owns");
    execute(&superuser, "CREATE ROLE doctor_owner LOGIN; ALTER TABLE settings OWNER TO doctor_owner").await;
    let finding =
        examine_for(&database.url(), "doctor_owner").finds("serving-role-owns", "error", "doctor_owner");
    finding.mend(&superuser).await;
    examine_for(&database.url(), "doctor_owner").is_well("serving-role-owns");
}

#[tokio::test]
async fn the_serving_role_is_a_member_of_the_owner() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, &format!("CREATE ROLE doctor_member LOGIN; GRANT {OWNER_ROLE} TO doctor_member"))
        .await;
    let examination = examine_for(&database.url(), "doctor_member");
    let finding = examination.finds("serving-role-owns", "error", "doctor_member");
    let through_it = examination.finds("audit-append-only", "error", "audit_logs");
    assert_eq!(finding.fix(), through_it.fix());
    finding.mend(&superuser).await;
    let examination = examine_for(&database.url(), "doctor_member");
    examination.is_well("serving-role-owns");
    examination.is_well("audit-append-only");
}

#[tokio::test]
async fn the_serving_role_does_not_get_in() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    examine(&database.url(), &[]).is_well("serving-role-access");
    let name = database.name();
    execute(
        &superuser,
        &format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC; REVOKE USAGE ON SCHEMA public FROM PUBLIC"),
    )
    .await;
    let examination = examine(&database.url_as(SUPERUSER), &[]);
    let door = examination.finds("serving-role-access", "error", &format!("database {name}"));
    let room = examination.finds("serving-role-access", "error", "schema public");
    for finding in [door, room] {
        finding.mend(&superuser).await;
    }
    examine(&database.url_as(SUPERUSER), &[]).is_well("serving-role-access");
}

#[tokio::test]
async fn the_serving_role_has_less_or_more_than_its_privileges() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("serving-role-privileges");
    database
        .execute(&format!("REVOKE INSERT, UPDATE ON users FROM {APP_ROLE}; GRANT DELETE ON users TO PUBLIC"))
        .await;
    database.execute(&format!("GRANT TRUNCATE ON sessions TO {APP_ROLE}")).await;
    let examination = examine(&database.url(), &[]);
    let less = examination.finds("serving-role-privileges", "error", "users");
    assert_eq!(less.fix(), format!("GRANT INSERT, UPDATE ON TABLE \"users\" TO \"{APP_ROLE}\";"));
    let more = examination.finds("serving-role-privileges", "warning", "users");
    let other = examination.finds("serving-role-privileges", "warning", "sessions");
    for finding in [less, more, other] {
        finding.mend(database.pool()).await;
    }
    examine(&database.url(), &[]).is_well("serving-role-privileges");
}

#[tokio::test]
async fn a_role_without_any_privilege_gets_exactly_what_it_lacks() {
    let database = Database::migrated().await;
    execute(&database.pool_as(SUPERUSER).await, "CREATE ROLE doctor_novice LOGIN").await;
    nobody_serves(&database).await;
    let findings = examine_for(&database.url(), "doctor_novice").of("serving-role-privileges");
    assert_eq!(findings.len(), authority_migration::grants::PRIVILEGES.len());
    for finding in findings {
        finding.mend(database.pool()).await;
    }
    let examination = examine_for(&database.url(), "doctor_novice");
    examination.is_well("serving-role-privileges");
    examination.is_well("audit-append-only");
}

#[tokio::test]
async fn the_serving_role_can_change_the_audit_trail() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("audit-append-only");
    database.execute(&format!("GRANT DELETE, TRUNCATE ON audit_logs TO {APP_ROLE}")).await;
    database.execute(&format!("GRANT UPDATE (details) ON audit_logs_default TO {APP_ROLE}")).await;
    let examination = examine(&database.url(), &[]);
    let table = examination.finds("audit-append-only", "error", "audit_logs");
    let partition = examination.finds("audit-append-only", "error", "audit_logs_default");
    // Said once, not by both checks.
    examination.is_well("serving-role-privileges");
    for finding in [table, partition] {
        finding.mend(database.pool()).await;
    }
    examine(&database.url(), &[]).is_well("audit-append-only");
}

#[tokio::test]
async fn everybody_may_create_objects() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "GRANT CREATE ON SCHEMA public TO PUBLIC").await;
    let finding = examine(&database.url(), &[]).finds("public-schema-create", "warning", "public");
    finding.mend(&superuser).await;
    examine(&database.url(), &[]).is_well("public-schema-create");
    // The owner still can.
    database.execute("CREATE TABLE doctor_was_here ()").await;
}

#[tokio::test]
async fn an_examination_as_a_superuser_says_so() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("superuser");
    let finding = examine(&database.url_as(SUPERUSER), &[]).finds("superuser", "info", SUPERUSER);
    assert!(finding.fix().contains(APP_ROLE), "{finding:?}");
}

#[tokio::test]
async fn the_serving_role_may_not_log_in() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    examine(&database.url(), &[]).is_well("serving-role-login");
    execute(&superuser, "CREATE ROLE doctor_barred NOLOGIN VALID UNTIL '2999-12-31'").await;
    let examine = || examine_for(&database.url(), "doctor_barred");
    examine().finds("serving-role-login", "error", "doctor_barred").mend(&superuser).await;
    examine().is_well("serving-role-login");
    execute(&superuser, "ALTER ROLE doctor_barred VALID UNTIL '2020-01-01'").await;
    let expired = examine().finds("serving-role-login", "error", "doctor_barred");
    assert!(expired.message().contains("expired at 20"), "{expired:?}");
    expired.mend(&superuser).await;
    examine().is_well("serving-role-login");
}

#[tokio::test]
async fn the_serving_role_has_no_password_where_one_is_asked_for() {
    let own = OwnServer::with(&[]);
    let superuser = own.superuser();
    execute(&superuser, "CREATE ROLE doctor_silent LOGIN").await;
    let examine = || examine_for(&own.superuser_url(), "doctor_silent");
    examine().is_well("serving-role-password");
    own.write_access("local all postgres trust\nlocal all all scram-sha-256\nlocal all all trust\n");
    let finding = examine().finds("serving-role-password", "error", "doctor_silent");
    assert_eq!(finding.evidence(), "local all all scram-sha-256");
    assert!(finding.fix().contains("\\password"), "{finding:?}");
    execute(&superuser, "ALTER ROLE doctor_silent PASSWORD 'spoken'").await;
    examine().is_well("serving-role-password");
}

#[tokio::test]
async fn another_role_owns_a_table() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    examine(&database.url(), &[]).is_well("table-owners");
    let sql = "ALTER TABLE settings OWNER TO postgres; ALTER TABLE audit_logs_default OWNER TO postgres;
               ALTER TABLE seaql_migrations OWNER TO postgres; CREATE TABLE of_somebody_else (id integer)";
    execute(&superuser, sql).await;
    let examination = examine(&database.url(), &[]);
    for table in ["settings", "audit_logs", "seaql_migrations"] {
        examination.finds("table-owners", "error", table).mend(&superuser).await;
    }
    assert_eq!(examination.of("table-owners").len(), 3);
    examine(&database.url(), &[]).is_well("table-owners");
}

/// As on a managed service, where the database is the administrator's.
#[tokio::test]
async fn one_role_may_own_every_table_of_a_database_that_is_not_its_own() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    let alter = format!("ALTER DATABASE {} OWNER TO doctor_landlord", database.name());
    execute(&superuser, &format!("CREATE ROLE doctor_landlord; {alter}")).await;
    execute(&superuser, &format!("GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}")).await;
    examine(&database.url(), &[]).is_well("table-owners");
    execute(&superuser, &format!("REVOKE CREATE ON SCHEMA public FROM {OWNER_ROLE}, PUBLIC")).await;
    examine(&database.url(), &[]).finds("table-owners", "error", "users");
}

#[tokio::test]
async fn everybody_may_connect() {
    let database = Database::migrated().await;
    let finding = examine(&database.url(), &[]).finds("public-connect", "info", database.name());
    assert!(finding.message().contains("CONNECT and TEMPORARY"), "{finding:?}");
    finding.mend(database.pool()).await;
    // The serving role still comes in.
    let examination = examine(&database.url_as(APP_ROLE), &[]);
    examination.is_well("public-connect");
    examination.is_well("serving-role-access");
}
