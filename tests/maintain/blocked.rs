//! Somebody's long transaction delays maintenance, and never traffic; a run that dies leaves nothing half done.

use std::time::Duration;

use authority_local_postgres::{APP_ROLE, SUPERUSER};
use authority_maintenance::{Error, Maintenance, Report, Task, Why};
use tokio::task::JoinHandle;

use super::{DATED, NOW, database, dropped, id, made, maintained, maintenance, run, tokens};
use crate::support::{Database, Need, Session, column, eventually, everything, execute, fails, in_time};

/// Server processes of the maintenance that wait for a lock.
const WAITING: &str = "SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l USING (pid)
                       WHERE a.application_name = 'authority maintain' AND NOT l.granted
                         AND a.datname = current_database()";

/// A run that tries for ever, in the background.
fn start(database: &Database) -> JoinHandle<(Result<(), Error>, Report)> {
    let patient = Maintenance { wait: Duration::from_hours(1), ..maintenance(NOW) };
    let pool = database.pool().clone();
    tokio::spawn(async move {
        let mut report = Report::default();
        (patient.run(&pool, &mut report).await, report)
    })
}

#[tokio::test]
async fn what_a_long_transaction_keeps_from_being_done_is_overdue_and_names_it() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database().await;
    tokens(&database, NOW, 3).await;
    let reader = Session::begin(&database, "SELECT FROM access_tokens").await;
    let report = run(&database, &maintenance(NOW)).await;
    let overdue: Vec<_> = report.overdue.iter().map(|one| (one.task, one.subject.as_str())).collect();
    assert_eq!(
        overdue,
        ["access_tokens_p20261123", "access_tokens_p20261124", "access_tokens_p20261125"]
            .map(|name| (Task::Make, name))
    );
    for one in &report.overdue {
        assert!(matches!(&one.why, Why::Blocked(Some(holder)) if holder.pid == reader.pid()), "{one:?}");
        assert!(one.why.fix("authority-db").contains(&reader.pid().to_string()));
    }
    assert_eq!(report.done.len(), 6, "the other tables are not in its way: {report:?}");
    assert_eq!(database.column("SELECT count(*)::text FROM access_tokens_default").await, ["3"]);
    reader.end().await;
    assert_eq!(maintained(&database, NOW).await.first(), Some(&made("access_tokens_p20261123", 3)));
}

#[tokio::test]
async fn a_partition_in_use_is_not_dropped_yet() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database().await;
    maintained(&database, "2026-11-20T12:00:00Z").await;
    let reader = Session::begin(&database, "SELECT FROM access_tokens").await;
    let report = run(&database, &maintenance("2026-11-22T01:00:00Z")).await;
    let overdue: Vec<_> = report.overdue.iter().map(|one| (one.task, one.subject.as_str())).collect();
    assert_eq!(
        overdue,
        [
            (Task::Drop, "access_tokens_p20261120"),
            (Task::Make, "access_tokens_p20261123"),
            (Task::Make, "access_tokens_p20261124"),
        ]
    );
    reader.end().await;
    let done = maintained(&database, "2026-11-22T01:00:00Z").await;
    assert!(done.contains(&dropped("access_tokens_p20261120")), "{done:?}");
    assert!(!database.column(DATED).await.contains(&"access_tokens_p20261120".to_owned()));
}

#[tokio::test]
async fn traffic_goes_on_while_maintenance_waits() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database().await;
    tokens(&database, NOW, 1).await;
    let reader = Session::begin(&database, "SELECT FROM access_tokens").await;
    let run = start(&database);
    let other = database.pool_as(APP_ROLE).await;
    for number in 10..13 {
        eventually("it waits for a lock", async || !database.column(WAITING).await.is_empty()).await;
        let write = format!(
            "INSERT INTO access_tokens (id, client_id, issued_at, expires_at)
             VALUES ('{}', '{}', '{NOW}', timestamptz '{NOW}' + interval '1 hour')",
            id(NOW, number),
            super::CLIENT
        );
        // The reader's transaction is still open: behind a lock that waited for it, this would never end.
        in_time("a write", execute(&other, &write)).await;
    }
    assert!(!run.is_finished());
    reader.end().await;
    let (ended, report) = in_time("the maintenance", run).await.expect("no panic");
    ended.expect("it ends well");
    assert!(report.done.contains(&made("access_tokens_p20261123", 4)), "{report:?}");
}

#[tokio::test]
async fn a_run_that_is_killed_leaves_nothing_half_done() {
    let database = database().await;
    tokens(&database, NOW, 5).await;
    let before = everything(database.pool()).await;
    let reader = Session::begin(&database, "SELECT FROM access_tokens").await;
    let run = start(&database);
    let superuser = database.pool_as(SUPERUSER).await;
    let killed = format!("SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting");
    eventually("it is killed while it waits", async || !column(&superuser, &killed).await.is_empty()).await;
    let (ended, report) = in_time("the maintenance", run).await.expect("no panic");
    assert!(matches!(ended, Err(Error::Server(_) | Error::Connection(_))), "{ended:?}");
    assert_eq!(report, Report::default());
    reader.end().await;
    assert_eq!(everything(database.pool()).await, before);
    assert_eq!(database.column(DATED).await, [""; 0]);
    assert_eq!(database.column("SELECT count(*)::text FROM access_tokens_default").await, ["5"]);
    assert_eq!(maintained(&database, NOW).await.first(), Some(&made("access_tokens_p20261123", 5)));
}

#[tokio::test]
async fn a_partition_of_the_future_waits_for_nobody_who_uses_another() {
    let database = database().await;
    maintained(&database, NOW).await;
    tokens(&database, NOW, 1).await;
    // By id, as the store does everything: the default partition is not touched.
    let reader = format!("SELECT FROM access_tokens WHERE id = '{}' FOR UPDATE", id(NOW, 1));
    let reader = Session::begin(&database, &reader).await;
    let done = maintained(&database, "2026-11-24T00:00:00Z").await;
    assert!(done.contains(&made("access_tokens_p20261126", 0)), "{done:?}");
    reader.end().await;
}

#[tokio::test]
async fn a_row_that_breaks_a_bound_is_refused_by_the_partition_as_ever() {
    let database = database().await;
    tokens(&database, NOW, 1).await;
    maintained(&database, NOW).await;
    let stray = "UPDATE access_tokens_p20261123 SET id = '00000000-0000-7000-8000-000000000001'";
    let refusal = fails(database.pool(), stray).await;
    assert_eq!(refusal.code, "23514", "{refusal:?}");
}
