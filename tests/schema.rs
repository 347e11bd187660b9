//! The schema as the migrations make it, read from the catalog.

use authority_local_postgres::{APP_ROLE, SUPERUSER};
use authority_migration::runner::LEDGER_TABLE;
use authority_schema::model::{ForeignKey, Table};
use authority_schema::rules::{self, Finding};
use authority_schema::{ReadOptions, Schema, canonical, read};

use crate::support::{Database, assert_snapshot, assert_snapshots, canonical_text, execute, schema};

/// Names that operators know already, and so keep.
const KNOWN_NAMES: [&str; 1] = ["idx_tokens_user_id"];

#[tokio::test]
async fn the_schema_is_as_reviewed() {
    let database = Database::migrated().await;
    let schema = schema(database.pool()).await;
    assert_snapshots("schema", &canonical::documents(&schema));
}

#[tokio::test]
async fn the_text_of_the_schema_is_the_same_for_every_role() {
    let database = Database::migrated().await;
    let serving = database.pool_as(APP_ROLE).await;
    assert_eq!(canonical_text(&serving).await, canonical_text(database.pool()).await);
}

#[tokio::test]
async fn the_text_of_a_schema_with_everything_in_it_is_the_same_on_every_version() {
    let database = Database::empty().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, include_str!("schema/rich.sql")).await;
    let mut connection = superuser.acquire().await.expect("a connection");
    let options = ReadOptions { exclude_tables: &[LEDGER_TABLE], default_partitions_only: false };
    let schema = read(&mut connection, options).await.expect("the rich schema can be read");
    assert_snapshot("rich-schema", "text", &canonical::whole(&schema));
    let findings: Vec<_> = every_rule(&schema).iter().map(said).collect();
    assert_snapshot("rich-schema", "findings", &findings.join("\n"));
}

#[tokio::test]
async fn the_schema_keeps_to_every_rule() {
    let database = Database::migrated().await;
    let findings = every_rule(&schema(database.pool()).await);
    assert!(findings.is_empty(), "{}", findings.iter().map(said).collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn the_indexes_that_operators_know_exist() {
    let database = Database::migrated().await;
    let schema = schema(database.pool()).await;
    for (table, index) in
        [("access_tokens", "idx_tokens_user_id"), ("audit_logs", "idx_audit_logs_created_at")]
    {
        assert!(table_of(&schema, table).indexes.iter().any(|one| one.name == index), "{index}");
    }
}

#[tokio::test]
async fn every_excuse_for_a_missing_index_is_needed() {
    let database = Database::migrated().await;
    let schema = schema(database.pool()).await;
    let mut without_comments = schema.clone();
    for key in without_comments.tables.iter_mut().flat_map(|table| &mut table.foreign_keys) {
        key.comment = None;
    }
    let excused = schema.tables.iter().flat_map(|table| &table.foreign_keys).filter(|key| is_excused(key));
    let excused: Vec<_> = excused.map(|key| key.name.clone()).collect();
    let unindexed = rules::unindexed_foreign_keys(&without_comments);
    let unindexed: Vec<_> = unindexed.into_iter().map(|finding| finding.object).collect();
    assert_eq!(excused, unindexed);
    assert!(!excused.is_empty(), "otherwise this test proves nothing");
}

#[tokio::test]
async fn every_column_of_bytes_that_digests_a_secret_is_32_bytes_long() {
    let database = Database::migrated().await;
    for table in &schema(database.pool()).await.tables {
        let digests = table.columns.iter().filter(|column| {
            column.data_type == "bytea" && (column.name.ends_with("digest") || column.name.ends_with("hash"))
        });
        for column in digests {
            let length = format!("octet_length({}) = 32", column.name);
            let checked = table.checks.iter().any(|check| check.expression.contains(&length));
            assert!(checked, "{}.{} has no CHECK ({length})", table.name, column.name);
        }
    }
}

fn every_rule(schema: &Schema) -> Vec<Finding> {
    [
        rules::unindexed_foreign_keys(schema),
        rules::cascades_without_index(schema),
        rules::naming(schema, &KNOWN_NAMES),
        rules::timestamps_without_time_zone(schema),
        rules::tables_without_comment(schema),
        rules::duplicate_indexes(schema),
        rules::invalid_indexes(schema),
    ]
    .concat()
}

fn said(finding: &Finding) -> String {
    format!("{}: {} {}", finding.rule, finding.object, finding.message)
}

fn table_of<'a>(schema: &'a Schema, name: &str) -> &'a Table {
    schema.table(name).unwrap_or_else(|| panic!("there is no table {name}"))
}

fn is_excused(key: &ForeignKey) -> bool {
    key.comment.as_ref().is_some_and(|comment| comment.starts_with("Unindexed:"))
}
