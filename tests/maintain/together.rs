//! Any number of runs, each thing once.

use std::collections::BTreeSet;

use authority_local_postgres::OWNER_ROLE;
use authority_maintenance::{Done, Maintenance, Report};

use super::{DATED, NOW, audit_log, database, maintained, maintenance, run, tokens};
use crate::support::{Need, Session, in_time};

/// The lock of the table `audit_logs`.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'41757468'::int, x'6d6e7401'::int)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twelve_runs_at_once_do_each_thing_once() {
    // Two runs may come to wait for each other; then the lock timeout has one of them give way.
    if Need::Timers.is_missing() {
        return;
    }
    let database = database().await;
    maintained(&database, "2026-11-20T12:00:00Z").await;
    tokens(&database, "2026-11-23T10:00:00Z", 40).await;
    database.execute("DROP TABLE access_tokens_p20261121").await;
    tokens(&database, "2026-11-21T10:00:00Z", 95).await;
    audit_log(&database, "2026-10-10T10:00:00Z").await;
    let mut runs = Vec::new();
    for _ in 0..12 {
        let pool = database.pool_as(OWNER_ROLE).await;
        let patient = Maintenance { batch: 10, wait: std::time::Duration::from_mins(1), ..maintenance(NOW) };
        runs.push(tokio::spawn(async move {
            let mut report = Report::default();
            patient.run(&pool, &mut report).await.expect("it ends well");
            report
        }));
    }
    let mut done = Vec::new();
    for run in runs {
        let report = in_time("a run", run).await.expect("no panic");
        assert_eq!(report.overdue, []);
        done.extend(report.done);
    }
    let names: Vec<_> = done
        .iter()
        .filter_map(|done| match done {
            Done::Made { partition, .. } | Done::Dropped { partition } => Some(partition.clone()),
            Done::Deleted { .. } => None,
        })
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    let deleted = done.iter().map(|done| if let Done::Deleted { rows, .. } = done { *rows } else { 0 });
    assert_eq!(deleted.sum::<u64>(), 95, "{done:?}");
    assert_eq!(maintained(&database, NOW).await, [], "together they did everything");
    assert_eq!(database.column("SELECT count(*)::text FROM access_tokens").await, ["40"]);
    assert!(!database.column(DATED).await.contains(&"access_tokens_p20261120".to_owned()));
}

#[tokio::test]
async fn a_run_leaves_a_table_to_the_one_that_works_on_it_and_says_who() {
    let database = database().await;
    let other = Session::begin(&database, LOCK).await;
    let report = run(&database, &maintenance(NOW)).await;
    assert!(report.is_up_to_date());
    let [elsewhere] = &*report.elsewhere else { panic!("{report:?}") };
    assert_eq!(elsewhere.table, "audit_logs");
    assert_eq!(elsewhere.holder.as_ref().map(|holder| holder.pid), Some(other.pid()));
    assert_eq!(report.done.len(), 6, "{report:?}");
    other.end().await;
    assert_eq!(maintained(&database, NOW).await.len(), 3);
}
