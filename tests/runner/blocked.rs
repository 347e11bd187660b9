//! Migrations that need a table which others use.

use std::time::Duration;

use authority_local_postgres::APP_ROLE;
use authority_migration::runner::{Error, Options};
use authority_migration::{Migration, Script};

use super::{PEOPLE, PEOPLE_AGE, apply, end, names, recorded, runner, start};
use crate::support::{
    Database, Need, Recorder, Seen, Session, column, eventually, everything, execute, in_time,
};

const READING: &str = "SELECT FROM people";
const SHORT: Duration = Duration::from_millis(50);

const SLEEPER: Migration = Migration::new(
    "m20990101_000005_sleeper",
    || Script::new().sql("CREATE TABLE \"sleeper\" (\"id\" integer)").sql("SELECT pg_sleep(600)"),
    || Script::new().sql("DROP TABLE \"sleeper\""),
);

#[tokio::test]
async fn a_migration_gives_way_to_a_long_transaction_and_finishes_after_it() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database_with_people().await;
    let reader = Session::begin(&database, READING).await;
    let recorder = Recorder::default();
    let options = Options { lock_timeout: SHORT, ..Options::default() };
    let run = start(runner(&database, &[PEOPLE, PEOPLE_AGE]).with_options(options), &recorder);
    let gave_way = |seen: &Seen| match seen {
        Seen::Retrying { name, blockers } => {
            name == PEOPLE_AGE.name()
                && blockers.iter().any(|blocker| blocker.pid == reader.pid() && blocker.table == "people")
        }
        _ => false,
    };
    eventually("the migration gives way, naming who is in its way", async || recorder.saw(gave_way)).await;

    // Others read while the migration waits for its next attempt, and behind an attempt at most as long.
    let other = database.pool_as(APP_ROLE).await;
    for _ in 0..3 {
        let rows = in_time("a read of the table", column(&other, "SELECT count(*) FROM people")).await;
        assert_eq!(rows, ["0"]);
    }
    assert!(!run.is_finished(), "the long transaction still holds its lock");
    reader.end().await;
    assert_eq!(end(run).await.expect("the migration"), names(&[PEOPLE_AGE]));
}

#[tokio::test]
async fn a_migration_that_never_gets_its_locks_gives_up_with_nothing_changed() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database_with_people().await;
    let before = everything(database.pool()).await;
    let reader = Session::begin(&database, READING).await;
    let options = Options { lock_timeout: SHORT, wait: Duration::from_millis(200), ..Options::default() };
    let impatient = runner(&database, &[PEOPLE, PEOPLE_AGE]).with_options(options);
    let error = in_time("the run", impatient.up(None, &|_| {})).await;
    let Err(Error::Blocked { name, blockers, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(name, PEOPLE_AGE.name());
    assert!(blockers.iter().any(|blocker| blocker.pid == reader.pid()), "{blockers:?}");
    reader.end().await;
    assert_eq!(everything(database.pool()).await, before);
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_cancelled_and_leaves_nothing() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database_with_people().await;
    let before = everything(database.pool()).await;
    let options = Options { statement_timeout: SHORT, ..Options::default() };
    let error = runner(&database, &[PEOPLE, SLEEPER]).with_options(options).up(None, &|_| {}).await;
    let Err(Error::StatementTimeout { name, statement, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((name.as_str(), statement.as_str()), (SLEEPER.name(), "SELECT pg_sleep(600)"));
    assert_eq!(everything(database.pool()).await, before);
    assert_eq!(recorded(&database).await, names(&[PEOPLE]));
}

async fn database_with_people() -> Database {
    let database = Database::empty().await;
    apply(&runner(&database, &[PEOPLE])).await;
    execute(database.pool(), "GRANT SELECT ON people TO authority_app").await;
    database
}
