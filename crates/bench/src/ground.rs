//! The server, the database and the roles that everything is measured on.

use std::path::PathBuf;
use std::time::Duration;

use anstream::eprintln;
use authority_admin::{Context, Failure, Outcome};
use authority_connection::{Config, Environment};
use authority_local_postgres::programs::find_client;
use authority_local_postgres::{
    APP_ROLE, DATABASE, Endpoint, Ephemeral, EphemeralOptions, OWNER_ROLE, Programs, SUPERUSER,
};
use authority_migration::runner::Runner;
use authority_seed::{NewAdmin, Seed, Settings};
use authority_store::Store;
use sqlx::{AssertSqlSafe, PgPool};

use crate::machine;

/// Connections of the store and of `pgbench`.
pub(crate) const CONNECTIONS: usize = 8;

/// How the server is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Through its socket.
    Socket,
    /// Through this port of 127.0.0.1, see [`crate::far`].
    Port(u16),
}

/// A server of this run alone, and what is needed to work with it.
pub(crate) struct Ground {
    server: Ephemeral,
    settings: Vec<(String, String)>,
    pub(crate) pgbench: PathBuf,
    /// The owner of the database.
    pub(crate) owner: PgPool,
    /// Who may see and set everything.
    pub(crate) superuser: PgPool,
}

impl Ground {
    /// Makes the server and a migrated database.
    ///
    /// Fails when the machine has no PostgreSQL with `pgbench`, or the server does not start.
    pub(crate) async fn prepare(context: &Context) -> Outcome<Self> {
        let programs = context.programs()?;
        let pgbench = pgbench(context, &programs).ok_or_else(|| {
            let bin = programs.bin_dir().display();
            Failure::saying(format!("PostgreSQL {} in {bin} has no pgbench", programs.version())).with_fix(
                "install PostgreSQL's own package for this version, which has it (apt-get install postgresql), \
                 or name the programs of another installation in AUTHORITY_PG_BIN"
                    .to_owned(),
            )
        })?;
        eprintln!("making a PostgreSQL {} server for this run", programs.version());
        let settings = settings();
        // On a disk: a commit waits for it.
        let options = EphemeralOptions {
            temp_dir: PathBuf::from("/tmp"),
            settings: settings.clone(),
            ..EphemeralOptions::default()
        };
        let server = Ephemeral::start(&programs, &options).map_err(|error| Failure::new(&error))?;
        let owner = pool(server.endpoint(), OWNER_ROLE).await?;
        let superuser = pool(server.endpoint(), SUPERUSER).await?;
        Runner::new(owner.clone()).up(None, &|_| {}).await.map_err(|error| Failure::new(&error))?;
        Ok(Self { server, settings, pgbench, owner, superuser })
    }

    /// Seeds the database: the settings that the store looks at are there.
    pub(crate) async fn seed(&self) -> Outcome {
        let settings = Settings::from_environment(&nothing()).map_err(|error| Failure::new(&error))?;
        let seed = Seed { admin: NewAdmin::default(), settings, wait: Duration::from_secs(10) };
        let prepared = seed.prepare(&self.owner, &|_| {}).await.map_err(|error| Failure::new(&error))?;
        prepared.commit().await.map(drop).map_err(|error| Failure::new(&error))
    }

    /// A store with as many open connections as it may have, none of which has prepared anything.
    pub(crate) async fn store(&self, way: Way) -> Outcome<Store> {
        let pool = config(&self.url(way))?.client_pool().await.map_err(|error| Failure::new(&error))?;
        Ok(Store::new(pool))
    }

    /// Connections of sqlx for the serving role, as many as the store has.
    pub(crate) async fn sqlx(&self, way: Way) -> Outcome<PgPool> {
        let pool = config(&self.url(way))?.pool().await.map_err(|error| Failure::new(&error))?;
        Ok(pool.get_postgres_connection_pool().clone())
    }

    fn url(&self, way: Way) -> String {
        let url = match way {
            Way::Socket => self.server.endpoint().url_for(APP_ROLE, DATABASE),
            // The proxy goes on through the socket, where no password is asked for.
            Way::Port(port) => format!("postgres://{APP_ROLE}@127.0.0.1:{port}/{DATABASE}"),
        };
        format!("{url}?initial_pool_size={CONNECTIONS}&max_pool_size={CONNECTIONS}")
    }

