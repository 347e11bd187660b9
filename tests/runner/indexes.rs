//! Indexes that are built concurrently, outside a transaction.

use std::time::Duration;

use authority_local_postgres::OWNER_ROLE;
use authority_migration::runner::{Error, Options, Runner};
use authority_migration::{Migration, Script};

use super::{PEOPLE, apply, end, names, patient, recorded, runner, start, waits_for_a_lock};
use crate::support::{Database, Need, Recorder, Seen, Session, eventually};

pub(super) const INDEX: Migration = Migration::new(
    "m20990101_000004_people_name",
    || Script::new().sql("CREATE UNIQUE INDEX CONCURRENTLY \"uq_people_name\" ON \"people\" (\"name\")"),
    || Script::new().sql("DROP INDEX CONCURRENTLY \"uq_people_name\""),
)
.without_transaction();

const BUILDING: &str = "CREATE UNIQUE INDEX CONCURRENTLY";
const WRITING: &str = "INSERT INTO people VALUES (1, 'Ada')";

#[tokio::test]
async fn a_waiting_runner_does_not_hold_up_a_concurrent_index() {
    let database = database_with_people().await;
    let writer = Session::begin(&database, WRITING).await;
    let first = start(patient(&database, &[PEOPLE, INDEX]), &Recorder::default());
    waits_for_a_lock(&database, BUILDING).await;
    let recorder = Recorder::default();
    let second = start(patient(&database, &[PEOPLE, INDEX]), &recorder);
    eventually("the second run waits", async || recorder.saw(|seen| matches!(seen, Seen::Waiting(_)))).await;
    writer.end().await;
    assert_eq!(end(first).await.expect("the first run"), names(&[INDEX]));
    assert_eq!(end(second).await.expect("the second run"), [""; 0]);
    assert_eq!(indexes(&database).await, ["uq_people_name valid"]);
}

#[tokio::test]
async fn an_index_that_cannot_be_built_leaves_nothing_behind() {
    let database = database_with_people().await;
    database.execute("INSERT INTO people VALUES (1, 'Ada'), (2, 'Ada')").await;
    let recorder = Recorder::default();
    let runner = runner(&database, &[PEOPLE, INDEX]);
    let error = runner.up(None, &recorder.observer()).await;
    let Err(Error::Failed { name, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(name, INDEX.name());
    assert_eq!(recorder.seen(), [Seen::LeftoverDropped("uq_people_name".to_owned())]);
    assert_eq!(indexes(&database).await, [""; 0]);
    assert_eq!(recorded(&database).await, names(&[PEOPLE]));

    database.execute("DELETE FROM people WHERE id = 2").await;
    assert_eq!(apply(&runner).await, names(&[INDEX]));
    assert_eq!(indexes(&database).await, ["uq_people_name valid"]);
}

#[tokio::test]
async fn an_index_that_a_dead_runner_left_half_built_is_built_anew() {
    let database = database_with_people().await;
    let writer = Session::begin(&database, WRITING).await;
    let pool = database.pool_as(OWNER_ROLE).await;
    let doomed = Runner::new(pool.clone())
        .with_migrations(vec![PEOPLE, INDEX])
        .with_options(Options { lock_timeout: Duration::from_hours(1), ..Options::default() });
    let run = start(doomed, &Recorder::default());
    let backend = waits_for_a_lock(&database, BUILDING).await;
    run.abort();
    assert!(run.await.expect_err("it was cut off").is_cancelled());
    assert_eq!(database.column(&format!("SELECT pg_terminate_backend({backend})")).await, ["t"]);
    writer.end().await;
    pool.close().await;
    assert_eq!(indexes(&database).await, ["uq_people_name invalid"]);

    let recorder = Recorder::default();
    let applied = runner(&database, &[PEOPLE, INDEX]).up(None, &recorder.observer()).await;
    assert_eq!(applied.expect("the next run"), names(&[INDEX]));
    let dropped = Seen::LeftoverDropped("uq_people_name".to_owned());
    assert_eq!(recorder.seen(), [dropped, Seen::Applied(INDEX.name().to_owned())]);
    assert_eq!(indexes(&database).await, ["uq_people_name valid"]);
}

#[tokio::test]
async fn an_index_gives_way_to_a_long_transaction_and_is_built_after_it() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database_with_people().await;
    let writer = Session::begin(&database, WRITING).await;
    let options = Options { lock_timeout: Duration::from_millis(50), ..Options::default() };
    let recorder = Recorder::default();
    let run = start(runner(&database, &[PEOPLE, INDEX]).with_options(options), &recorder);
    let gave_way = |seen: &Seen| match seen {
        Seen::Retrying { blockers, .. } => blockers.iter().any(|blocker| blocker.pid == writer.pid()),
        _ => false,
    };
    eventually("the index gives way, or the run fails", async || recorder.saw(gave_way) || run.is_finished())
        .await;
    assert!(!run.is_finished(), "{:?}", end(run).await);
    writer.end().await;
    assert_eq!(end(run).await.expect("the run"), names(&[INDEX]));
    assert_eq!(indexes(&database).await, ["uq_people_name valid"]);
}

#[tokio::test]
async fn a_migration_without_a_transaction_holds_exactly_one_statement() {
    const TWO: Migration =
        Migration::new("m20990101_000005_two", || Script::new().sql("SELECT 1").sql("SELECT 2"), Script::new)
            .without_transaction();
    let database = Database::empty().await;
    let error = runner(&database, &[TWO]).up(None, &|_| {}).await;
    assert!(matches!(error, Err(Error::NotOneStatement { .. })), "{error:?}");
    assert_eq!(recorded(&database).await, [""; 0]);
}

async fn database_with_people() -> Database {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE])).await;
    database
}

async fn indexes(database: &Database) -> Vec<String> {
    let sql =
        "SELECT format('%s %s', indexrelid::regclass, CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END)
               FROM pg_index WHERE indrelid = 'people'::regclass AND NOT indisprimary";
    database.column(sql).await
}
