//! Rows that came before their partition are moved into it, unharmed and unnoticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authority_local_postgres::APP_ROLE;
use authority_maintenance::Maintenance;
use sqlx::{AssertSqlSafe, Connection, Row};

use super::{DATED, NOW, audit_log, database, id, made, maintained, maintenance, run, tokens};
use crate::support::{column, eventually, in_time};

const ROWS: &str = "SELECT to_jsonb(t)::text FROM access_tokens t ORDER BY id";

/// A transaction of the maintenance that waits for a lock.
const WAITING: &str = "SELECT pid FROM pg_stat_activity a JOIN pg_locks l USING (pid)
                       WHERE a.application_name = 'authority maintain' AND NOT l.granted
                         AND a.datname = current_database()";

#[tokio::test]
async fn rows_that_came_too_early_are_in_their_partition_with_all_that_they_held() {
    let database = database().await;
    tokens(&database, "2026-11-22T23:59:59.999Z", 3).await;
    tokens(&database, "2026-11-23T00:00:00Z", 4).await;
    tokens(&database, "2026-11-24T08:00:00Z", 5).await;
    audit_log(&database, "2026-10-31T23:59:59.999Z").await;
    let before = database.column(ROWS).await;
    let done = maintained(&database, NOW).await;
    for moved in [
        made("access_tokens_p20261122", 3),
        made("access_tokens_p20261123", 4),
        made("access_tokens_p20261124", 5),
        made("audit_logs_p202610", 1),
    ] {
        assert!(done.contains(&moved), "{done:?}");
    }
    assert_eq!(database.column(ROWS).await, before);
    let where_they_are = "SELECT DISTINCT tableoid::regclass::text FROM access_tokens ORDER BY 1";
    assert_eq!(
        database.column(where_they_are).await,
        ["access_tokens_p20261122", "access_tokens_p20261123", "access_tokens_p20261124"]
    );
    let found =
        format!("SELECT scopes::text FROM access_tokens WHERE id = '{}'", id("2026-11-23T00:00:00Z", 4));
    assert_eq!(database.column(&found).await, ["{scope4}"]);
    assert_eq!(maintained(&database, NOW).await, []);
}

#[tokio::test]
async fn rows_from_a_future_without_partitions_stay_and_are_noted() {
    let database = database().await;
    tokens(&database, "2099-01-01T00:00:00Z", 1).await;
    let report = run(&database, &maintenance(NOW)).await;
    assert!(report.is_up_to_date(), "{report:?}");
    let [note] = &*report.notes else { panic!("{report:?}") };
    assert!(note.contains("access_tokens_default") && note.contains("2099-01-01"), "{note}");
    assert_eq!(database.column("SELECT count(*)::text FROM access_tokens_default").await, ["1"]);
}

#[tokio::test]
async fn what_changes_while_rows_are_copied_is_not_lost() {
    let database = database().await;
    tokens(&database, NOW, 4).await;
    let mut other = database.connection_as("authority").await;
    let changes = format!(
        "BEGIN;
         UPDATE access_tokens SET revoked_at = '{NOW}', revocation_reason = 'logout' WHERE id = '{}';
         DELETE FROM access_tokens WHERE id = '{}';
         INSERT INTO access_tokens (id, client_id, issued_at, expires_at)
         VALUES ('{}', '{}', '{NOW}', timestamptz '{NOW}' + interval '1 hour')",
        id(NOW, 1),
        id(NOW, 2),
        id(NOW, 5),
        super::CLIENT
    );
    sqlx::raw_sql(AssertSqlSafe(changes)).execute(&mut other).await.expect("changes");
    let patient = Maintenance { wait: Duration::from_mins(5), ..maintenance(NOW) };
    let pool = database.pool().clone();
    let running = tokio::spawn(async move {
        let mut report = authority_maintenance::Report::default();
        patient.run(&pool, &mut report).await.expect("it ends well");
        report
    });
    // By now it has copied what it sees.
    eventually("it waits", async || !database.column(WAITING).await.is_empty()).await;
    sqlx::raw_sql("COMMIT").execute(&mut other).await.expect("a commit");
    let expected = database.column(ROWS).await;
    assert_eq!(expected.len(), 4);
    let report = in_time("the maintenance", running).await.expect("no panic");
    assert!(report.done.contains(&made("access_tokens_p20261123", 4)), "{report:?}");
    assert_eq!(database.column(ROWS).await, expected);
    let revoked = "SELECT count(*)::text FROM access_tokens_p20261123 WHERE revoked_at IS NOT NULL";
    assert_eq!(database.column(revoked).await, ["1"]);
    other.close().await.expect("the end");
}

/// A statement that is planned before the partition is there and runs after the rows are in it would not find them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_for_a_row_while_it_moves_finds_it() {
    let database = database().await;
    tokens(&database, NOW, 200).await;
    let ended = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for reader in 0..4 {
        let (ended, pool) = (ended.clone(), database.pool_as(APP_ROLE).await);
        readers.push(tokio::spawn(async move {
            let mut reads = 0_u32;
            while !ended.load(Ordering::Relaxed) {
                let wanted = id(NOW, 1 + (reads * 7 + reader) % 200);
                let found = if reader % 2 == 0 {
                    column(&pool, &format!("SELECT id FROM access_tokens WHERE id = '{wanted}'")).await.len()
                } else {
                    // Prepared once, and then with a plan that the server keeps.
                    let update = "UPDATE access_tokens SET dpop_jkt = NULL WHERE id = $1::uuid RETURNING id::text AS id";
                    let rows = sqlx::query(update).bind(&wanted).fetch_all(&pool).await.expect("an update");
                    rows.iter().filter(|row| row.try_get::<String, _>("id").is_ok()).count()
                };
                assert_eq!(found, 1, "{wanted} by reader {reader}");
                reads += 1;
            }
            reads
        }));
    }
    let patient = Maintenance { wait: Duration::from_mins(1), ..maintenance(NOW) };
    for _ in 0..5 {
        let report = run(&database, &patient).await;
        assert!(report.done.contains(&made("access_tokens_p20261123", 200)), "{report:?}");
        // Back to where they came from, so that they move again.
        let back = "BEGIN; LOCK TABLE access_tokens; ALTER TABLE access_tokens DETACH PARTITION access_tokens_p20261123;
                    INSERT INTO access_tokens_default SELECT * FROM access_tokens_p20261123;
                    DROP TABLE access_tokens_p20261123; COMMIT";
        database.execute(back).await;
    }
    ended.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(in_time("a reader", reader).await.expect("each row was found") > 0);
    }
    assert!(!database.column(DATED).await.is_empty());
}
