use authority_local_postgres::APP_ROLE;

use super::examine;
use crate::support::Database;

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

const IN_JANUARY_2020: &str = "016f800000aa";
const IN_MAY_2021: &str = "017960000000";

#[tokio::test]
async fn as_long_as_nobody_makes_dated_partitions_that_is_only_a_note() {
    let database = Database::migrated().await;
    database.execute(&audit_log(IN_MAY_2021)).await;
    let examination = examine(&database.url(), &[]);
    for table in TABLES {
        examination.finds("partitions-ahead", "info", table);
    }
    let finding = examination.finds("rows-in-default-partitions", "info", "audit_logs_default");
    assert!(finding.message().contains("holds 1 row"), "{finding:?}");
}

#[tokio::test]
async fn partitions_that_will_be_needed_are_made() {
    let database = Database::migrated().await;
    for table in TABLES {
        database.execute(&first_partition(table)).await;
    }
    let examination = examine(&database.url(), &[]);
    let statements = |finding: &super::examination::Finding| finding.fix().lines().count();
    let days = examination.finds("partitions-ahead", "warning", "access_tokens");
    let months = examination.finds("partitions-ahead", "warning", "audit_logs");
    let codes = examination.finds("partitions-ahead", "warning", "authorization_codes");
    assert_eq!((statements(&days), statements(&months), statements(&codes)), (8, 2, 8));
    for finding in [days, months, codes] {
        finding.mend(database.pool()).await;
    }
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
    finding.mend(database.pool()).await;
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
    let setting = "INSERT INTO settings (key, value, value_type, category, description)
                   VALUES ('audit.log_retention_days', '90', 'integer', 'audit', 'Days that audit logs are kept.')";
    database.execute(setting).await;
    let today = "INSERT INTO audit_logs (id, event, outcome, actor_kind)
                 VALUES ('ffffffff-ffff-7000-8000-000000000001', 'a.b', 'success', 'system')";
    database.execute(today).await;
    examine(&database.url(), &[]).is_well("retention-overdue");

    database.execute(&first_partition("audit_logs")).await;
    database.execute(&audit_log(IN_JANUARY_2020)).await;
    database.execute(&audit_log(IN_MAY_2021)).await;
    let examination = examine(&database.url(), &[]);
    examination.finds("retention-overdue", "warning", "audit_logs_p202001").mend(database.pool()).await;
    examination.finds("retention-overdue", "warning", "audit_logs_default").mend(database.pool()).await;
    examine(&database.url(), &[]).is_well("retention-overdue");
    assert_eq!(database.column("SELECT count(*)::text FROM audit_logs").await, ["1"]);

    database.execute("UPDATE settings SET value = '0' WHERE key = 'audit.log_retention_days'").await;
    assert!(examine(&database.url(), &[]).skips("retention-overdue").contains("for ever"));
}
