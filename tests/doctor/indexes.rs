use authority_local_postgres::SUPERUSER;
use sqlx::{AssertSqlSafe, Connection};

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
    read(&database, "large WHERE id = n", "large").await;
    let examination = examine(&database.url(), &[]);
    let finding = examination.finds("unused-indexes", "info", "idx_large_pad");
    assert!(finding.fix().ends_with("DROP INDEX \"idx_large_pad\";"), "{finding:?}");
    assert_eq!(examination.of("unused-indexes").len(), 1);
    execute(database.pool(), "DROP INDEX idx_large_pad").await;
    examine(&database.url(), &[]).is_well("unused-indexes");
}

#[tokio::test]
async fn an_index_of_the_migrations_is_kept_however_seldom_it_is_read() {
    let database = Database::migrated().await;
    database
        .execute("CREATE INDEX idx_audit_logs_request_id ON audit_logs (request_id, id); CREATE TABLE audit_logs_p202611 PARTITION OF audit_logs FOR VALUES FROM ('01a19467-e800-7000-8000-000000000000') TO ('01a22ee6-b000-7000-8000-000000000000')")
        .await;
    database
        .execute(
            "INSERT INTO audit_logs (id, event, outcome, actor_kind, resource_kind, resource_id, request_id)
             SELECT ('01a1a000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'a.b', 'success', 'system', 'thing',
                    md5(n::text), md5(n::text) FROM generate_series(1, 20000) n",
        )
        .await;
    let path = "audit_logs_p202611 WHERE id = ('01a1a000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid";
    read(&database, path, "audit_logs_p202611").await;
    let large = "SELECT indexrelname FROM pg_stat_user_indexes
                  WHERE relname = 'audit_logs_p202611' AND idx_scan = 0 AND pg_relation_size(indexrelid) > 1048576
                    AND indexrelname LIKE '%resource_id%'";
    assert_eq!(database.column(large).await.len(), 1);
    let examination = examine(&database.url(), &[]);
    // Somebody else's is named once, as what can be dropped.
    let finding = examination.finds("unused-indexes", "info", "idx_audit_logs_request_id");
    assert_eq!(examination.of("unused-indexes").len(), 1, "{:?}", examination.of("unused-indexes"));
    assert!(finding.fix().ends_with("DROP INDEX \"idx_audit_logs_request_id\";"), "{finding:?}");
    execute(database.pool(), "DROP INDEX idx_audit_logs_request_id").await;
    examine(&database.url(), &[]).is_well("unused-indexes");
}

#[tokio::test]
async fn an_index_of_the_migrations_is_not_superfluous_beside_somebody_elses() {
    let database = Database::migrated().await;
    database
        .execute("CREATE INDEX a_wider_one ON access_tokens (user_id, id); CREATE INDEX a_same_one ON sessions (user_id)")
        .await;
    let examination = examine(&database.url(), &[]);
    assert_eq!(examination.of("duplicate-indexes").len(), 1, "{:?}", examination.of("duplicate-indexes"));
    examination.finds("duplicate-indexes", "warning", "a_same_one").mend(database.pool()).await;
    examine(&database.url(), &[]).is_well("duplicate-indexes");
}

/// Reads a relation a thousand times by its key, and waits until that is known.
async fn read(database: &Database, what: &str, relation: &str) {
    // A session hands in its statistics when it ends, at the latest.
    let mut reader = database.connection_as(SUPERUSER).await;
    let read = format!(
        "SET enable_seqscan = off; DO $$ BEGIN FOR n IN 1..1000 LOOP PERFORM FROM {what}; END LOOP; END $$"
    );
    sqlx::raw_sql(AssertSqlSafe(read)).execute(&mut reader).await.expect("it can be read");
    reader.close().await.expect("it can end");
    let reads =
        format!("SELECT coalesce(idx_scan, 0) >= 1000 FROM pg_stat_user_tables WHERE relname = '{relation}'");
    eventually("the reads are counted", async || database.column(&reads).await == ["t"]).await;
}
