use authority_connection::{Config, Server};
use sqlx::PgPool;

use crate::context::Database;
use crate::{Failure, Outcome};

/// The runner of migrations, which gives privileges, needs three.
const CONNECTIONS: u32 = 3;

/// The database that a backup is made of or restored into, reached without a pooler.
pub(super) struct Reached {
    pub(super) config: Config,
    pub(super) pool: PgPool,
    server: Server,
}

impl Reached {
    /// Connects. Fails when nobody answers, and behind a pooler: PostgreSQL's own programs change settings of
    /// their session (`search_path`, for one), which a pooler in transaction mode would pass on to other clients.
    pub(super) async fn connect(database: &Database) -> Outcome<Self> {
        let config = database.config.clone();
        let opened = config
            .open_with(CONNECTIONS)
            .await
            .map_err(|error| Failure::new(&error).with_fix(error.fix()))?;
        if opened.server.pooled {
            let sentence =
                "a pooler stands in front of the database, and pg_dump and psql need a session of their own";
            return Err(Failure::saying(sentence).with_fix(
                "give the server's own address: --database-url postgres://user@host:5432/database".to_owned(),
            ));
        }
        let pool = opened.connection.get_postgres_connection_pool().clone();
        Ok(Self { config, pool, server: opened.server })
    }

    /// The major version of the server.
    pub(super) fn major(&self) -> u32 {
        self.server.version / 10_000
    }

    /// The name of the database.
    pub(super) fn name(&self) -> &str {
        self.config.database()
    }

    /// The environment of a program that is to reach the same server: of several hosts, this one.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.config.libpq_variables();
        variables.retain(|(name, _)| !matches!(*name, "PGHOST" | "PGPORT"));
        variables.push(("PGHOST", self.server.host.name()));
        variables.push(("PGPORT", self.server.host.port().to_string()));
        variables.push(("PGCLIENTENCODING", "UTF8".to_owned()));
        variables
    }
}
