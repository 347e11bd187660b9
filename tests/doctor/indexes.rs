use authority_local_postgres::SUPERUSER;
use sqlx::Connection;

use super::examine;
use crate::support::{Database, eventually, execute, fails};

#[tokio::test]
async fn an_index_that_was_not_finished_is_built_again() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("invalid-indexes");
    database.execute("CREATE TABLE twins AS SELECT 1 AS id UNION ALL SELECT 1").await;
    fails(database.pool(), "CREATE UNIQUE INDEX CONCURRENTLY uq_twins_id ON twins (id)").await;
    let finding = examine(&database.url(), &[]).finds("invalid-indexes", "warning", "uq_twins_id");
    database.execute("DELETE FROM twins WHERE ctid = (SELECT max(ctid) FROM twins)").await;
    finding.mend(database.pool()).await;
    examine(&database.url(), &[]).is_well("invalid-indexes");
}

#[tokio::test]
async fn what_a_failed_reindex_left_behind_is_dropped() {
    let database = Database::migrated().await;
    database.execute("CREATE TABLE twins AS SELECT 1 AS id UNION ALL SELECT 1").await;
    fails(database.pool(), "CREATE UNIQUE INDEX CONCURRENTLY uq_twins_id ON twins (id)").await;
    fails(database.pool(), "REINDEX INDEX CONCURRENTLY uq_twins_id").await;
    let finding = examine(&database.url(), &[]).finds("invalid-indexes", "warning", "uq_twins_id_ccnew");
    finding.mend(database.pool()).await;
    assert_eq!(examine(&database.url(), &[]).of("invalid-indexes").len(), 1);
}

#[tokio::test]
async fn an_index_that_its_partitions_lack_says_what_to_attach() {
    let database = Database::migrated().await;
    database.execute("CREATE INDEX idx_audit_logs_request_id ON ONLY audit_logs (request_id)").await;
    let finding =
        examine(&database.url(), &[]).finds("invalid-indexes", "warning", "idx_audit_logs_request_id");
    assert!(finding.fix().contains("ATTACH PARTITION"), "{finding:?}");
}

#[tokio::test]
async fn a_superfluous_index_is_dropped() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("duplicate-indexes");
    database.execute("CREATE INDEX idx_sessions_twice ON sessions (id, user_id); CREATE INDEX idx_sessions_once ON sessions (id)").await;
    let finding = examine(&database.url(), &[]).finds("duplicate-indexes", "warning", "idx_sessions_once");
    finding.mend(database.pool()).await;
    examine(&database.url(), &[]).is_well("duplicate-indexes");
}

#[tokio::test]
async fn a_foreign_key_without_an_index_gets_one() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("unindexed-foreign-keys");
    database.execute("DROP INDEX idx_refresh_tokens_session_id").await;
    database
        .execute("CREATE TABLE notes (id integer, author_id uuid CONSTRAINT fk_notes_author_id REFERENCES users ON DELETE CASCADE)")
        .await;
    let examination = examine(&database.url(), &[]);
    examination
        .finds("unindexed-foreign-keys", "warning", "fk_refresh_tokens_session_id")
        .mend(database.pool())
        .await;
    examination.finds("unindexed-foreign-keys", "warning", "fk_notes_author_id").mend(database.pool()).await;
    let examination = examine(&database.url(), &[]);
    examination.is_well("unindexed-foreign-keys");
    // The index is again the partial one that migrations make.
    assert!(examination.of("schema-drift").iter().all(|finding| finding.subject() != "table-refresh_tokens"));
}

#[tokio::test]
async fn an_index_that_nobody_reads_is_named_with_its_size() {
    let database = Database::migrated().await;
    database
        .execute("CREATE TABLE large (id integer PRIMARY KEY, pad integer); CREATE INDEX idx_large_pad ON large (pad)")
        .await;
    database.execute("INSERT INTO large SELECT n, n FROM generate_series(1, 80000) n").await;
    examine(&database.url(), &[]).is_well("unused-indexes");
    // A session hands in its statistics when it ends, at the latest.
    let mut reader = database.connection_as(SUPERUSER).await;
    let read = "SET enable_seqscan = off; DO $$ BEGIN FOR n IN 1..1000 LOOP PERFORM FROM large WHERE id = n; END LOOP; END $$";
    sqlx::raw_sql(read).execute(&mut reader).await.expect("it can be read");
    reader.close().await.expect("it can end");
    let reads = "SELECT coalesce(idx_scan, 0) >= 1000 FROM pg_stat_user_tables WHERE relname = 'large'";
    eventually("the reads are counted", async || database.column(reads).await == ["t"]).await;
    let examination = examine(&database.url(), &[]);
    let finding = examination.finds("unused-indexes", "info", "idx_large_pad");
    assert!(finding.fix().ends_with("DROP INDEX \"idx_large_pad\";"), "{finding:?}");
    assert_eq!(examination.of("unused-indexes").len(), 1);
    execute(database.pool(), "DROP INDEX idx_large_pad").await;
    examine(&database.url(), &[]).is_well("unused-indexes");
}
