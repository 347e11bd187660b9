//! What the ledger says, against what a program knows.

use authority_migration::runner::{Error, State};
use authority_migration::{Migration, Script};

use super::{LAST, PEOPLE, PEOPLE_AGE, apply, names, recorded, runner};
use crate::support::{Database, everything};

/// [`PEOPLE_AGE`], edited after it was applied.
const EDITED: Migration = Migration::new(
    "m20990101_000002_people_age",
    || Script::new().sql("ALTER TABLE \"people\" ADD COLUMN \"age\" bigint"),
    || Script::new().sql("ALTER TABLE \"people\" DROP COLUMN \"age\""),
);

/// [`LAST`], which older programs cannot work with.
const BREAKING: Migration = LAST.breaking();

#[tokio::test]
async fn an_edited_migration_is_reported_with_both_texts_and_nothing_is_applied() {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, PEOPLE_AGE])).await;
    let before = everything(database.pool()).await;
    let runner = runner(&database, &[PEOPLE, EDITED, LAST]);
    let error = runner.up(None, &|_| {}).await;
    let Err(Error::Edited { name, recorded, current }) = &error else { panic!("{error:?}") };
    assert_eq!(name, EDITED.name());
    assert_eq!(recorded, "ALTER TABLE \"people\" ADD COLUMN \"age\" integer;\n");
    assert_eq!(current, "ALTER TABLE \"people\" ADD COLUMN \"age\" bigint;\n");
    assert_eq!(everything(database.pool()).await, before);

    let status = runner.status().await.expect("the status can be read");
    let [_, edited, _] = status.steps.as_slice() else { panic!("{status:?}") };
    assert!(matches!(edited.state, State::Edited { .. }), "{edited:?}");
    assert!(!status.is_up_to_date());
}

#[tokio::test]
async fn an_edited_migration_can_be_redone() {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, PEOPLE_AGE])).await;
    let runner = runner(&database, &[PEOPLE, EDITED]);
    assert_eq!(runner.redo(1, &|_| {}).await.expect("redo"), names(&[EDITED]));
    assert!(runner.status().await.expect("the status can be read").is_up_to_date());
    let kind =
        "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'people'::regclass AND attname = 'age'";
    assert_eq!(database.column(kind).await, ["bigint"]);
}

#[tokio::test]
async fn a_migration_older_than_an_applied_one_is_refused() {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, LAST])).await;
    let before = everything(database.pool()).await;
    let runner = runner(&database, &[PEOPLE, PEOPLE_AGE, LAST]);
    let error = runner.up(None, &|_| {}).await;
    assert!(matches!(&error, Err(Error::OutOfOrder { name }) if name == PEOPLE_AGE.name()), "{error:?}");
    assert_eq!(everything(database.pool()).await, before);
    let status = runner.status().await.expect("the status can be read");
    assert_eq!(status.steps[1].state, State::OutOfOrder);
    assert!(!status.is_up_to_date());
}

#[tokio::test]
async fn a_newer_database_is_accepted_by_an_older_program() {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, PEOPLE_AGE, LAST])).await;
    let older = runner(&database, &[PEOPLE]);
    assert_eq!(apply(&older).await, [""; 0]);
    let status = older.status().await.expect("the status can be read");
    assert!(status.is_up_to_date());
    let unknown: Vec<_> = status.unknown.iter().map(|one| (one.name.as_str(), one.compatible)).collect();
    assert_eq!(unknown, [(PEOPLE_AGE.name(), true), (LAST.name(), true)]);
}

#[tokio::test]
async fn a_newer_database_is_refused_once_a_breaking_migration_was_applied() {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, PEOPLE_AGE, BREAKING])).await;
    let before = everything(database.pool()).await;
    for older in [&[PEOPLE][..], &[PEOPLE, PEOPLE_AGE]] {
        let older = runner(&database, older);
        let error = older.up(None, &|_| {}).await;
        let Err(Error::Newer { unknown, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(unknown, &[BREAKING.name()]);
        assert!(!older.status().await.expect("the status can be read").is_up_to_date());
    }
    assert_eq!(everything(database.pool()).await, before);
    assert_eq!(apply(&runner(&database, &[PEOPLE, PEOPLE_AGE, BREAKING])).await, [""; 0]);
}

#[tokio::test]
async fn a_migration_after_a_breaking_one_is_compatible_with_programs_that_know_that_one() {
    const AFTER: Migration = Migration::new(
        "m20990102_000001_after",
        || Script::new().sql("CREATE TABLE \"after\" (\"id\" integer)"),
        || Script::new().sql("DROP TABLE \"after\""),
    );
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, BREAKING, AFTER])).await;
    assert_eq!(apply(&runner(&database, &[PEOPLE, BREAKING])).await, [""; 0]);
    let error = runner(&database, &[PEOPLE]).up(None, &|_| {}).await;
    assert!(matches!(error, Err(Error::Newer { .. })), "{error:?}");
}

#[tokio::test]
async fn what_another_program_applied_is_not_taken_back_unseen() {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE, LAST])).await;
    let before = everything(database.pool()).await;
    let error = runner(&database, &[PEOPLE]).down(2, &|_| {}).await;
    assert!(matches!(&error, Err(Error::UnknownMigration { name }) if name == LAST.name()), "{error:?}");
    assert_eq!(everything(database.pool()).await, before);
    assert_eq!(recorded(&database).await, names(&[PEOPLE, LAST]));
}
