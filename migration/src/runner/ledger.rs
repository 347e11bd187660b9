//! The record of what was applied, in the database itself.

use sqlx::{PgConnection, Row};

use super::{Error, LEDGER_TABLE, Result, session};
use crate::ddl::literal;
use crate::{Fingerprint, Migration};

/// Columns that this software adds to `sea-orm-migration`'s `version` and `applied_at`. They may be
/// null, for a migration that SeaORM's own tools applied.
const OUR_COLUMNS: [(&str, &str, &str); 4] = [
    ("fingerprint", "bytea", "SHA-256 of the SQL that was applied."),
    ("sql", "text", "The SQL that was applied, to show what an edited migration differs in."),
    (
        "compatible_with",
        "text",
        "Newest migration of the oldest program that works with the database once this one is applied.",
    ),
    ("elapsed_ms", "integer", "How long it took, in milliseconds."),
];

/// One applied migration.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) version: String,
    /// Seconds since 1970-01-01 UTC.
    pub(super) applied_at: i64,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) sql: Option<String>,
    pub(super) compatible_with: Option<String>,
}

/// What the database records, by name of migration.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    rows: Vec<Entry>,
    columns: Vec<String>,
}

impl Ledger {
    /// Reads the ledger; a database without one has applied nothing.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self> {
        let (columns, role) = columns(connection).await.map_err(Error::Server)?;
        if columns.is_empty() {
            return Ok(Self { rows: Vec::new(), columns });
        }
        let has = |name: &str| columns.iter().any(|column| column == name);
        if !has("version") || !has("applied_at") {
            return Err(Error::ForeignLedger);
        }
        let optional = |name: &str, kind: &str| {
            if has(name) { name.to_owned() } else { format!("NULL::{kind} AS {name}") }
        };
        let sql = format!(
            "SELECT version::text AS version, applied_at, {}, {}, {} FROM public.{LEDGER_TABLE} ORDER BY version",
            optional("fingerprint", "bytea"),
            optional("sql", "text"),
            optional("compatible_with", "text"),
        );
        let rows = session::rows(connection, &sql).await.map_err(|error| {
            match session::sqlstate(&error).as_deref() {
                Some("42501") => Error::MayNotReadLedger { role, source: error },
                _ => Error::Server(error),
            }
        })?;
        let rows = rows.iter().map(row).collect::<sqlx::Result<_>>().map_err(Error::Server)?;
        Ok(Self { rows, columns })
    }

    pub(super) fn rows(&self) -> &[Entry] {
        &self.rows
    }

    /// The statements that make the ledger what this software needs, where it is not.
    pub(super) fn preparation(&self) -> Option<Vec<String>> {
        if self.columns.is_empty() {
            return Some(creation());
        }
        let missing =
            OUR_COLUMNS.iter().filter(|(name, ..)| !self.columns.iter().any(|column| column == name));
        let statements: Vec<_> = missing
            .flat_map(|(name, kind, comment)| {
                [
                    format!("ALTER TABLE \"{LEDGER_TABLE}\" ADD COLUMN \"{name}\" {kind}"),
                    column_comment(name, comment),
                ]
            })
            .collect();
        (!statements.is_empty()).then_some(statements)
    }
}

/// The statements that make an empty ledger.
pub(super) fn creation() -> Vec<String> {
    let ours: Vec<_> = OUR_COLUMNS
        .iter()
        .map(|(name, kind, _)| {
            format!(
                "    \"{name}\" {kind},
"
            )
        })
        .collect();
    let ours = ours.concat();
    let mut statements = vec![
        format!(
            "CREATE TABLE \"{LEDGER_TABLE}\" (\n    \"version\" text NOT NULL,\n    \"applied_at\" bigint NOT NULL,\n{ours}    CONSTRAINT \"pk_{LEDGER_TABLE}\" PRIMARY KEY (\"version\")\n)"
        ),
        format!(
            "COMMENT ON TABLE \"{LEDGER_TABLE}\" IS {}",
            literal("Which migrations were applied to this database. Written by the migration runner only.")
        ),
        column_comment("version", "Name of the migration."),
        column_comment("applied_at", "When it was applied, in seconds since 1970-01-01 UTC."),
    ];
    statements.extend(OUR_COLUMNS.iter().map(|(name, _, comment)| column_comment(name, comment)));
    statements
}

/// The statement that records a migration, inside the transaction that applies it.
pub(super) fn insertion(migration: &Migration, compatible_with: &str) -> String {
    format!(
        "INSERT INTO \"{LEDGER_TABLE}\" (\"version\", \"applied_at\", \"fingerprint\", \"compatible_with\", \"elapsed_ms\", \"sql\")
VALUES ({}, extract(epoch FROM clock_timestamp())::bigint, '\\x{}', {}, (extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000)::integer, {})",
        literal(migration.name()),
        migration.fingerprint(),
        literal(compatible_with),
        dollar_quoted(&migration.up().text()),
    )
}

/// The statement that forgets a migration, inside the transaction that takes it back.
pub(super) fn deletion(migration: &Migration) -> String {
    format!("DELETE FROM \"{LEDGER_TABLE}\" WHERE \"version\" = {}", literal(migration.name()))
}

fn column_comment(name: &str, comment: &str) -> String {
    format!("COMMENT ON COLUMN \"{LEDGER_TABLE}\".\"{name}\" IS {}", literal(comment))
}

/// The text as a dollar-quoted constant, with a tag that does not occur in it.
fn dollar_quoted(text: &str) -> String {
    let mut tag = "$sql$".to_owned();
    while text.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("{tag}{text}{tag}")
}

/// The columns of the ledger, none where there is no ledger, and who asks.
async fn columns(connection: &mut PgConnection) -> sqlx::Result<(Vec<String>, String)> {
    let sql = format!(
        "SELECT a.attname::text AS name, current_user::text AS role FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = to_regclass('public.{LEDGER_TABLE}') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    );
    let rows = session::rows(connection, &sql).await?;
    let role = rows.first().map(|row| row.try_get("role")).transpose()?.unwrap_or_default();
    Ok((rows.iter().map(|row| row.try_get("name")).collect::<sqlx::Result<_>>()?, role))
}

fn row(row: &sqlx::postgres::PgRow) -> sqlx::Result<Entry> {
    let fingerprint: Option<Vec<u8>> = row.try_get("fingerprint")?;
    Ok(Entry {
        version: row.try_get("version")?,
        applied_at: row.try_get("applied_at")?,
        fingerprint: fingerprint.as_deref().and_then(Fingerprint::from_octets),
        sql: row.try_get("sql")?,
        compatible_with: row.try_get("compatible_with")?,
    })
}

#[cfg(test)]
mod tests {
    use super::dollar_quoted;

    #[test]
    fn a_dollar_quote_is_not_ended_by_its_content() {
        assert_eq!(dollar_quoted("a $sql$ b"), "$_sql$a $sql$ b$_sql$");
    }
}
