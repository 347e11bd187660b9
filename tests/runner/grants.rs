//! What the role that serves requests may do.

use authority_local_postgres::{APP_ROLE, SUPERUSER};
use authority_migration::grants::{FUNCTIONS, PRIVILEGES, SERVING_ROLE};
use authority_migration::runner::{Error, LEDGER_TABLE, Options, Runner};
use sqlx::PgPool;

use super::apply;
use crate::support::{Database, Recorder, Seen, column, everything, execute, fails, server};

/// `insufficient_privilege`.
const DENIED: &str = "42501";

const AN_EVENT: &str = "INSERT INTO audit_logs (id, event, outcome, actor_kind)
                        VALUES ('019aa000-0000-7000-8000-000000000001', 'user.login', 'success', 'user')";

#[tokio::test]
async fn the_serving_role_has_exactly_its_privileges() {
    let database = Database::migrated().await;
    assert_eq!(granted(&database).await, wanted());
}

#[tokio::test]
async fn every_table_of_the_schema_has_a_line_in_the_privileges() {
    let database = Database::migrated().await;
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                  AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname COLLATE \"C\"";
    let known: Vec<_> = PRIVILEGES.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(database.column(tables).await, known);
}

#[tokio::test]
async fn the_next_run_restores_the_privileges() {
    let database = Database::migrated().await;
    let runner = Runner::new(database.pool().clone());
    database
        .execute("GRANT DELETE ON audit_logs TO authority_app; REVOKE INSERT ON users FROM authority_app")
        .await;
    assert_ne!(granted(&database).await, wanted());
    let recorder = Recorder::default();
    runner.up(None, &recorder.observer()).await.expect("a run");
    assert_eq!(granted(&database).await, wanted());
    assert_eq!(recorder.seen(), [Seen::Granted { role: SERVING_ROLE.to_owned(), tables: 2 }]);
    apply(&runner).await;
    let recorder = Recorder::default();
    runner.up(None, &recorder.observer()).await.expect("another run");
    assert_eq!(recorder.seen(), []);
}

#[tokio::test]
async fn every_function_that_a_check_calls_has_a_line_too() {
    let database = Database::migrated().await;
    let called = "SELECT DISTINCT p.oid::regprocedure::text FROM pg_constraint c
                  JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
                  JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
                  WHERE c.contype = 'c' AND p.pronamespace = 'public'::regnamespace ORDER BY 1";
    assert_eq!(database.column(called).await, FUNCTIONS);
}

#[tokio::test]
async fn the_serving_role_may_call_what_checks_call_also_where_not_everybody_may() {
    let database = Database::migrated().await;
    for function in FUNCTIONS {
        database.execute(&format!("REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")).await;
    }
    let serving = database.pool_as(APP_ROLE).await;
    assert_eq!(fails(&serving, AN_EVENT).await.code, DENIED);
    apply(&Runner::new(database.pool().clone())).await;
    execute(&serving, AN_EVENT).await;
}

#[tokio::test]
async fn a_serving_role_that_does_not_exist_is_no_error() {
    let database = Database::empty().await;
    let options = Options { serving_role: "nobody_here".to_owned(), ..Options::default() };
    apply(&Runner::new(database.pool().clone()).with_options(options)).await;
    assert_eq!(granted(&database).await, [""; 0]);
}

#[tokio::test]
async fn no_run_lets_a_second_role_serve_requests() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "CREATE ROLE second_app LOGIN").await;
    let named = |role: &str| {
        let options = Options { serving_role: role.to_owned(), ..Options::default() };
        Runner::new(database.pool().clone()).with_options(options)
    };
    let before = everything(database.pool()).await;
    for role in ["second_app", "nobody_here"] {
        let runner = named(role);
        let refused = [
            runner.up(None, &|_| {}).await.map(drop),
            runner.plan(None).await.map(drop),
            runner.grant(&|_| {}).await,
            runner.redo(1, &|_| {}).await.map(drop),
            runner.fresh(&|_| {}).await.map(drop),
        ];
        for outcome in refused {
            let error = outcome.expect_err("another role serves requests");
            let Error::ServedByAnother { serving, named } = &error else { panic!("{error:?}") };
            assert_eq!((&**serving, &**named), (SERVING_ROLE, role));
            let fix = error.fix("authority-db").expect("a fix");
            assert!(fix.starts_with("AUTHORITY_SERVING_ROLE='authority_app', "), "{fix}");
        }
        assert_eq!(everything(database.pool()).await, before);
    }
    // What the error recommends for a change of roles.
    database.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM \"authority_app\"").await;
    apply(&named("second_app")).await;
    assert_eq!(granted(&database).await, [""; 0]);
    assert!(named(SERVING_ROLE).up(None, &|_| {}).await.is_err());
}

