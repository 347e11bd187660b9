use authority_migration::runner::LEDGER_TABLE;
use authority_schema::model::Column;
use authority_schema::{ReadOptions, Schema, canonical};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row, SqlSafeStr, Transaction};

use super::digest::Checksum;
use super::inventory::{self, SETTINGS, TABLES, Table};
use super::manifest::{Content, TableRecord};
use crate::{Failure, Outcome};

/// A transaction that sees the database as it was at one moment, for itself and for `pg_dump`.
pub(super) struct Snapshot {
    transaction: Transaction<'static, Postgres>,
    facts: Facts,
}

/// What a manifest says of the moment.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Facts {
    /// What other sessions take up the snapshot with, as long as the transaction is open.
    pub(super) id: String,
    /// `server_version`.
    pub(super) server: String,
    /// The name of the database.
    pub(super) database: String,
    /// The time: UTC, ISO 8601.
    pub(super) at: String,
}

impl Snapshot {
    /// How long a lock is waited for, here and in `pg_dump`.
    pub(super) const LOCK_WAIT: &'static str = "60s";

    /// Takes a snapshot. Fails when the server does.
    pub(super) async fn take(pool: &PgPool) -> Outcome<Self> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        const FACTS: &str = "SELECT json_build_object(
            'id', pg_export_snapshot(),
            'server', current_setting('server_version'),
            'database', current_database(),
            'at', to_char(transaction_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))::text";
        let mut transaction =
            pool.begin_with(BEGIN.into_sql_str()).await.map_err(|error| Failure::new(&error))?;
        execute(&mut transaction, &format!("{SETTINGS};\nSET LOCAL lock_timeout = '{}'", Self::LOCK_WAIT))
            .await?;
        let facts: Vec<Facts> = rows(&mut transaction, FACTS).await?;
        let facts = facts.into_iter().next().ok_or_else(|| Failure::saying("the server gave no snapshot"))?;
        Ok(Self { transaction, facts })
    }

    /// What is known of it.
    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Reads all that there is. Fails when the role may not read something, or when this is no database of
    /// Authority: then there is no ledger of migrations.
    pub(super) async fn content(&mut self) -> Outcome<Content> {
        let connection = &mut *self.transaction;
        let newest_migration = newest_migration(connection, &self.facts.database).await?;
        let schema_sha256 = fingerprint(connection).await?;
        Ok(Content { schema_sha256, newest_migration, tables: tables(connection).await? })
    }
}

/// What is in a database now, seen in one moment. Fails as [`Snapshot::content`] does.
pub(super) async fn content(pool: &PgPool) -> Outcome<Content> {
    Snapshot::take(pool).await?.content().await
}

/// The fingerprint of the schema `public`.
///
/// Privileges are left out: they belong to roles, roles belong to the server, and a backup is restored elsewhere.
pub(super) async fn fingerprint(connection: &mut PgConnection) -> Outcome<Checksum> {
    let schema = authority_schema::read(connection, ReadOptions::default()).await;
    let schema = without_grants(schema.map_err(|error| Failure::new(&error))?);
    Ok(Checksum::of(canonical::whole(&schema).as_bytes()))
}

fn without_grants(mut schema: Schema) -> Schema {
    let of_columns = |columns: &mut Vec<Column>| columns.iter_mut().for_each(|column| column.grants.clear());
    schema.grants.clear();
    for table in &mut schema.tables {
        table.grants.clear();
        of_columns(&mut table.columns);
    }
    for view in &mut schema.views {
        view.grants.clear();
    }
    schema.enums.iter_mut().for_each(|one| one.grants.clear());
    schema.domains.iter_mut().for_each(|one| one.grants.clear());
    schema.functions.iter_mut().for_each(|one| one.grants.clear());
    schema.sequences.iter_mut().for_each(|one| one.grants.clear());
    schema
}

async fn newest_migration(connection: &mut PgConnection, database: &str) -> Outcome<String> {
    let foreign = || {
        Failure::saying(format!(
            "database {database} is not Authority's: no migration of it was ever applied"
        ))
        .with_fix("look at DATABASE_URL".to_owned())
    };
    let exists = format!("SELECT (to_regclass('public.{LEDGER_TABLE}') IS NOT NULL)::text");
    if text(connection, &exists).await? != ["true"] {
        return Err(foreign());
    }
    let newest = format!("SELECT max(version)::text FROM public.{LEDGER_TABLE} HAVING count(*) > 0");
    text(connection, &newest).await?.pop().ok_or_else(foreign)
}

async fn tables(connection: &mut PgConnection) -> Outcome<Vec<TableRecord>> {
    let mut records = Vec::new();
    for Table { name, query } in rows(connection, TABLES).await? {
        let answer = text(connection, &query).await?;
        records.push(inventory::record(name, &answer).map_err(Failure::saying)?);
    }
    Ok(records)
}

/// Runs statements of this module's and its neighbours' own, into which only quoted names are put.
pub(super) async fn execute(connection: &mut PgConnection, sql: &str) -> Outcome {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    done.map(drop).map_err(|error| Failure::new(&error))
}

/// The first column of each row.
pub(super) async fn text(connection: &mut PgConnection, sql: &str) -> Outcome<Vec<String>> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
    let rows = rows.map_err(|error| Failure::new(&error))?;
    let texts: sqlx::Result<_> = rows.iter().map(|row| row.try_get(0)).collect();
    texts.map_err(|error| Failure::new(&error))
}

async fn rows<T: serde::de::DeserializeOwned>(connection: &mut PgConnection, sql: &str) -> Outcome<Vec<T>> {
    inventory::parse(&text(connection, sql).await?).map_err(Failure::saying)
}
