use authority_local_postgres::{APP_ROLE, SUPERUSER};

use super::examination::{examine, examine_for};
use super::own_server::OwnServer;
use crate::support::{Database, authority_db, eventually, execute};

/// The settings of a server of which nobody expects anything, with the severity of each.
const CARELESS: [(&str, &str, &str); 5] = [
    ("durability", "error", "fsync"),
    ("durability", "error", "full_page_writes"),
    ("durability", "warning", "synchronous_commit"),
    ("autovacuum", "error", "autovacuum"),
    ("autovacuum", "error", "track_counts"),
];

#[tokio::test]
async fn a_server_that_forgets_or_never_cleans_up_is_set_right() {
    let own = OwnServer::with(&[]);
    let superuser = own.superuser();
    for (_, _, setting) in CARELESS {
        execute(&superuser, &format!("ALTER SYSTEM SET {setting} = off")).await;
    }
    execute(&superuser, "SELECT pg_reload_conf()").await;
    let url = own.superuser_url();
    eventually("the settings are read", async || examine(&url, &[]).of("autovacuum").len() == 2).await;
    let examination = examine(&url, &[]);
    for (check, severity, setting) in CARELESS {
        let finding = match check {
            "durability" => examination.finds("durability", severity, setting),
            _ => examination.finds("autovacuum", severity, setting),
        };
        // ALTER SYSTEM refuses to run in the transaction that several statements at once are.
        for statement in finding.fix().split_inclusive(';') {
            execute(&superuser, statement).await;
        }
    }
    eventually("the settings are read", async || examine(&url, &[]).of("autovacuum")[0].severity() == "ok")
        .await;
    examine(&url, &[]).is_well("durability");
}

#[tokio::test]
async fn a_table_that_autovacuum_leaves_out_is_named() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("autovacuum");
    database.execute("ALTER TABLE sessions SET (autovacuum_enabled = false)").await;
    let finding = examine(&database.url(), &[]).finds("autovacuum", "warning", "sessions");
    finding.mend(database.pool()).await;
    examine(&database.url(), &[]).is_well("autovacuum");
}

#[tokio::test]
async fn pools_that_do_not_fit_into_the_server_are_an_error() {
    let database = Database::migrated().await;
    let url = format!("{}?max_pool_size=50", database.url());
    let examination = examine(&url, &["--instances", "5"]);
    examination.is_well("connection-limit");
    let finding = examine(&url, &["--instances", "6"]).finds("connection-limit", "error", "max_pool_size");
    assert!(
        finding.message().contains("6 × 50 connections of the pool are 300, and 297 are to be had"),
        "{finding:?}"
    );
    assert!(finding.fix().starts_with("max_pool_size=49 in DATABASE_URL"), "{finding:?}");
    assert!(finding.fix().contains("max_connections = 303;"), "{finding:?}");
}

#[tokio::test]
async fn pools_that_do_not_fit_into_the_limit_of_the_role_are_an_error() {
    let database = Database::migrated().await;
    execute(&database.pool_as(SUPERUSER).await, "CREATE ROLE doctor_limited LOGIN CONNECTION LIMIT 15").await;
    let url = database.url_as("doctor_limited");
    examine(&url, &[]).is_well("connection-limit");
    let finding = examine(&url, &["--instances", "2"]).finds("connection-limit", "error", "max_pool_size");
    assert!(finding.fix().contains("ALTER ROLE \"doctor_limited\" CONNECTION LIMIT 20;"), "{finding:?}");
}

#[tokio::test]
async fn settings_that_do_not_suit_the_machine_are_a_note_until_they_are_tuned() {
    let own = OwnServer::with(&[("shared_buffers", "16MB")]);
    let finding = examine(&own.url(), &[]).finds("untuned-settings", "info", "");
    assert_eq!(finding.fix(), "authority-db tune");
    assert!(finding.evidence().contains("shared_buffers = 16MB, where "), "{finding:?}");
    let tuned = authority_db(&own.superuser_url(), &["tune", "--apply"]).output().expect("authority-db runs");
    assert!(tuned.status.success(), "{tuned:?}");
    own.restart();
    examine(&own.url(), &[]).is_well("untuned-settings");
}

#[tokio::test]
async fn sessions_that_may_idle_in_a_transaction_for_ever_are_a_note() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "CREATE ROLE doctor_patient LOGIN").await;
    let examination = examine_for(&database.url(), "doctor_patient");
    let subject = "idle_in_transaction_session_timeout";
    let finding = examination.finds("idle-in-transaction-timeout", "info", subject);
    finding.mend(&superuser).await;
    examine_for(&database.url(), "doctor_patient").is_well("idle-in-transaction-timeout");
    // What the database says does not count beside what the role says.
    let zero = format!("ALTER ROLE doctor_patient IN DATABASE {} SET {subject} = 0", database.name());
    execute(&superuser, &zero).await;
    examine_for(&database.url(), "doctor_patient").finds("idle-in-transaction-timeout", "info", subject);
    let of_database = format!("ALTER DATABASE {} SET {subject} = '5min'", database.name());
    execute(&superuser, &of_database).await;
    examine_for(&database.url(), "doctor_patient").finds("idle-in-transaction-timeout", "info", subject);
    examine_for(&database.url(), APP_ROLE).is_well("idle-in-transaction-timeout");
}
