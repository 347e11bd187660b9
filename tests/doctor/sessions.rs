use authority_local_postgres::{OWNER_ROLE, SUPERUSER};
use sqlx::Connection;

use super::examine;
use super::own_server::OwnServer;
use super::replica::Replica;
use crate::support::{Database, Need, Session, column, eventually, execute};

/// Every transaction is too old.
const AT_ONCE: [&str; 2] = ["--max-transaction-age", "0"];

#[tokio::test]
async fn a_long_transaction_is_ended() {
    let database = Database::migrated().await;
    let url = database.url_as(SUPERUSER);
    examine(&url, &AT_ONCE).is_well("long-transactions");
    let mut sleeper = database.connection_as(OWNER_ROLE).await;
    let sleeping =
        tokio::spawn(async move { sqlx::raw_sql("SELECT pg_sleep(600)").execute(&mut sleeper).await });
    let find = "SELECT pid::text FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active' AND datname = current_database()";
    eventually("it sleeps", async || database.column(find).await.len() == 1).await;
    let pid = database.column(find).await.remove(0);
    examine(&url, &[]).is_well("long-transactions");
    let finding =
        examine(&url, &AT_ONCE).finds("long-transactions", "warning", &format!("server process {pid}"));
    finding.mend(&database.pool_as(SUPERUSER).await).await;
    assert!(sleeping.await.expect("it can be waited for").is_err());
    examine(&url, &AT_ONCE).is_well("long-transactions");
}

#[tokio::test]
async fn a_session_that_is_idle_in_a_transaction_is_ended() {
    let database = Database::migrated().await;
    let url = database.url_as(SUPERUSER);
    examine(&url, &AT_ONCE).is_well("idle-in-transaction");
    let session = Session::begin(&database, "LOCK TABLE users IN ROW EXCLUSIVE MODE").await;
    let subject = format!("server process {}", session.pid());
    examine(&url, &[]).is_well("idle-in-transaction");
    let examination = examine(&url, &AT_ONCE);
    let finding = examination.finds("idle-in-transaction", "warning", &subject);
    // It is said once.
    examination.is_well("long-transactions");
    finding.mend(&database.pool_as(SUPERUSER).await).await;
    eventually("it is gone", async || {
        examine(&url, &AT_ONCE).of("idle-in-transaction")[0].severity() == "ok"
    })
    .await;
}

#[tokio::test]
async fn a_role_that_does_not_see_the_sessions_of_others_is_told_so() {
    let database = Database::migrated().await;
    let session = Session::begin(&database, "SELECT 1").await;
    let examination = examine(&database.url(), &AT_ONCE);
    for check in ["long-transactions", "idle-in-transaction"] {
        examination.may_not_see(check);
        assert_eq!(examination.of(check)[0].fix(), format!("GRANT pg_read_all_stats TO \"{OWNER_ROLE}\";"));
    }
    session.end().await;
}

#[tokio::test]
async fn a_lock_holds_up_no_examination_and_is_told_from_health() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    database.execute("CREATE SCHEMA other; CREATE SEQUENCE other.locked").await;
    let session = Session::begin(
        &database,
        "ALTER SEQUENCE other.locked RENAME TO renamed; LOCK TABLE users IN ACCESS EXCLUSIVE MODE",
    )
    .await;
    let examination = examine(&database.url(), &[]);
    // A question of its own.
    let finding = examination.finds("sequences", "warning", "");
    assert!(finding.evidence().contains("timeout"), "{finding:?}");
    // A question that waits for nobody.
    examination.is_well("serving-role-privileges");
    session.end().await;
    let examination = examine(&database.url(), &[]);
    examination.is_well("sequences");
    examination.is_well("locked-users");
}

#[tokio::test]
async fn a_prepared_transaction_is_rolled_back() {
    let own = OwnServer::with(&[("max_prepared_transactions", "2")]);
    let url = own.superuser_url();
    examine(&url, &AT_ONCE).is_well("prepared-transactions");
    let mut connection = sqlx::PgConnection::connect(&url).await.expect("a session");
    let prepare = "BEGIN; CREATE TABLE forgotten (); PREPARE TRANSACTION 'it''s forgotten'";
    sqlx::raw_sql(prepare).execute(&mut connection).await.expect("it can be prepared");
    examine(&url, &[]).is_well("prepared-transactions");
    let finding = examine(&url, &AT_ONCE).finds("prepared-transactions", "warning", "it's forgotten");
    finding.mend(&own.superuser()).await;
    examine(&url, &AT_ONCE).is_well("prepared-transactions");
}

