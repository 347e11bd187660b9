//! Going to a point of the history, and back.

use std::time::Duration;

use authority_migration::runner::{Error, Options};
use authority_migration::{Migration, Script};

use super::{LAST, PEOPLE, PEOPLE_AGE, apply, names, recorded, runner};
use crate::support::{Database, Recorder, Seen, everything};

const ALL: [Migration; 3] = [PEOPLE, PEOPLE_AGE, LAST];

/// Its second statement fails.
const FAILING: Migration = Migration::new(
    "m20990101_000005_failing",
    || Script::new().sql("CREATE TABLE \"half\" (\"id\" integer)").sql("SELECT 1 / 0"),
    Script::new,
);

#[tokio::test]
async fn up_stops_at_its_target_and_goes_on_from_there() {
    let database = Database::empty().await;
    let runner = runner(&database, &ALL);
    let applied = runner.up(Some(PEOPLE_AGE.name()), &|_| {}).await.expect("up to the second");
    assert_eq!(applied, names(&[PEOPLE, PEOPLE_AGE]));
    assert_eq!(recorded(&database).await, applied);
    assert_eq!(apply(&runner).await, names(&[LAST]));
    assert_eq!(apply(&runner).await, [""; 0]);
}

#[tokio::test]
async fn a_target_that_does_not_exist_is_refused() {
    let database = Database::empty().await;
    let error = runner(&database, &ALL).up(Some("m1"), &|_| {}).await;
    assert!(matches!(&error, Err(Error::NoSuchMigration { name, .. }) if name == "m1"), "{error:?}");
    assert_eq!(everything(database.pool()).await, "");
}

#[tokio::test]
async fn down_takes_back_the_newest_first_and_at_most_everything() {
    let database = Database::empty().await;
    let runner = runner(&database, &ALL);
    apply(&runner).await;
    assert_eq!(runner.down(2, &|_| {}).await.expect("two steps back"), names(&[LAST, PEOPLE_AGE]));
    let recorder = Recorder::default();
    assert_eq!(runner.down(5, &recorder.observer()).await.expect("all steps back"), names(&[PEOPLE]));
    assert_eq!(recorder.seen(), [Seen::TakenBack(PEOPLE.name().to_owned())]);
    assert_eq!(runner.down(1, &|_| {}).await.expect("nothing to take back"), [""; 0]);
}

#[tokio::test]
async fn redo_takes_back_and_applies_in_order() {
    let database = Database::empty().await;
    let runner = runner(&database, &ALL);
    apply(&runner).await;
    let recorder = Recorder::default();
    runner.redo(2, &recorder.observer()).await.expect("redo");
    let [last, age] = [LAST, PEOPLE_AGE].map(|migration| migration.name().to_owned());
    let steps = [
        Seen::TakenBack(last.clone()),
        Seen::TakenBack(age.clone()),
        Seen::Applied(age),
        Seen::Applied(last),
    ];
    assert_eq!(recorder.seen(), steps);
    assert_eq!(recorded(&database).await, names(&ALL));
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_keeps_those_before_it() {
    let database = Database::empty().await;
    let error = runner(&database, &[PEOPLE, FAILING, LAST]).up(None, &|_| {}).await;
    let Err(Error::Failed { name, statement, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((name.as_str(), statement.as_str()), (FAILING.name(), "SELECT 1 / 0"));
    let fix = error.as_ref().err().and_then(|error| error.fix("authority-db"));
    assert!(fix.is_some_and(|fix| fix.contains("authority-db migrate again")), "{error:?}");
    assert_eq!(recorded(&database).await, names(&[PEOPLE]));
    assert_eq!(database.column("SELECT to_regclass('half')").await, [""]);
    assert_eq!(apply(&runner(&database, &[PEOPLE, LAST])).await, names(&[LAST]));
}

#[tokio::test]
async fn an_impossible_time_out_is_refused_before_anything_happens() {
    let database = Database::empty().await;
    for bad in [Duration::ZERO, Duration::from_hours(24 * 25)] {
        for (options, setting) in [
            (Options { lock_timeout: bad, ..Options::default() }, "lock_timeout"),
            (Options { statement_timeout: bad, ..Options::default() }, "statement_timeout"),
        ] {
            let error = runner(&database, &ALL).with_options(options).up(None, &|_| {}).await;
            assert!(matches!(error, Err(Error::BadTimeout { name }) if name == setting), "{error:?}");
        }
    }
    assert_eq!(everything(database.pool()).await, "");
}

#[tokio::test]
async fn the_settings_of_a_run_do_not_stay_in_the_sessions_of_its_pool() {
    let database = Database::empty().await;
    let settings = "SELECT name || '=' || setting FROM pg_settings
                    WHERE name IN ('application_name', 'lock_timeout', 'search_path', 'statement_timeout') ORDER BY 1";
    let before = database.column(settings).await;
    apply(&runner(&database, &ALL)).await;
    let mut connections = Vec::new();
    for _ in 0..database.pool().size() {
        connections.push(database.pool().acquire().await.expect("a connection of the pool"));
    }
    assert!(connections.len() >= 2, "the run used a connection for its lock and another for its work");
    for mut connection in connections {
        let rows = sqlx::raw_sql(settings).fetch_all(&mut *connection).await.expect("the settings");
        let rows: Vec<String> = rows.iter().map(|row| sqlx::Row::get(row, 0)).collect();
        assert_eq!(rows, before);
    }
}
