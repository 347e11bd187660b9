//! From a configuration to connections.

mod attempt;
pub(crate) mod driver;
mod idle_limit;
pub(crate) mod inspect;
mod pool;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::PgConnection;

use crate::{Config, ConnectError, Host, PreparedStatements};
use attempt::Goal;

pub(crate) use pool::{IDLE_TIMEOUT, MAX_LIFETIME, TEST_AFTER};

/// What was found out about the server while connecting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four facts, each independent of the others")]
pub struct Server {
    /// Which of the hosts it is.
    pub host: Host,
    /// `server_version_num`, as in 150008 for 15.8; 0 when the server does not tell.
    pub version: u32,
    /// Whether it is in recovery: a standby.
    pub in_recovery: bool,
    /// Whether its transactions are read-only.
    pub read_only: bool,
    /// Whether a pooler stands in front of it.
    pub pooled: bool,
    /// Whether named prepared statements may be used. When not, every statement of SeaORM that has parameters fails
    /// or, worse, runs as another one; only text without parameters is safe.
    pub prepared_statements: bool,
}

/// A pool, and the server that it leads to.
#[derive(Clone, Debug)]
pub struct Database {
    /// The pool, for SeaORM.
    pub connection: DatabaseConnection,
    /// What is known of the server.
    pub server: Server,
}

impl Config {
    /// A pool of connections, the first of which is open. Fails when there is none to be had, and when a pooler is
    /// in the way that does not carry prepared statements, unless the URL says `prepared_statements=false`.
    ///
    /// A connection is not tested each time it is taken from the pool, which would cost one round trip for every
    /// statement. Instead, one that lay idle for half a minute is tested before it is handed out, one that nobody
    /// used for ten minutes is closed, and none lives longer than half an hour. Statements are not logged. With
    /// several hosts, the pool stays with the one that was chosen when it was made; a connection to it that no
    /// longer has the wanted `target_session_attrs` is not handed out.
    pub async fn pool(&self) -> Result<DatabaseConnection, ConnectError> {
        let database = self.open().await?;
        self.require_statements(database).await
    }

    /// [`Config::pool`] together with what is known of the server, and also where prepared statements cannot be
    /// used: for a caller that looks at [`Server::prepared_statements`].
    pub async fn open(&self) -> Result<Database, ConnectError> {
        let (options, server) = self.probe_with_options().await?;
        let pool = pool::pool(self, options, &server).await?;
        Ok(Database { connection: SqlxPostgresConnector::from_sqlx_postgres_pool(pool), server })
    }

    /// [`Config::open`] with at most `max` connections, whatever the URL says.
    pub async fn open_with(&self, max: u32) -> Result<Database, ConnectError> {
        let config = Self { pool: self.pool.with_max(max), ..self.clone() };
        config.open().await
    }

    /// Connects, looks at the server, and hangs up.
    pub async fn probe(&self) -> Result<Server, ConnectError> {
        Ok(self.probe_with_options().await?.1)
    }

    /// One dedicated connection, for what needs a session of its own: a lock, COPY, LISTEN. Behind a pooler in
    /// transaction mode there is no such thing. Fails as [`Config::pool`] does, but does not look for a pooler.
    pub async fn connection(&self) -> Result<PgConnection, ConnectError> {
        Ok(attempt::reach(self, Goal::Session).await?.connection)
    }

    pub(crate) async fn probe_with_options(
        &self,
    ) -> Result<(sqlx::postgres::PgConnectOptions, Server), ConnectError> {
        let mut reached = attempt::reach(self, Goal::Pool).await?;
        let server = reached.describe(self).await?;
        let options = driver::with_statements(reached.options, server.prepared_statements);
        // A server that does not take leave properly has shown what was asked nevertheless.
        let _ = sqlx::Connection::close(reached.connection).await;
        Ok((options, server))
    }

    async fn require_statements(&self, database: Database) -> Result<DatabaseConnection, ConnectError> {
        if database.server.prepared_statements || self.prepared_statements == PreparedStatements::No {
            return Ok(database.connection);
        }
        let at = Box::new(self.target(&database.server.host));
        let _ = database.connection.close().await;
        Err(ConnectError::PoolerWithoutStatements { at })
    }
}
