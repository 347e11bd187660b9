//! What is past its retention leaves, to the day, and nothing else.

use authority_maintenance::{Maintenance, Task, Why};

use super::{
    CLIENT, DATED, NOW, audit_days, audit_log, database, deleted, dropped, id, maintained, maintenance, run,
    tokens,
};
use crate::support::{Database, Need, Session};

/// Partitions of a table, by the ends of their names.
async fn partitions(database: &Database, table: &str) -> Vec<String> {
    let names = database.column(DATED).await;
    names.iter().filter_map(|name| name.strip_prefix(table)?.strip_prefix("_p")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_day_of_access_tokens_is_dropped_when_the_last_of_them_has_expired_an_hour_ago() {
    let database = database().await;
    maintained(&database, "2026-11-20T12:00:00Z").await;
    tokens(&database, "2026-11-20T23:59:59.999Z", 2).await;
    tokens(&database, "2026-11-21T00:00:00Z", 1).await;
    let just_before = maintained(&database, "2026-11-22T00:59:59.999Z").await;
    assert!(!just_before.contains(&dropped("access_tokens_p20261120")), "{just_before:?}");
    let then = maintained(&database, "2026-11-22T01:00:00Z").await;
    assert_eq!(then, [dropped("access_tokens_p20261120")]);
    assert_eq!(
        partitions(&database, "access_tokens").await,
        ["20261121", "20261122", "20261123", "20261124"]
    );
    assert_eq!(database.column("SELECT id::text FROM access_tokens").await, [id("2026-11-21T00:00:00Z", 1)]);
}

#[tokio::test]
async fn tokens_that_are_valid_although_their_id_is_old_keep_their_partition() {
    let database = database().await;
    maintained(&database, "2026-11-20T12:00:00Z").await;
    let slow_clock = format!(
        "INSERT INTO access_tokens (id, client_id, issued_at, expires_at)
         VALUES ('{}', '{CLIENT}', '{NOW}', timestamptz '{NOW}' + interval '1 hour')",
        id("2026-11-20T12:00:00Z", 1)
    );
    database.execute(&slow_clock).await;
    let report = run(&database, &maintenance(NOW)).await;
    let [overdue] = &*report.overdue else { panic!("{report:?}") };
    assert_eq!((overdue.task, &*overdue.subject), (Task::Drop, "access_tokens_p20261120"));
    assert_eq!(overdue.why, Why::StillValid);
    assert!(
        maintained(&database, "2026-11-23T13:00:00Z").await.contains(&dropped("access_tokens_p20261120"))
    );
}

#[tokio::test]
async fn audit_logs_are_kept_for_as_long_as_the_setting_says() {
    let database = database().await;
    audit_log(&database, "2026-07-31T23:00:00Z").await;
    audit_log(&database, "2026-08-01T00:00:00Z").await;
    audit_log(&database, "2026-10-01T00:00:00Z").await;
    audit_days(&database, "0").await;
    maintained(&database, NOW).await;
    assert_eq!(
        partitions(&database, "audit_logs").await,
        ["202607", "202608", "202610", "202611", "202612", "202701"]
    );
    // The first day that is kept is 2026-08-01, and then 2026-08-02.
    audit_days(&database, "114").await;
    assert_eq!(maintained(&database, NOW).await, [dropped("audit_logs_p202607")]);
    audit_days(&database, "113").await;
    assert_eq!(maintained(&database, NOW).await, []);
    audit_days(&database, "84").await;
    assert_eq!(maintained(&database, NOW).await, [], "the last day of August is kept");
    audit_days(&database, "83").await;
    assert_eq!(maintained(&database, NOW).await, [dropped("audit_logs_p202608")]);
}

#[tokio::test]
async fn without_the_setting_audit_logs_are_kept_for_ninety_days() {
    let database = database().await;
    audit_log(&database, "2026-08-24T23:59:59.999Z").await;
    audit_log(&database, "2026-08-25T00:00:00Z").await;
    let done = maintained(&database, NOW).await;
    assert!(done.contains(&deleted("audit_logs_default", 1)), "{done:?}");
    assert_eq!(database.column("SELECT id::text FROM audit_logs").await, [id("2026-08-25T00:00:00Z", 1)]);
}

#[tokio::test]
async fn a_used_code_outlives_an_unused_refresh_token_of_its_day() {
    let database = database().await;
    maintained(&database, "2026-10-01T12:00:00Z").await;
    let day = "2026-10-31T01:00:00Z";
    let kept = |done: &[_]| !done.contains(&dropped("authorization_codes_p20261001"));
    let just_before = maintained(&database, "2026-11-01T00:59:59.999Z").await;
    assert!(kept(&just_before), "{just_before:?}");
    assert!(!kept(&maintained(&database, "2026-11-01T01:00:00Z").await));
    database
        .execute(
            "INSERT INTO settings (key, value, value_type, category, description)
             VALUES ('tokens.refresh_token_ttl', '3600', 'integer', 'tokens', 'Seconds.')",
        )
        .await;
    let shorter = maintained(&database, "2026-11-01T01:00:00Z").await;
    assert!(shorter.contains(&dropped("authorization_codes_p20261002")), "{shorter:?} since {day}");
}

#[tokio::test]
async fn a_used_code_outlives_the_unused_refresh_token_of_the_most_patient_client() {
    let database = database().await;
    maintained(&database, "2026-10-01T12:00:00Z").await;
    let seconds = 40 * 24 * 60 * 60;
    database
        .execute(&format!(
            "UPDATE clients SET refresh_token_ttl = {seconds}, refresh_token_absolute_ttl = {seconds}"
        ))
        .await;
    let dropped = dropped("authorization_codes_p20261001");
    let just_before = maintained(&database, "2026-11-11T00:59:59.999Z").await;
    assert!(!just_before.contains(&dropped), "{just_before:?}");
    assert!(maintained(&database, "2026-11-11T01:00:00Z").await.contains(&dropped));
}

#[tokio::test]
async fn what_is_past_in_a_default_partition_is_deleted_in_batches() {
    let database = database().await;
    tokens(&database, "2026-11-20T12:00:00Z", 25).await;
    tokens(&database, "2026-11-22T11:00:00Z", 2).await;
    let log = "CREATE TABLE batches (n bigint);
               CREATE FUNCTION log_batch() RETURNS trigger LANGUAGE plpgsql AS
               'BEGIN INSERT INTO batches SELECT count(*) FROM gone; RETURN NULL; END';
               CREATE TRIGGER batch AFTER DELETE ON access_tokens_default
               REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION log_batch()";
    // Triggers with transition tables are not possible on partitions for each row, but for each statement they are.
    database.execute(log).await;
    let report = run(&database, &Maintenance { batch: 10, ..maintenance(NOW) }).await;
    assert!(report.done.contains(&deleted("access_tokens_default", 25)), "{report:?}");
    let batches = "SELECT n::text FROM batches WHERE n > 2";
    assert_eq!(database.column(batches).await, ["10", "10", "5"]);
    assert_eq!(database.column("SELECT count(*)::text FROM access_tokens_p20261122").await, ["2"]);
    assert_eq!(database.column("SELECT count(*)::text FROM access_tokens_default").await, ["0"]);
}

#[tokio::test]
async fn rows_that_somebody_works_on_are_passed_over_and_overdue() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = database().await;
    tokens(&database, "2026-11-20T12:00:00Z", 5).await;
    let lock = format!("SELECT FROM access_tokens WHERE id = '{}' FOR UPDATE", id("2026-11-20T12:00:00Z", 3));
    let other = Session::begin(&database, &lock).await;
    let report = run(&database, &Maintenance { batch: 2, ..maintenance(NOW) }).await;
    assert!(report.done.contains(&deleted("access_tokens_default", 4)), "{report:?}");
    assert!(
        report
            .overdue
            .iter()
            .any(|one| one.subject == "access_tokens_default" && one.why == Why::RowsInUse(1)),
        "{report:?}"
    );
    other.end().await;
    assert!(maintained(&database, NOW).await.contains(&deleted("access_tokens_default", 1)));
}
