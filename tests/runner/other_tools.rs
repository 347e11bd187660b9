//! SeaORM's own migrator on the same ledger.

use authority_migration::migrations::ALL;
use authority_migration::runner::{Runner, State};
use authority_migration::{Migration, Migrator};
use authority_schema::canonical;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sea_orm_migration::{MigrationStatus, MigratorTrait};

use super::{apply, names, recorded};
use crate::support::{Database, canonical_text, schema};

#[tokio::test]
async fn seaorm_sees_what_the_runner_applied() {
    let database = Database::empty().await;
    let runner = Runner::new(database.pool().clone());
    let half = &ALL[..ALL.len() / 2];
    let target = half.last().map(Migration::name);
    runner.up(target, &|_| {}).await.expect("the first half");
    for (at, migration) in Migrator::get_migration_with_status_read_only(&seaorm(&database))
        .await
        .expect("status")
        .iter()
        .enumerate()
    {
        let expected = if at < half.len() { MigrationStatus::Applied } else { MigrationStatus::Pending };
        assert_eq!(migration.status(), expected, "{}", migration.name());
    }
    Migrator::up(&seaorm(&database), None).await.expect("SeaORM applies the second half");
    assert_same_as_migrated(&database).await;
    let status = runner.status().await.expect("status");
    assert!(status.is_up_to_date(), "{status:?}");
    for (at, step) in status.steps.iter().enumerate() {
        let fingerprinted = matches!(step.state, State::Applied(_));
        assert_eq!(fingerprinted, at < half.len(), "{step:?}");
    }
}

#[tokio::test]
async fn the_runner_goes_on_where_seaorm_stopped() {
    let database = Database::empty().await;
    Migrator::up(&seaorm(&database), Some(4)).await.expect("SeaORM applies four");
    let runner = Runner::new(database.pool().clone());
    let status = runner.status().await.expect("status");
    assert!(status.steps[..4].iter().all(|step| matches!(step.state, State::Unfingerprinted(_))));
    assert_eq!(apply(&runner).await, names(&ALL[4..]));
    assert_eq!(recorded(&database).await, names(ALL));
    assert_same_as_migrated(&database).await;
}

#[tokio::test]
async fn each_takes_back_what_the_other_applied() {
    let database = Database::empty().await;
    let runner = Runner::new(database.pool().clone());
    apply(&runner).await;
    Migrator::down(&seaorm(&database), Some(2)).await.expect("SeaORM takes back what the runner applied");
    assert_eq!(recorded(&database).await, names(&ALL[..ALL.len() - 2]));
    Migrator::up(&seaorm(&database), None).await.expect("SeaORM applies it again");
    runner.down(ALL.len(), &|_| {}).await.expect("the runner takes back what SeaORM applied");
    assert_eq!(canonical_text(database.pool()).await, "");
}

fn seaorm(database: &Database) -> DatabaseConnection {
    SqlxPostgresConnector::from_sqlx_postgres_pool(database.pool().clone())
}

async fn assert_same_as_migrated(database: &Database) {
    let migrated = Database::migrated().await;
    assert_eq!(without_grants(database).await, without_grants(&migrated).await);
}

/// The schema as text. SeaORM's migrator gives no privileges to anybody.
async fn without_grants(database: &Database) -> String {
    let mut schema = schema(database.pool()).await;
    for table in &mut schema.tables {
        table.grants.clear();
    }
    canonical::whole(&schema)
}