#[tokio::test]
async fn two_roles_that_serve_requests_already_are_the_operators_choice() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "CREATE ROLE green_app LOGIN").await;
    database.execute("GRANT INSERT ON access_tokens TO green_app").await;
    for role in ["green_app", SERVING_ROLE] {
        let options = Options { serving_role: role.to_owned(), ..Options::default() };
        apply(&Runner::new(database.pool().clone()).with_options(options)).await;
    }
    assert_eq!(granted(&database).await, wanted());
}

#[tokio::test]
async fn the_audit_trail_can_only_grow() {
    let database = Database::migrated().await;
    let serving = database.pool_as(APP_ROLE).await;
    execute(&serving, AN_EVENT).await;
    assert_eq!(column(&serving, "SELECT event FROM audit_logs").await, ["user.login"]);
    for table in ["audit_logs", "audit_logs_default"] {
        for statement in [
            format!("UPDATE {table} SET event = 'user.logout'"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} ADD COLUMN more text"),
        ] {
            assert_denied(&serving, &statement).await;
        }
    }
    assert_eq!(column(&serving, "SELECT event FROM audit_logs").await, ["user.login"]);
}

#[tokio::test]
async fn the_serving_role_reads_the_ledger_and_changes_neither_it_nor_the_schema() {
    let database = Database::migrated().await;
    let serving = database.pool_as(APP_ROLE).await;
    let steps = column(&serving, &format!("SELECT version FROM {LEDGER_TABLE}")).await;
    assert_eq!(steps.len(), authority_migration::migrations::ALL.len());
    for statement in [
        format!("INSERT INTO {LEDGER_TABLE} (version, applied_at) VALUES ('m', 0)"),
        format!("UPDATE {LEDGER_TABLE} SET applied_at = 0"),
        format!("DELETE FROM {LEDGER_TABLE}"),
        "DELETE FROM users".to_owned(),
        "DELETE FROM clients".to_owned(),
        "CREATE INDEX mine ON users (given_name)".to_owned(),
    ] {
        assert_denied(&serving, &statement).await;
    }
}

#[tokio::test]
async fn the_serving_role_cannot_create_tables() {
    let database = Database::migrated().await;
    if server().version().major() < 15 {
        // Everybody may create in a new database there, until its administrator says otherwise.
        execute(&database.pool_as(SUPERUSER).await, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    }
    let serving = database.pool_as(APP_ROLE).await;
    assert_denied(&serving, "CREATE TABLE mine (id integer)").await;
}

async fn assert_denied(pool: &PgPool, statement: &str) {
    let refusal = fails(pool, statement).await;
    assert_eq!(refusal.code, DENIED, "{statement}: {refusal:?}");
}

/// `table: PRIVILEGE, PRIVILEGE` for each table on which the serving role has any, on it or on its columns.
async fn granted(database: &Database) -> Vec<String> {
    let sql = "
        SELECT format('%s: %s', relname, string_agg(DISTINCT privilege_type, ', ' ORDER BY privilege_type))
        FROM (
            SELECT c.relname, p.privilege_type, p.grantee FROM pg_class c, aclexplode(c.relacl) p
            UNION ALL
            SELECT c.relname, p.privilege_type || ' on a column', p.grantee
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) p
        ) AS held
        WHERE grantee = 'authority_app'::regrole GROUP BY relname ORDER BY relname COLLATE \"C\"";
    database.column(sql).await
}

fn wanted() -> Vec<String> {
    PRIVILEGES.iter().map(|(table, privileges)| format!("{table}: {}", privileges.join(", "))).collect()
}
