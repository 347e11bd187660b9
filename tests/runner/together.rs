//! Many runners at once.

use std::time::Duration;

use authority_migration::migrations::ALL;
use authority_migration::runner::{Error, Options, Runner};

use super::{GATE, GATED, end, names, patient, recorded, runner, start, waits_for_a_lock};
use crate::support::{
    Database, Outcome, Recorder, Seen, Session, authority_db, canonical_text, eventually, in_time,
};

const MANY: usize = 16;

#[tokio::test]
async fn sixteen_processes_apply_each_step_once() {
    let database = Database::empty().await;
    let url = database.url();
    let spawn = |_| authority_db(&url, &["migrate"]).spawn().expect("authority-db starts");
    let children: Vec<_> = (0..MANY).map(spawn).collect();
    let mut applied = Vec::new();
    for outcome in children.into_iter().map(Outcome::of) {
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let steps = outcome.stdout.lines().filter_map(|line| line.strip_prefix("applied"));
        applied.extend(steps.map(|step| step.split_whitespace().next().unwrap_or_default().to_owned()));
    }
    applied.sort();
    assert_eq!(applied, names(ALL));
    assert_eq!(recorded(&database).await, names(ALL));
    assert_eq!(
        canonical_text(database.pool()).await,
        canonical_text(Database::migrated().await.pool()).await
    );
}

#[tokio::test]
async fn sixteen_tasks_of_one_process_apply_each_step_once() {
    let database = Database::empty().await;
    let recorder = Recorder::default();
    let runs: Vec<_> = (0..MANY).map(|_| start(Runner::new(database.pool().clone()), &recorder)).collect();
    let mut applied = Vec::new();
    for run in runs {
        applied.extend(end(run).await.expect("every run succeeds"));
    }
    assert_eq!(applied, names(ALL));
    let seen: Vec<_> = recorder.seen().into_iter().filter(|seen| matches!(seen, Seen::Applied(_))).collect();
    let once: Vec<_> = names(ALL).into_iter().map(|name| Seen::Applied(name.to_owned())).collect();
    assert_eq!(seen, once);
    assert_eq!(recorded(&database).await, names(ALL));
}

#[tokio::test]
async fn a_second_runner_says_whom_it_waits_for_and_gives_up_naming_them() {
    let database = Database::empty().await;
    let gate = Session::begin(&database, GATE).await;
    let first = start(patient(&database, &[GATED]), &Recorder::default());
    waits_for_a_lock(&database, "SELECT pg_advisory_xact_lock").await;

    let recorder = Recorder::default();
    let options = Options { wait: Duration::from_millis(200), ..Options::default() };
    let second = runner(&database, &[GATED]).with_options(options);
    let error = in_time("the second run", second.up(None, &recorder.observer())).await;
    let Err(Error::LockTimeout { holder: Some(holder), .. }) = &error else { panic!("{error:?}") };
    let process = format!("process {}", std::process::id());
    assert!(holder.application_name.ends_with(&process), "{holder}");
    assert_eq!(holder.role, "authority");
    assert_eq!(recorder.seen(), [Seen::Waiting(holder.clone())]);

    gate.end().await;
    end(first).await.expect("the first run is not disturbed");
}

#[tokio::test]
async fn a_waiting_runner_takes_over_when_the_first_one_is_done() {
    let database = Database::empty().await;
    let gate = Session::begin(&database, GATE).await;
    let first = start(patient(&database, &[GATED]), &Recorder::default());
    waits_for_a_lock(&database, "SELECT pg_advisory_xact_lock").await;
    let recorder = Recorder::default();
    let second = start(patient(&database, &[GATED]), &recorder);
    eventually("the second run waits", async || recorder.saw(|seen| matches!(seen, Seen::Waiting(_)))).await;
    gate.end().await;
    assert_eq!(end(first).await.expect("the first run"), names(&[GATED]));
    assert_eq!(end(second).await.expect("the second run"), [""; 0]);
}
