use authority_local_postgres::SUPERUSER;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::examine;
use super::own_server::OwnServer;
use crate::support::{Database, eventually, execute};

/// Runs statements one by one in a session that ends afterwards, and so hands in its statistics.
async fn in_a_session(database: &Database, statements: &[&str]) {
    let mut session = database.connection_as(SUPERUSER).await;
    for sql in statements {
        sqlx::raw_sql(AssertSqlSafe(*sql))
            .execute(&mut session)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    session.close().await.expect("it can end");
}

#[tokio::test]
async fn dead_rows_are_vacuumed() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("dead-tuples");
    let statements = [
        "CREATE TABLE churn (id integer) WITH (autovacuum_enabled = false)",
        "INSERT INTO churn SELECT generate_series(1, 30000)",
        "DELETE FROM churn WHERE id > 5000",
        "ALTER TABLE churn OWNER TO authority",
    ];
    in_a_session(&database, &statements).await;
    let dead =
        |wanted: &str| format!("SELECT n_dead_tup {wanted} FROM pg_stat_user_tables WHERE relname = 'churn'");
    eventually("the dead rows are counted", async || database.column(&dead("> 10000")).await == ["t"]).await;
    let finding = examine(&database.url(), &[]).finds("dead-tuples", "warning", "churn");
    assert_eq!(finding.fix(), "VACUUM (ANALYZE) \"churn\";");
    finding.mend(database.pool()).await;
    eventually("there are none any more", async || database.column(&dead("= 0")).await == ["t"]).await;
    examine(&database.url(), &[]).is_well("dead-tuples");
}

#[tokio::test]
async fn a_table_that_is_much_larger_than_its_rows_is_named() {
    let database = Database::migrated().await;
    let statements = [
        "CREATE TABLE sparse WITH (autovacuum_enabled = false) AS SELECT n AS id, repeat('x', 100) AS pad FROM generate_series(1, 120000) n",
        "ALTER TABLE sparse OWNER TO authority",
        "VACUUM (ANALYZE) sparse",
    ];
    in_a_session(&database, &statements).await;
    examine(&database.url(), &[]).is_well("bloat");
    in_a_session(&database, &["DELETE FROM sparse WHERE id % 10 <> 0", "VACUUM (ANALYZE) sparse"]).await;
    let finding = examine(&database.url(), &[]).finds("bloat", "info", "sparse");
    assert!(finding.fix().ends_with("VACUUM (FULL, ANALYZE) \"sparse\";"), "{finding:?}");
    in_a_session(&database, &["VACUUM (FULL, ANALYZE) sparse"]).await;
    examine(&database.url(), &[]).is_well("bloat");
}

#[tokio::test]
async fn a_sequence_near_its_end_gets_room() {
    let database = Database::migrated().await;
    database
        .execute(
            "CREATE SEQUENCE fresh AS smallint; CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE -1",
        )
        .await;
    database.execute("SELECT nextval('fresh'), nextval('down')").await;
    examine(&database.url(), &[]).is_well("sequences");
    database
        .execute("CREATE SEQUENCE near AS smallint; SELECT setval('near', 30000), setval('down', -95)")
        .await;
    let examination = examine(&database.url(), &[]);
    let finding = examination.finds("sequences", "warning", "public.near");
    assert!(finding.message().contains("91 %") || finding.message().contains("92 %"), "{finding:?}");
    finding.mend(database.pool()).await;
    examination.finds("sequences", "warning", "public.down");
    assert_eq!(examine(&database.url(), &[]).of("sequences").len(), 1);
}

/// A transaction that takes more ids than autovacuum may let grow old, and is not over yet: nothing can be frozen.
#[tokio::test]
async fn ids_that_grow_old_are_noticed_before_they_wrap_around() {
    let settings = [
        ("autovacuum", "off"),
        ("autovacuum_freeze_max_age", "100000"),
        ("autovacuum_multixact_freeze_max_age", "10000"),
    ];
    let own = OwnServer::with(&settings);
    let url = own.superuser_url();
    let examination = examine(&url, &[]);
    examination.is_well("transaction-id-wraparound");
    examination.is_well("multixact-wraparound");

    let mut long = PgConnection::connect(&url).await.expect("a session");
    let burn = |times: u32, what: &str| {
        format!(
            "DO $$ BEGIN FOR n IN 1..{times} LOOP BEGIN {what}; RAISE EXCEPTION USING ERRCODE = 'P0001';
             EXCEPTION WHEN raise_exception THEN END; END LOOP; END $$"
        )
    };
    let begin =
        "CREATE TABLE row_to_lock AS SELECT 1 AS id; BEGIN; CREATE TEMPORARY TABLE scrap (id integer);
                 SELECT FROM row_to_lock FOR KEY SHARE";
    sqlx::raw_sql(begin).execute(&mut long).await.expect("a transaction");
    // Each part that is taken back has used an id of its own.
    for sql in
        [burn(180_500, "INSERT INTO scrap VALUES (1)"), burn(20_500, "PERFORM FROM row_to_lock FOR SHARE")]
    {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut long).await.expect("ids can be used up");
    }
    let examination = examine(&url, &[]);
    let finding = examination.finds("transaction-id-wraparound", "warning", "authority_db");
    assert_eq!(finding.fix(), "vacuumdb --freeze authority_db");
    examination.finds("multixact-wraparound", "warning", "authority_db");

    sqlx::raw_sql("ROLLBACK").execute(&mut long).await.expect("the transaction ends");
    long.close().await.expect("the session ends");
    let superuser = own.superuser();
    // The server may take a moment to forget the session.
    eventually("the database is frozen", async || {
        execute(&superuser, "VACUUM (FREEZE)").await;
        let examination = examine(&url, &[]);
        let is_old = |check: &str| examination.of(check).iter().any(|one| one.subject() == "authority_db");
        !is_old("transaction-id-wraparound") && !is_old("multixact-wraparound")
    })
    .await;
}

#[tokio::test]
async fn databases_of_runs_that_were_killed_are_left_over() {
    let own = OwnServer::with(&[]);
    let superuser = own.superuser();
    let left = ["generate", "replaced", "restore", "verify"]
        .map(|what| format!("authority_{what}_0123456789abcdef"));
    for name in left.iter().chain(&["authority_restored".to_owned(), "authority_verify_nothing".to_owned()]) {
        execute(&superuser, &format!("CREATE DATABASE {name}")).await;
    }
    // A run that is at work is connected to its database.
    let url = own.superuser_url().replace("/authority_db", "/authority_verify_0123456789abcdef");
    let at_work = PgConnection::connect(&url).await.expect("a connection");
    let examination = examine(&own.url(), &[]);
    for name in &left[..3] {
        examination.finds("left-over-databases", "info", name).mend(&superuser).await;
    }
    assert_eq!(examination.of("left-over-databases").len(), 3);
    examine(&own.url(), &[]).is_well("left-over-databases");
    at_work.close().await.expect("it can end");
}
