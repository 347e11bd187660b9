use authority_connection::Config;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::context::{Connected, Database};
use crate::quote::identifier;
use crate::{Context, Failure, Outcome};

/// A database made for one purpose and dropped afterwards, on the server that is in use.
#[derive(Debug)]
pub struct Scratch {
    server: Config,
    database: Database,
    name: String,
}

impl Scratch {
    /// Makes an empty database.
    ///
    /// Fails when the role may not create databases.
    pub async fn create(context: &Context, purpose: &str) -> Outcome<Self> {
        let Database { config: server, origin } = context.database()?;
        let name = format!("authority_{purpose}_{}", std::process::id());
        let config = server.with_database(&name).map_err(|error| Failure::new(&error))?;
        let scratch = Self { server, database: Database { config, origin }, name };
        let mut connection = scratch.server().await?;
        drop_database(&mut connection, &scratch.name).await.map_err(|error| Failure::new(&error))?;
        let sql = format!("CREATE DATABASE {}", identifier(&scratch.name));
        let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
        made.map_err(|error| {
            let user = identifier(scratch.server.user());
            Failure::new(&error).with_fix(format!("as a superuser: ALTER ROLE {user} CREATEDB;"))
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

/// Drops a database, where it exists, with whoever is connected to it.
pub(crate) async fn drop_database(connection: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let sql = format!("DROP DATABASE IF EXISTS {}", identifier(name));
    let forced = sqlx::raw_sql(AssertSqlSafe(format!("{sql} WITH (FORCE)"))).execute(&mut *connection).await;
    match forced {
        // Before PostgreSQL 15, an autovacuum worker counts as somebody whom only a superuser may end. Without FORCE, the
        // server itself makes it give way.
        Err(error) if code_of(&error).as_deref() == Some("42501") => {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
        }
        forced => forced.map(drop),
    }
}

fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