#[tokio::test]
async fn a_replication_slot_that_nobody_reads_is_dropped() {
    let own = OwnServer::with(&[]);
    let url = own.superuser_url();
    examine(&url, &[]).is_well("replication-slots");
    let mut connection = sqlx::PgConnection::connect(&url).await.expect("a session");
    let create = "SELECT pg_create_physical_replication_slot('forgotten', true)";
    sqlx::raw_sql(create).execute(&mut connection).await.expect("a slot");
    // An unprivileged role sees it too.
    examine(&own.url(), &[]).finds("replication-slots", "warning", "forgotten");
    let finding = examine(&url, &[]).finds("replication-slots", "warning", "forgotten");
    finding.mend(&own.superuser()).await;
    examine(&url, &[]).is_well("replication-slots");
}

#[tokio::test]
async fn whatever_has_old_row_versions_kept_from_elsewhere_is_named() {
    let own = OwnServer::with(&[
        ("max_prepared_transactions", "2"),
        ("autovacuum", "off"),
        ("wal_sender_timeout", "0"),
    ]);
    own.write_access("local all all trust\nlocal replication all trust\n");
    let (url, superuser) = (own.superuser_url(), own.superuser());
    execute(&superuser, "CREATE DATABASE elsewhere").await;
    execute(&superuser, "SELECT pg_reload_conf(), pg_create_physical_replication_slot('standby', true)")
        .await;
    let elsewhere = url.replace("/authority_db", "/elsewhere");
    let mut prepared = sqlx::PgConnection::connect(&elsewhere).await.expect("a session");
    let prepare = "BEGIN; CREATE TABLE forgotten (); PREPARE TRANSACTION 'forgotten'";
    sqlx::raw_sql(prepare).execute(&mut prepared).await.expect("it can be prepared");
    let mut open = sqlx::PgConnection::connect(&elsewhere).await.expect("a session");
    sqlx::raw_sql("BEGIN; CREATE TABLE scrap ()").execute(&mut open).await.expect("a transaction");
    let pid = column(
        &superuser,
        "SELECT pid::text FROM pg_stat_activity WHERE datname = 'elsewhere' AND backend_xid IS NOT NULL",
    )
    .await
    .remove(0);
    let position = column(&superuser, "SELECT pg_current_wal_lsn()::text").await.remove(0);
    let now = column(&superuser, "SELECT pg_current_xact_id()::text").await.remove(0).parse().expect("an id");
    let socket = own.socket();
    let _with = Replica::looking_back(&socket, "standby", Some("standby"), &position, now);
    let without = Replica::looking_back(&socket, "reports", None, &position, now);
    let told = "SELECT (SELECT count(xmin) FROM pg_replication_slots) || ' ' || (SELECT count(backend_xmin) FROM pg_stat_replication)";
    eventually("the replicas are heard", async || column(&superuser, told).await == ["1 1"]).await;
    examine(&url, &[]).is_well("old-row-versions");

    // Each part that is taken back has used an id of its own.
    execute(
        &superuser,
        "CREATE TEMPORARY TABLE scrap (id integer);
         DO $$ BEGIN FOR n IN 1..1000100 LOOP BEGIN INSERT INTO scrap VALUES (1); RAISE EXCEPTION USING ERRCODE = 'P0001';
         EXCEPTION WHEN raise_exception THEN END; END LOOP; END $$",
    )
    .await;
    let examination = examine(&url, &[]);
    assert_eq!(examination.of("old-row-versions").len(), 4);
    examination.finds("old-row-versions", "warning", &format!("server process {pid}")).mend(&superuser).await;
    let finding = examination.finds("old-row-versions", "warning", "forgotten");
    assert_eq!(finding.fix(), "ROLLBACK PREPARED 'forgotten'; in that database");
    sqlx::raw_sql("ROLLBACK PREPARED 'forgotten'").execute(&mut prepared).await.expect("it can be ended");
    examination.finds("old-row-versions", "warning", "reports");
    drop(without);
    eventually("one is left", async || examine(&url, &[]).of("old-row-versions").len() == 1).await;
    examine(&url, &[]).finds("old-row-versions", "warning", "standby");
    examine(&own.url(), &[]).may_not_see("old-row-versions");
}

#[tokio::test]
async fn a_server_that_is_nearly_full_is_named() {
    let own = OwnServer::with(&[("max_connections", "13"), ("max_wal_senders", "2")]);
    let url = own.superuser_url();
    examine(&url, &[]).is_well("connections-in-use");
    let mut guests = Vec::new();
    for _ in 0..9 {
        guests.push(sqlx::PgConnection::connect(&url).await.expect("a session"));
    }
    let finding = examine(&url, &[]).finds("connections-in-use", "warning", "max_connections");
    assert!(finding.fix().contains("ALTER SYSTEM SET max_connections = 20"), "{finding:?}");
}
