//! What has to be true before the first statement that changes something.

use sqlx::{PgConnection, Row};

use super::{Error, LEDGER_TABLE, Result, session};
use crate::Migration;
use crate::ddl::literal;

/// The oldest server that this software works with, as `server_version_num` has it.
const OLDEST_SUPPORTED: i32 = 130_000;

/// What the server says of itself and of this connection.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each read from the server")]
pub(super) struct Server {
    pub(super) database: String,
    pub(super) version: String,
    pub(super) version_number: i32,
    role: String,
    in_recovery: bool,
    read_only: bool,
    has_public: bool,
    may_create: bool,
}

pub(super) async fn server(connection: &mut PgConnection) -> Result<Server> {
    let rows = session::rows(
        connection,
        "SELECT current_database()::text AS database, current_user::text AS role,
                current_setting('server_version') AS version,
                current_setting('server_version_num')::integer AS version_number,
                pg_is_in_recovery() AS in_recovery,
                current_setting('transaction_read_only')::boolean AS read_only,
                to_regnamespace('public') IS NOT NULL AS has_public,
                coalesce(has_schema_privilege(current_user, to_regnamespace('public'), 'CREATE'), false) AS may_create",
    )
    .await
    .map_err(Error::Server)?;
    let row = rows.first().ok_or(Error::Server(sqlx::Error::RowNotFound))?;
    let read = || -> sqlx::Result<Server> {
        Ok(Server {
            database: row.try_get("database")?,
            version: row.try_get("version")?,
            version_number: row.try_get("version_number")?,
            role: row.try_get("role")?,
            in_recovery: row.try_get("in_recovery")?,
            read_only: row.try_get("read_only")?,
            has_public: row.try_get("has_public")?,
            may_create: row.try_get("may_create")?,
        })
    };
    read().map_err(Error::Server)
}

/// Whether a session like this one can write at all, for every program that is about to.
///
/// Fails with [`Error::Replica`] on a standby, with [`Error::ReadOnly`] where transactions are read-only by default, and
/// when the server does not answer.
pub async fn require_writable(connection: &mut PgConnection) -> Result<()> {
    server(connection).await?.require_writes()
}

impl Server {
    pub(super) fn require_supported(&self) -> Result<()> {
        if self.version_number < OLDEST_SUPPORTED {
            return Err(Error::TooOld { version: self.version.clone() });
        }
        Ok(())
    }

    fn require_writes(&self) -> Result<()> {
        if self.in_recovery {
            return Err(Error::Replica { database: self.database.clone() });
        }
        if self.read_only {
            return Err(Error::ReadOnly { database: self.database.clone(), role: self.role.clone() });
        }
        Ok(())
    }

    pub(super) fn require_writable(&self) -> Result<()> {
        self.require_writes()?;
        if !self.has_public {
            return Err(Error::NoPublicSchema { database: self.database.clone() });
        }
        if !self.may_create {
            return Err(Error::MayNotCreate { database: self.database.clone(), role: self.role.clone() });
        }
        Ok(())
    }
}

/// Refuses a database that already has a table of the same name as one that is about to be made.
pub(super) async fn nothing_in_the_way(
    connection: &mut PgConnection,
    server: &Server,
    pending: &[Migration],
) -> Result<()> {
    let names: Vec<_> = pending.iter().flat_map(tables_made_by).map(|name| literal(&name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT c.relname::text AS name FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relname IN ({}) ORDER BY 1",
        names.join(", ")
    );
    refuse(connection, server, &sql).await
}

/// Refuses a database that has any table or view but the ledger and those of extensions.
pub(super) async fn nothing_of_others(connection: &mut PgConnection, server: &Server) -> Result<()> {
    let sql = format!(
        "SELECT c.relname::text AS name FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
           AND c.relname <> '{LEDGER_TABLE}' AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_depend d
               WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
         ORDER BY 1"
    );
    refuse(connection, server, &sql).await
}

/// Fails with the tables that the query finds, if there are any.
async fn refuse(connection: &mut PgConnection, server: &Server, sql: &str) -> Result<()> {
    let rows = session::rows(connection, sql).await.map_err(Error::Server)?;
    let tables: Vec<String> =
        rows.iter().map(|row| row.try_get("name")).collect::<sqlx::Result<_>>().map_err(Error::Server)?;
    if tables.is_empty() {
        return Ok(());
    }
    Err(Error::InTheWay { database: server.database.clone(), tables })
}

/// The tables that a migration makes, read from its statements.
pub(super) fn tables_made_by(migration: &Migration) -> Vec<String> {
    let name = |statement: &String| {
        let rest = statement.strip_prefix("CREATE TABLE \"")?;
        rest.split_once('"').map(|(name, _)| name.to_owned())
    };
    migration.up().statements().iter().filter_map(name).filter(|name| name != LEDGER_TABLE).collect()
}
