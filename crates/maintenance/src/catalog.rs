//! What the database has: partitions, the rows of the default ones, owners and settings.

use std::collections::BTreeMap;

use authority_migration::runner;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use crate::partitions::{Dated, Period, Range, TABLES, day_of};
use crate::{Error, Result};

/// A partition that exists and is not the default one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Existing {
    pub(crate) name: String,
    pub(crate) range: Range,
}

/// Who works, for whom, and when.
pub(crate) struct Site {
    pub(crate) now: DateTime<Utc>,
    pub(crate) owner: String,
}

/// The name of the default partition of a table.
pub(crate) fn default_of(table: &str) -> String {
    format!("{table}_default")
}

/// The partitions of a table, from the oldest.
pub(crate) async fn partitions(connection: &mut PgConnection, table: &str) -> sqlx::Result<Vec<Existing>> {
    let sql = "SELECT c.relname::text AS name, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound
                 FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = pg_catalog.to_regclass($1)
                ORDER BY 2, 1";
    let rows = sqlx::query(sql).bind(table).persistent(false).fetch_all(connection).await?;
    let mut partitions = Vec::new();
    for row in rows {
        // Of one that is dropped at this moment, there is no bound any more.
        let bound: Option<String> = row.try_get("bound")?;
        if let Some(range) = bound.as_deref().and_then(Range::parse) {
            partitions.push(Existing { name: row.try_get("name")?, range });
        }
    }
    Ok(partitions)
}

/// The periods that rows of the default partition belong to, from the oldest: one step through its primary key for
/// each.
pub(crate) async fn periods_in_default(
    connection: &mut PgConnection,
    table: &'static str,
    period: Period,
) -> sqlx::Result<Vec<NaiveDate>> {
    let sql =
        format!("SELECT id::text AS id FROM {} WHERE id >= $1::uuid ORDER BY id LIMIT 1", default_of(table));
    let mut periods = Vec::new();
    let mut from = String::from("00000000-0000-0000-0000-000000000000");
    loop {
        let next = sqlx::query(AssertSqlSafe(sql.as_str())).bind(&from).persistent(false);
        let Some(row) = next.fetch_optional(&mut *connection).await? else { return Ok(periods) };
        let Some(day) = day_of(row.try_get("id")?) else { return Ok(periods) };
        let dated = Dated::new(table, period, day);
        periods.push(dated.start);
        if dated.to <= from {
            return Ok(periods);
        }
        from = dated.to;
    }
}

/// The settings that are there, by key, as JSON. One of another type than the schema says of it counts as none, as the
/// store has it.
pub(crate) async fn settings(
    connection: &mut PgConnection,
    keys: &[&str],
) -> Result<BTreeMap<String, String>> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    let sql =
        "SELECT key, value::text AS value FROM settings WHERE key = ANY ($1) AND value_type = 'integer'";
    let query = sqlx::query(sql).bind(keys);
    let rows = query.persistent(false).fetch_all(connection).await.map_err(Error::server)?;
    let read = rows.iter().map(|row| Ok((row.try_get("key")?, row.try_get("value")?)));
    read.collect::<sqlx::Result<_>>().map_err(Error::server)
}

/// The longest lifetime of an unused refresh token that a client has instead of the setting, in seconds.
pub(crate) async fn longest_refresh_token_ttl(connection: &mut PgConnection) -> Result<Option<i64>> {
    let query = sqlx::query("SELECT max(refresh_token_ttl)::bigint AS longest FROM clients");
    let row = query.persistent(false).fetch_one(connection).await.map_err(Error::server)?;
    row.try_get("longest").map_err(Error::server)
}

/// Makes sure that the tables are there, that this role may maintain them, and that the database can be written to.
///
/// In a transaction, as a pooler keeps even the parts of one statement together only there.
pub(crate) async fn site(pool: &PgPool) -> Result<Site> {
    let mut transaction = pool.begin().await.map_err(Error::Connection)?;
    let sql = "SELECT pg_catalog.statement_timestamp() AS now,
                      pg_catalog.current_database()::text AS database,
                      current_user::text AS role,
                      (SELECT min(name) FROM unnest($1::text[]) AS name
                        WHERE pg_catalog.to_regclass(format('public.%I', name)) IS NULL) AS missing,
                      c.owner,
                      coalesce(pg_catalog.pg_has_role(c.owner, 'MEMBER'), false) AS may
                 FROM (SELECT min(pg_catalog.pg_get_userbyid(relowner)::text) AS owner FROM pg_catalog.pg_class
                        WHERE oid = pg_catalog.to_regclass('public.audit_logs')) AS c";
    let needed = TABLES.iter().map(|(table, _)| *table);
    let needed = needed.chain(["clients", "device_codes", "refresh_tokens", "sessions", "settings"]);
    let names: Vec<String> = needed.map(str::to_owned).collect();
    let row = sqlx::query(sql).bind(names).persistent(false).fetch_one(&mut *transaction).await;
    let row = row.map_err(Error::server)?;
    let writable = runner::require_writable(&mut transaction).await;
    transaction.rollback().await.map_err(Error::server)?;
    let text = |name| row.try_get::<String, _>(name).map_err(Error::server);
    if let Some(table) = row.try_get::<Option<String>, _>("missing").map_err(Error::server)? {
        return Err(Error::NotMigrated { database: text("database")?, table });
    }
    if !row.try_get::<bool, _>("may").map_err(Error::server)? {
        return Err(Error::NotOwner { role: text("role")?, owner: text("owner")? });
    }
    writable.map_err(|error| match error {
        runner::Error::Server(error) => Error::server(error),
        error => Error::ReadOnly(error),
    })?;
    Ok(Site { now: row.try_get("now").map_err(Error::server)?, owner: text("owner")? })
}
