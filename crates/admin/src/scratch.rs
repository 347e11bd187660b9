use authority_connection::Config;
use sqlx::{AssertSqlSafe, Connection};

use crate::context::{Connected, Database};
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
        scratch.execute("DROP DATABASE IF EXISTS").await?;
        scratch.execute("CREATE DATABASE").await?;
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
        self.execute("DROP DATABASE IF EXISTS").await
    }

    /// `verb` is this module's own; the name is made of letters, digits and underscores.
    async fn execute(&self, verb: &str) -> Outcome {
        let connection = self.server.connection().await;
        let mut connection = connection.map_err(|error| Failure::new(&error).with_fix(error.fix()))?;
        let force = if verb.starts_with("DROP") { " WITH (FORCE)" } else { "" };
        let sql = format!("{verb} \"{}\"{force}", self.name);
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
        done.map_err(|error| {
            let user = self.server.user();
            Failure::new(&error).with_fix(format!("as a superuser: ALTER ROLE \"{user}\" CREATEDB;"))
        })?;
        connection.close().await.map_err(|error| Failure::new(&error))
    }
}
