//! Databases that cannot or must not be migrated stay as they are.

use authority_local_postgres::{APP_ROLE, OWNER_ROLE, SUPERUSER};
use authority_migration::migrations::ALL;
use authority_migration::runner::{Error, LEDGER_TABLE, Runner, State};
use sqlx::PgPool;

use super::apply;
use crate::support::{Database, everything, execute};

#[tokio::test]
async fn a_database_with_somebody_elses_users_is_refused() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE users (id integer)").await;
    let error = refused(database.pool()).await;
    assert!(matches!(&error, Error::InTheWay { tables, .. } if tables == &["users"]), "{error:?}");
}

#[tokio::test]
async fn a_view_under_the_name_of_a_table_is_in_the_way_too() {
    let database = Database::empty().await;
    database.execute("CREATE VIEW settings AS SELECT 1 AS one").await;
    let error = refused(database.pool()).await;
    assert!(matches!(&error, Error::InTheWay { tables, .. } if tables == &["settings"]), "{error:?}");
}

#[tokio::test]
async fn a_database_of_another_application_that_uses_seaorm_is_refused() {
    let database = Database::empty().await;
    database
        .execute(&format!(
            "CREATE TABLE {LEDGER_TABLE} (version varchar PRIMARY KEY, applied_at bigint NOT NULL);
             INSERT INTO {LEDGER_TABLE} VALUES ('m20220101_000001_create_table', 0)"
        ))
        .await;
    let error = refused(database.pool()).await;
    let Error::OtherApplication { unknown, .. } = &error else { panic!("{error:?}") };
    assert_eq!(unknown, &["m20220101_000001_create_table"]);
}

#[tokio::test]
async fn a_table_of_the_ledgers_name_that_is_no_ledger_is_refused() {
    let database = Database::empty().await;
    database.execute(&format!("CREATE TABLE {LEDGER_TABLE} (id integer)")).await;
    let error = refused(database.pool()).await;
    assert!(matches!(error, Error::ForeignLedger), "{error:?}");
}

#[tokio::test]
async fn a_role_that_may_not_create_is_refused() {
    let database = Database::empty().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    let error = refused(&database.pool_as(APP_ROLE).await).await;
    assert!(matches!(&error, Error::MayNotCreate { role, .. } if role == APP_ROLE), "{error:?}");
}

#[tokio::test]
async fn a_read_only_database_is_refused() {
    let database = Database::empty().await;
    let alter = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.execute(&alter).await;
    let error = refused(&database.pool_as(OWNER_ROLE).await).await;
    assert!(matches!(&error, Error::ReadOnly { role, .. } if role == OWNER_ROLE), "{error:?}");
}

#[tokio::test]
async fn a_database_without_the_schema_public_is_refused() {
    let database = Database::empty().await;
    execute(&database.pool_as(SUPERUSER).await, "DROP SCHEMA public").await;
    let error = refused(database.pool()).await;
    assert!(matches!(error, Error::NoPublicSchema { .. }), "{error:?}");
}

#[tokio::test]
async fn the_status_of_an_empty_database_creates_nothing() {
    let database = Database::empty().await;
    let status = Runner::new(database.pool().clone()).status().await.expect("status");
    assert_eq!(status.pending().count(), ALL.len());
    assert_eq!(everything(database.pool()).await, "");
}

#[tokio::test]
async fn a_role_that_may_only_read_the_ledger_sees_the_status() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM authority_app").await;
    let runner = Runner::new(database.pool_as(APP_ROLE).await);
    let error = runner.status().await;
    let Err(error @ Error::MayNotReadLedger { .. }) = error else { panic!("{error:?}") };
    let fix = error.fix("authority-db").expect("it can be mended");
    let (_, grant) = fix.split_once("as its owner: ").expect("a statement for the owner");
    execute(&superuser, grant).await;
    let before = everything(database.pool()).await;
    let status = runner.status().await.expect("status");
    assert!(status.steps.iter().all(|step| matches!(step.state, State::Applied(_))), "{status:?}");
    assert_eq!(everything(database.pool()).await, before);
}

#[tokio::test]
async fn what_stands_beside_the_tables_of_authority_is_not_touched() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE reports (id integer); INSERT INTO reports VALUES (1)").await;
    let runner = Runner::new(database.pool().clone());
    apply(&runner).await;
    runner.down(ALL.len(), &|_| {}).await.expect("everything can be taken back");
    assert_eq!(database.column("SELECT id FROM reports").await, ["1"]);
}

/// The error of a run that has to be refused, and must not change anything.
async fn refused(pool: &PgPool) -> Error {
    let before = everything(pool).await;
    let error = Runner::new(pool.clone()).up(None, &|_| {}).await.expect_err("the run is refused");
    assert_eq!(everything(pool).await, before);
    error
}