    /// The server's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        let endpoint = self.server.endpoint();
        endpoint.socket_dir().join(format!(".s.PGSQL.{}", endpoint.port()))
    }

    /// A connection of the owner that can COPY.
    pub(crate) async fn copying(&self) -> Outcome<tokio_postgres::Client> {
        let endpoint = self.server.endpoint();
        let mut config = tokio_postgres::Config::new();
        config.host_path(endpoint.socket_dir()).port(endpoint.port()).user(OWNER_ROLE).dbname(DATABASE);
        let (client, connection) =
            config.connect(tokio_postgres::NoTls).await.map_err(|error| Failure::new(&error))?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// What a program of PostgreSQL has to know to work on the database as the serving role.
    pub(crate) fn libpq(&self) -> [(&'static str, String); 5] {
        let endpoint = self.server.endpoint();
        [
            ("PGHOST", endpoint.socket_dir().display().to_string()),
            ("PGPORT", endpoint.port().to_string()),
            ("PGUSER", APP_ROLE.to_owned()),
            ("PGDATABASE", DATABASE.to_owned()),
            // As the sessions of the store, and cheaper here than what the server would choose by itself.
            ("PGOPTIONS", "-c plan_cache_mode=force_generic_plan".to_owned()),
        ]
    }

    /// Runs statements as the owner.
    pub(crate) async fn execute(&self, sql: impl Into<String>) -> Outcome {
        execute(&self.owner, sql).await
    }

    /// Runs statements as the superuser.
    pub(crate) async fn administer(&self, sql: impl Into<String>) -> Outcome {
        execute(&self.superuser, sql).await
    }

    /// One number that a query of the superuser gives.
    pub(crate) async fn number(&self, sql: impl Into<String>) -> Outcome<i64> {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.into()));
        query.fetch_one(&self.superuser).await.map_err(|error| Failure::new(&error))
    }

    /// The process id of the server.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        let file = std::fs::read_to_string(self.server.data_dir().join("postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// The server's log.
    pub(crate) fn log(&self) -> Outcome<String> {
        std::fs::read_to_string(self.server.log_path()).map_err(|error| Failure::new(&error))
    }

    /// The version of the server.
    pub(crate) fn version(&self) -> String {
        self.server.version().to_string()
    }

    /// The settings of the server that are not PostgreSQL's own defaults and matter here.
    pub(crate) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }
}

/// `pgbench` of the server's own installation, which may be reached through links, or else of any other.
fn pgbench(context: &Context, programs: &Programs) -> Option<PathBuf> {
    let linked = || Some(programs.postgres().canonicalize().ok()?.with_file_name("pgbench"));
    let anywhere = || find_client(&context.search_path(), "pgbench");
    programs.client("pgbench").or_else(|| linked().filter(|program| program.is_file())).or_else(anywhere)
}

/// As on a machine that serves: every commit waits for the disk, and the data fits into memory. Checkpoints are so
/// far apart that none falls into one run and not into the next.
fn settings() -> Vec<(String, String)> {
    let quarter = machine::memory().map_or(512, |octets| octets >> 22);
    let shared_buffers = format!("{}MB", quarter.clamp(128, 2048));
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("shared_buffers", &shared_buffers),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

async fn pool(endpoint: &Endpoint, role: &str) -> Outcome<PgPool> {
    let opened = config(&endpoint.url_for(role, DATABASE))?.open_with(4).await;
    let opened = opened.map_err(|error| Failure::new(&error).with_fix(error.fix()))?;
    Ok(opened.connection.get_postgres_connection_pool().clone())
}

fn config(url: &str) -> Outcome<Config> {
    Config::parse(url, &nothing()).map_err(|error| Failure::new(&error))
}

/// The environment has no say here: every run is the same.
fn nothing() -> Environment {
    Environment::from_pairs([("HOME", "/")])
}

async fn execute(pool: &PgPool, sql: impl Into<String>) -> Outcome {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(pool).await;
    done.map(drop).map_err(|error| Failure::new(&error))
}
