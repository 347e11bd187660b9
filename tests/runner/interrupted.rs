//! Runs that are cut off, at the server or at the client.

use authority_migration::migrations::ALL;
use authority_migration::runner::{Error, Runner};

use super::{GATE, GATED, LAST, PEOPLE, apply, end, names, patient, recorded, start, waits_for_a_lock};
use crate::support::{
    Database, Need, Outcome, Recorder, Seen, Session, authority_db, canonical_text, eventually, everything,
};

#[tokio::test]
async fn a_step_whose_backend_is_killed_leaves_nothing_and_the_next_run_finishes() {
    let database = Database::empty().await;
    let runner = patient(&database, &[PEOPLE, GATED, LAST]);
    let gate = Session::begin(&database, GATE).await;
    let run = start(runner.clone(), &Recorder::default());
    let backend = waits_for_a_lock(&database, "SELECT pg_advisory_xact_lock").await;
    terminate(&database, &backend).await;
    let error = end(run).await;
    let Err(Error::ConnectionLost { name, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(name, GATED.name());
    assert_eq!(recorded(&database).await, names(&[PEOPLE]));
    assert_eq!(database.column("SELECT to_regclass('gated')").await, [""]);

    gate.end().await;
    assert_eq!(apply(&runner).await, names(&[GATED, LAST]));
}

#[tokio::test]
async fn a_run_that_loses_its_lock_stops_after_the_step_and_the_next_run_finishes() {
    let database = Database::empty().await;
    let runner = patient(&database, &[GATED, LAST]);
    let gate = Session::begin(&database, GATE).await;
    let run = start(runner.clone(), &Recorder::default());
    waits_for_a_lock(&database, "SELECT pg_advisory_xact_lock").await;
    terminate(&database, &lock_holder(&database).await).await;
    gate.end().await;
    let error = end(run).await;
    assert!(matches!(error, Err(Error::LockLost(_))), "{error:?}");
    assert_eq!(recorded(&database).await, names(&[GATED]));
    assert_eq!(apply(&runner).await, names(&[LAST]));
}

#[tokio::test]
async fn a_run_that_loses_its_lock_during_its_last_step_says_so() {
    let database = Database::empty().await;
    let runner = patient(&database, &[GATED]);
    let gate = Session::begin(&database, GATE).await;
    let run = start(runner.clone(), &Recorder::default());
    waits_for_a_lock(&database, "SELECT pg_advisory_xact_lock").await;
    terminate(&database, &lock_holder(&database).await).await;
    gate.end().await;
    let error = end(run).await;
    assert!(matches!(error, Err(Error::LockLost(_))), "{error:?}");
    assert_eq!(apply(&runner).await, [""; 0]);
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_and_the_next_run_finishes() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let (last, earlier) = ALL.split_last().expect("there are migrations");
    let runner = Runner::new(database.pool().clone());
    let before_last = earlier.last().expect("there are several").name();
    runner.up(Some(before_last), &|_| {}).await.expect("the steps before the last");
    let before = everything(database.pool()).await;
    // The last migration confirms checks, which needs a lock that does not go with this one.
    let other = Session::begin(&database, "LOCK TABLE device_codes IN SHARE UPDATE EXCLUSIVE MODE").await;
    let mut process = authority_db(&database.url(), &["migrate", "--lock-timeout", "1h"])
        .spawn()
        .expect("authority-db starts");
    waits_for_a_lock(&database, "ALTER TABLE \"device_codes\" VALIDATE").await;
    process.kill().expect("the process can be killed");
    assert_eq!(Outcome::of(process).code, None);

    // The server does not notice before it gets the lock; until then, the next run gives way.
    let recorder = Recorder::default();
    let next = start(runner, &recorder);
    let gave_way = |seen: &Seen| matches!(seen, Seen::Retrying { name, .. } if name == last.name());
    eventually("the next run gives way", async || recorder.saw(gave_way)).await;
    assert_eq!(everything(database.pool()).await, before);
    other.end().await;
    assert_eq!(end(next).await.expect("the next run"), [last.name()]);
    assert_eq!(
        canonical_text(database.pool()).await,
        canonical_text(Database::migrated().await.pool()).await
    );
}

async fn lock_holder(database: &Database) -> String {
    let sql = "SELECT pid FROM pg_stat_activity
               WHERE datname = current_database() AND application_name LIKE 'authority migrate %'";
    let holders = database.column(sql).await;
    assert_eq!(holders.len(), 1, "one session holds the lock");
    holders.concat()
}

async fn terminate(database: &Database, backend: &str) {
    assert_eq!(database.column(&format!("SELECT pg_terminate_backend({backend})")).await, ["t"]);
    let gone = format!("SELECT pid FROM pg_stat_activity WHERE pid = {backend}");
    eventually("the backend is gone", async || database.column(&gone).await.is_empty()).await;
}
