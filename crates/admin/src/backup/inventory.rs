//! What is in a database, counted and digested by the server.
//!
//! The same statements go through the driver (while a backup is made) and through `psql` (inside the transaction
//! that restores one). Each row of an answer is one line of JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::digest::RowsDigest;
use super::manifest::TableRecord;

/// Settings of the transaction in which rows become text, so that equal rows are equal texts on every server.
pub(super) const SETTINGS: &str = "
SET LOCAL search_path = pg_catalog;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL timezone = 'UTC';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SET LOCAL xmlbinary = 'base64';
SET LOCAL lc_monetary = 'C';
SET LOCAL row_security = off;
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0";

/// Every table whose rows a backup holds, with the query that digests it. A partition counts with its parent, a
/// child of inheritance for itself. Two numbers of 64 bits come from one SHA-256, for which OFFSET 0 keeps the
/// subquery from being computed twice. MD5 would be faster and is forbidden where FIPS rules.
pub(super) const TABLES: &str = r"
SELECT json_build_object(
    'name', CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname),
    'query', format(
        $query$SELECT json_build_object('rows', count(*), 'first', coalesce(sum(first), 0)::text, 'second', coalesce(sum(second), 0)::text)::text
FROM (SELECT ('x' || encode(substring(hash FROM 1 FOR 8), 'hex'))::bit(64)::bigint AS first,
             ('x' || encode(substring(hash FROM 9 FOR 8), 'hex'))::bit(64)::bigint AS second
      FROM (SELECT sha256(convert_to((authority_row.*)::text, 'UTF8')) AS hash FROM %s %I.%I AS authority_row OFFSET 0) AS hashes
     ) AS numbers$query$,
        CASE c.relkind WHEN 'r' THEN 'ONLY' ELSE '' END, n.nspname, c.relname))::text
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname <> 'public', n.nspname, c.relname";

/// A row of [`TABLES`].
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    /// The query that digests it, whose answer [`record`] understands.
    pub(super) query: String,
}

#[derive(Deserialize)]
struct Sums {
    rows: u64,
    first: String,
    second: String,
}

/// Rows of JSON. Fails with a sentence when they are something else.
pub(super) fn parse<T: DeserializeOwned>(lines: &[String]) -> Result<Vec<T>, String> {
    let rows: Result<_, _> = lines.iter().map(|line| serde_json::from_str(line)).collect();
    rows.map_err(|error| format!("the server's answer cannot be read: {error}"))
}

/// The record of a table, from the answer to its query. Fails with a sentence when that is something else.
pub(super) fn record(name: String, answer: &[String]) -> Result<TableRecord, String> {
    let sums: Vec<Sums> = parse(answer)?;
    let [Sums { rows, first, second }] = sums.as_slice() else {
        return Err(format!("the server gave {} digests for table {name}", sums.len()));
    };
    let digest = RowsDigest::from_sums(first, second);
    let digest = digest.ok_or_else(|| format!("the server gave no digest for table {name}"))?;
    Ok(TableRecord { name, rows: *rows, digest })
}
