use authority_local_postgres::APP_ROLE;

use super::examine;
use crate::support::{Database, Outcome, authority_db};

/// What mends all of it.
const MAINTAIN: &str = "authority-db maintain";

const TABLES: [&str; 3] = ["access_tokens", "audit_logs", "authorization_codes"];

/// The first partition that maintenance ever made, of January 2020.
fn first_partition(table: &str) -> String {
    format!(
        "CREATE TABLE {table}_p202001 PARTITION OF {table}
         FOR VALUES FROM ('016f5e66-e800-0000-0000-000000000000') TO ('016ffe0c-2400-0000-0000-000000000000')"
    )
}

/// An audit log of a day, by the first 12 digits of its id.
fn audit_log(time: &str) -> String {
    format!(
        "INSERT INTO audit_logs (id, event, outcome, actor_kind)
         VALUES ('{}-{}-7000-8000-000000000001', 'user.login', 'success', 'system')",
        &time[..8],
        &time[8..]
    )
}

/// Sets how many days audit logs are kept.
fn retention(days: &str) -> String {
    format!(
        "INSERT INTO settings (key, value, value_type, category, description)
         VALUES ('audit.log_retention_days', '{days}', 'integer', 'audit', 'Days that audit logs are kept.')"
    )
}

/// Does what every fix says.
fn maintain(database: &Database) {
    let arguments: Vec<_> = MAINTAIN.split(' ').skip(1).collect();
    let outcome: Outcome = authority_db(&database.url(), &arguments).output().expect("it runs").into();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

const IN_JANUARY_2020: &str = "016f800000aa";
const IN_MAY_2021: &str = "017960000000";

#[tokio::test]
async fn as_long_as_nobody_makes_dated_partitions_that_is_only_a_note() {
    let database = Database::migrated().await;
    database.execute(&audit_log(IN_MAY_2021)).await;
    let examination = examine(&database.url(), &[]);
    for table in TABLES {
        assert_eq!(examination.finds("partitions-ahead", "info", table).fix(), MAINTAIN);
    }
    let finding = examination.finds("rows-in-default-partitions", "info", "audit_logs_default");
    assert!(finding.message().contains("holds 1 row"), "{finding:?}");
    assert_eq!(finding.fix(), MAINTAIN);
}

#[tokio::test]
async fn partitions_that_will_be_needed_are_made() {
    let database = Database::migrated().await;
    for table in TABLES {
        database.execute(&first_partition(table)).await;
    }
    let examination = examine(&database.url(), &[]);
    for (table, count) in [("access_tokens", 8), ("audit_logs", 2), ("authorization_codes", 8)] {
        let finding = examination.finds("partitions-ahead", "warning", table);
        assert!(finding.message().starts_with(&format!("{count} partitions are missing")), "{finding:?}");
        assert_eq!(finding.fix(), MAINTAIN);
    }
    maintain(&database);
    let examination = examine(&database.url(), &[]);
    examination.is_well("partitions-ahead");
    examination.is_well("schema-drift");
    // A row of today goes where it belongs.
    let id = uuid::Uuid::now_v7();
    let insert = format!(
        "INSERT INTO audit_logs (id, event, outcome, actor_kind) VALUES ('{id}', 'a.b', 'success', 'system')"
    );
    database.execute(&insert).await;
    let place = database.column("SELECT tableoid::regclass::text FROM audit_logs").await;
    let month = database.column("SELECT 'audit_logs_p' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')").await;
    assert_eq!(place, month);
}

#[tokio::test]
async fn rows_that_came_too_early_are_moved() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("rows-in-default-partitions");
    database.execute(&first_partition("audit_logs")).await;
    database.execute(&audit_log(IN_MAY_2021)).await;
    let finding =
        examine(&database.url(), &[]).finds("rows-in-default-partitions", "warning", "audit_logs_default");
    assert_eq!(finding.fix(), MAINTAIN);
    // The log is older than ninety days.
    database.execute(&retention("0")).await;
    maintain(&database);
    let examination = examine(&database.url(), &[]);
    examination.is_well("rows-in-default-partitions");
    examination.is_well("schema-drift");
    assert_eq!(
        database.column("SELECT tableoid::regclass::text FROM audit_logs").await,
        ["audit_logs_p202105"]
    );
}

#[tokio::test]
async fn the_serving_role_may_not_look_into_a_partition() {
    let database = Database::migrated().await;
    examine(&database.url_as(APP_ROLE), &[]).may_not_see("rows-in-default-partitions");
}

#[tokio::test]
async fn audit_logs_past_their_retention_are_dropped() {
    let database = Database::migrated().await;
    let reason = "there is no setting audit.log_retention_days";
    assert_eq!(examine(&database.url(), &[]).skips("retention-overdue"), reason);
    database.execute(&retention("90")).await;
    let today = format!(
        "INSERT INTO audit_logs (id, event, outcome, actor_kind) VALUES ('{}', 'a.b', 'success', 'system')",
        uuid::Uuid::now_v7()
    );
    database.execute(&today).await;
    examine(&database.url(), &[]).is_well("retention-overdue");

    database.execute(&first_partition("audit_logs")).await;
    database.execute(&audit_log(IN_JANUARY_2020)).await;
    database.execute(&audit_log(IN_MAY_2021)).await;
    let examination = examine(&database.url(), &[]);
    for subject in ["audit_logs_p202001", "audit_logs_default"] {
        assert_eq!(examination.finds("retention-overdue", "warning", subject).fix(), MAINTAIN);
    }
    maintain(&database);
    examine(&database.url(), &[]).is_well("retention-overdue");
    assert_eq!(database.column("SELECT count(*)::text FROM audit_logs").await, ["1"]);

    database.execute("UPDATE settings SET value = '0' WHERE key = 'audit.log_retention_days'").await;
    assert!(examine(&database.url(), &[]).skips("retention-overdue").contains("for ever"));
}
