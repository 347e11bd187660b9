//! The history of the schema, forwards and backwards.

use std::collections::BTreeSet;

use authority_migration::Migration;
use authority_migration::migrations::ALL;
use authority_migration::runner::{LEDGER_TABLE, Runner};

use crate::support::{Database, assert_snapshots, canonical_text};

/// Everything that stands in the schema `public`, whatever its kind.
const STANDING_IN_PUBLIC: &str = "
    SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'public'::regnamespace ORDER BY 1";

#[test]
fn the_sql_of_every_migration_is_as_reviewed() {
    let texts: Vec<_> = ALL
        .iter()
        .map(|migration| {
            let (up, down) = (migration.up().text(), migration.down().text());
            (migration.name().to_owned(), format!("-- up\n{up}\n-- down\n{down}"))
        })
        .collect();
    assert_snapshots("migrations", &texts);
}

#[test]
fn the_names_of_migrations_are_sorted_and_unique() {
    let names: Vec<_> = ALL.iter().map(Migration::name).collect();
    let sorted: Vec<_> = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(names, sorted);
}

#[test]
fn no_migration_hides_drift_behind_if_not_exists() {
    for migration in ALL {
        for direction in [migration.up(), migration.down()] {
            let text = direction.text().to_uppercase();
            assert!(!text.contains("IF NOT EXISTS"), "{}", migration.name());
        }
    }
}

#[test]
fn a_migration_without_a_transaction_holds_one_statement() {
    for migration in ALL.iter().filter(|migration| !migration.in_transaction()) {
        for direction in [migration.up(), migration.down()] {
            assert_eq!(direction.statements().len(), 1, "{}", migration.name());
        }
    }
}

#[tokio::test]
async fn each_step_up_and_down_and_up_again_gives_the_same_schema() {
    let database = Database::empty().await;
    let runner = Runner::new(database.pool().clone());
    let mut before = canonical_text(database.pool()).await;
    for migration in ALL {
        let name = migration.name();
        up_to(&runner, name).await;
        let after = canonical_text(database.pool()).await;
        assert_ne!(before, after, "{name} does something");
        let taken_back = runner.down(1, &|_| {}).await.expect("the step can be taken back");
        assert_eq!(taken_back, [name]);
        assert_eq!(canonical_text(database.pool()).await, before, "{name} was taken back");
        up_to(&runner, name).await;
        assert_eq!(canonical_text(database.pool()).await, after, "{name} was applied again");
        before = after;
    }
}

#[tokio::test]
async fn a_complete_down_leaves_nothing_but_the_ledger() {
    let database = Database::migrated().await;
    let standing = database.column(STANDING_IN_PUBLIC).await;
    assert!(standing.contains(&"table users".to_owned()), "{standing:?}");
    let runner = Runner::new(database.pool().clone());
    runner.down(ALL.len(), &|_| {}).await.expect("everything can be taken back");
    assert_eq!(database.column(STANDING_IN_PUBLIC).await, [format!("table {LEDGER_TABLE}")]);
    assert_eq!(database.column(&format!("SELECT version FROM {LEDGER_TABLE}")).await, [""; 0]);
}

async fn up_to(runner: &Runner, name: &str) {
    let applied = runner.up(Some(name), &|_| {}).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    assert_eq!(applied, [name]);
}
