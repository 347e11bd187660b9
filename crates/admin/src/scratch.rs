use authority_connection::Config;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::context::{Connected, Database};
use crate::quote::identifier;
use crate::{Context, Failure, Outcome};

/// SQLSTATE of a statement that the role has no privilege for.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// A database made for one purpose and dropped afterwards, on the server that is in use.
#[derive(Debug)]
pub struct Scratch {
    server: Config,
    database: Database,
    name: String,
}

impl Scratch {
    /// Makes an empty database, of a name that no other one has: `authority_`, the purpose, and something random.
    ///
    /// Fails when the role may not create databases.
    pub async fn create(context: &Context, purpose: &str) -> Outcome<Self> {
        let Database { config: server, origin } = context.database()?;
        let name = unique_name(purpose)?;
        let config = server.with_database(&name).map_err(|error| Failure::new(&error))?;
        let scratch = Self { server, database: Database { config, origin }, name };
        let mut connection = scratch.server().await?;
        // Nobody can be connected to template0, and nobody adds anything to it.
        let sql = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", identifier(&scratch.name));
        let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
        made.map_err(|error| {
            let fix = allowing_creation(&error, scratch.server.user());
            Failure::new(&error).beneath(Failure::saying("a scratch database cannot be made")).with_fix(fix)
        })?;
        connection.close().await.map_err(|error| Failure::new(&error))?;
        Ok(scratch)
    }

    /// It, named and not connected to.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Connects to it.
    pub async fn connect(&self) -> Outcome<Connected> {
        self.database.connect().await
    }

    /// Drops it, with whoever is still connected to it.
    ///
    /// Fails when the server does.
    pub async fn remove(self) -> Outcome {
        let mut connection = self.server().await?;
        drop_database(&mut connection, &self.name).await.map_err(|error| Failure::new(&error))?;
        connection.close().await.map_err(|error| Failure::new(&error))
    }

    async fn server(&self) -> Outcome<PgConnection> {
        self.server.connection().await.map_err(|error| Failure::new(&error).with_fix(error.fix()))
    }
}

/// The name of a database that nobody else makes: the number of the process is the same in every container.
///
/// Fails when the system gives no random numbers.
pub(crate) fn unique_name(purpose: &str) -> Outcome<String> {
    let random = getrandom::u64().map_err(|error| Failure::new(&error))?;
    Ok(format!("authority_{purpose}_{random:016x}"))
}

/// What mends it that a role could not create a database, where it is a privilege that it lacks.
pub(crate) fn allowing_creation(error: &sqlx::Error, user: &str) -> Option<String> {
    let lacks = code_of(error).as_deref() == Some(INSUFFICIENT_PRIVILEGE);
    lacks.then(|| format!("as a superuser: ALTER ROLE {} CREATEDB;", identifier(user)))
}

/// Drops a database that this run has made, where it still exists, with whoever is connected to it.
pub(crate) async fn drop_database(connection: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let sql = format!("DROP DATABASE IF EXISTS {}", identifier(name));
    let forced = sqlx::raw_sql(AssertSqlSafe(format!("{sql} WITH (FORCE)"))).execute(&mut *connection).await;
    match forced {
        // Before PostgreSQL 15, an autovacuum worker counts as somebody whom only a superuser may end. Without FORCE, the
        // server itself makes it give way.
        Err(error) if code_of(&error).as_deref() == Some(INSUFFICIENT_PRIVILEGE) => {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
        }
        forced => forced.map(drop),
    }
}

fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
