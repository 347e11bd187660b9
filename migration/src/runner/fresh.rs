//! Empties the schema `public`.

use sqlx::{PgConnection, Row};

use super::{Error, Result, session};

/// What stands in `public` and was brought neither by an extension nor, as the constructors of a range,
/// by a type, as the statement that drops it.
///
/// Dropping the schema itself would take the ownership of the schema, which the owner of a
/// database does not have before PostgreSQL 15. Everything cascades, so a later statement may find
/// that its object is gone already.
const EVERYTHING: &str = "
SELECT statement FROM (
    SELECT 1 AS rank, c.oid, 'pg_catalog.pg_class'::regclass AS class,
           format('DROP %s IF EXISTS %I.%I CASCADE',
                  CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                                 WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END,
                  'public', c.relname) AS statement
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND NOT c.relispartition
    UNION ALL
    SELECT 2, p.oid, 'pg_catalog.pg_proc'::regclass,
           format('DROP %s IF EXISTS %I.%I(%s) CASCADE',
                  CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
                  'public', p.proname, pg_get_function_identity_arguments(p.oid))
      FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 3, t.oid, 'pg_catalog.pg_type'::regclass,
           format('DROP %s IF EXISTS %I.%I CASCADE', CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, 'public', t.typname)
      FROM pg_catalog.pg_type t WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd', 'r')
) AS object
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = object.class AND d.objid = object.oid
       AND (d.deptype = 'e' OR d.deptype = 'i' AND d.classid = 'pg_catalog.pg_proc'::regclass)
)
ORDER BY rank, statement";

/// The statements that drop everything in the schema `public`, in an order that works. Runs none of them.
///
/// Fails when the server cannot be asked.
pub async fn drop_everything(connection: &mut PgConnection) -> Result<Vec<String>> {
    let rows = session::rows(connection, EVERYTHING).await.map_err(Error::Server)?;
    rows.iter().map(|row| row.try_get("statement")).collect::<sqlx::Result<_>>().map_err(Error::Server)
}
