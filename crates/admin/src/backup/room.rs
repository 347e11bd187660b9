//! Whether a database is empty, and what makes it so.

use authority_migration::runner;
use sqlx::PgPool;

use super::snapshot::text;
use crate::{Failure, Outcome};

/// Everything that somebody put into the database, extensions and what they brought aside.
const OBJECTS: &str = "
SELECT format('%s %I.%I', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                                         WHEN 'f' THEN 'foreign table' ELSE 'table' END, n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT format('function %I.%I', n.nspname, p.proname)
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT format('type %I.%I', n.nspname, t.typname)
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY 1";

const SCHEMAS: &str = "
SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', n.nspname)
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY 1";

/// What is in the database, each with its kind and name. Fails when the server does.
pub(super) async fn objects(pool: &PgPool) -> Outcome<Vec<String>> {
    let mut connection = pool.acquire().await.map_err(|error| Failure::new(&error))?;
    text(&mut connection, OBJECTS).await
}

/// The statements that empty the database. Fails when the server does.
pub(super) async fn statements(pool: &PgPool) -> Outcome<Vec<String>> {
    let mut connection = pool.acquire().await.map_err(|error| Failure::new(&error))?;
    let mut statements = text(&mut connection, SCHEMAS).await?;
    let of_public = runner::drop_everything(&mut connection).await;
    statements.extend(of_public.map_err(|error| Failure::new(&error))?);
    Ok(statements)
}
