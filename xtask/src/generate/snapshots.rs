//! Snapshots in the form that `insta` reads: the tests compare them with a real database.

use authority_migration::migrations;
use authority_schema::{Schema, canonical};

/// One snapshot for each table, and one for each other kind of object.
pub(super) fn of_schema(schema: &Schema) -> Vec<(String, String)> {
    let documents = canonical::documents(schema).into_iter();
    documents.map(|(name, text)| snapshot("tests/schema.rs", &name, &text)).collect()
}

/// One snapshot for each migration, with the SQL of both directions.
pub(super) fn of_migrations() -> Vec<(String, String)> {
    let text = |migration: &authority_migration::Migration| {
        format!("-- up\n{}\n-- down\n{}", migration.up().text(), migration.down().text())
    };
    migrations::ALL
        .iter()
        .map(|migration| snapshot("tests/migrations.rs", migration.name(), &text(migration)))
        .collect()
}

fn snapshot(source: &str, name: &str, text: &str) -> (String, String) {
    (format!("{name}.snap"), format!("---\nsource: {source}\n---\n{}\n", text.trim_end()))
}
