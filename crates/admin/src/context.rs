use std::env;
use std::path::PathBuf;

use anstream::eprintln;
use authority_connection::{Config, ConfigError, Environment, EnvironmentError, url_has_password};
use authority_local_postgres::{
    Config as PrivateConfig, Embedded, Engine, LocalPostgresError, Programs, SearchPath, Server, UserDirs,
    programs,
};
use authority_migration::grants::SERVING_ROLE;
use authority_migration::runner::LEDGER_TABLE;
use authority_schema::{ReadOptions, Schema};
use clap::Args;
use sqlx::{PgPool, Row};

use crate::{Failure, Outcome};

/// Connections that a command needs at most: one that holds a lock, one that works, one that looks on.
const POOL_SIZE: u32 = 3;

/// What a URL that could not be understood should have been like.
const DATABASE_URL_FORM: &str = "DATABASE_URL=postgres://user:password@host:port/database";

/// What helps where `AUTHORITY_PG_BIN` names the wrong folder.
const PG_BIN_FIX: &str = "set AUTHORITY_PG_BIN to the folder that pg_config --bindir prints, such as \
    /usr/lib/postgresql/18/bin; or unset it, and the newest of this machine are taken";

/// Which database a command works on.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseOptions {
    /// The database, as postgres://user@host:port/database; instead of `DATABASE_URL`
    ///
    /// Without a password, which other users of the machine could read in the list of processes: that
    /// belongs into DATABASE_URL, PGPASSWORD or ~/.pgpass. With neither this nor DATABASE_URL (in the
    /// environment or in .env), the private PostgreSQL server of this source tree or folder is used.
    #[arg(long, global = true, value_name = "URL", help_heading = "Database")]
    database_url: Option<String>,
}

/// What every command knows: how the program is called, its environment, and where it works.
#[derive(Debug)]
pub struct Context {
    program: &'static str,
    environment: Environment,
    workspace: PathBuf,
    is_source_tree: bool,
    options: DatabaseOptions,
}

/// A database that is named, not yet connected to.
#[derive(Debug)]
pub struct Database {
    /// How to reach it.
    pub config: Config,
    /// Who named it.
    pub origin: Origin,
}

/// Who named a database.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The command line, the environment or `.env`.
    DatabaseUrl,
    /// Nobody, so it is the private server's, which runs with these programs.
    PrivateServer(Programs),
}

/// A database that answers.
#[derive(Debug)]
pub struct Connected {
    pool: PgPool,
    name: String,
}

impl Context {
    /// The context of a program that is called `program`, for the workspace that the current directory is in.
    ///
    /// Fails when the current directory or `.env` cannot be read, or `.env` is a stranger's.
    pub fn new(program: &'static str, options: DatabaseOptions) -> Outcome<Self> {
        let environment = Environment::from_process().map_err(|error| {
            let failure = Failure::new(&error).with_fix(error.fix());
            match error {
                EnvironmentError::Malformed { .. } => failure.as_wrong_usage(),
                _ => failure,
            }
        })?;
        let here = env::current_dir().map_err(|error| {
            let error = EnvironmentError::CurrentDirectory(error);
            Failure::new(&error).with_fix(error.fix())
        })?;
        let source_tree = here.ancestors().find(|dir| dir.join("Cargo.lock").is_file());
        let workspace = source_tree.unwrap_or(&here).to_owned();
        Ok(Self { program, environment, is_source_tree: source_tree.is_some(), workspace, options })
    }

    /// The same context for another workspace.
    #[must_use]
    pub fn in_workspace(mut self, workspace: PathBuf) -> Self {
        self.workspace = workspace;
        self.is_source_tree = true;
        self
    }

    /// How the program is called, for the commands that errors recommend.
    #[must_use]
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// Where a command that works on source files finds them.
    #[must_use]
    pub fn workspace(&self) -> &std::path::Path {
        &self.workspace
    }

    /// The environment, read once.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The role that serves requests: `AUTHORITY_SERVING_ROLE`, or `authority_app`.
    #[must_use]
    pub fn serving_role(&self) -> String {
        self.environment.get("AUTHORITY_SERVING_ROLE").unwrap_or(SERVING_ROLE).to_owned()
    }

    /// Whether somebody named a database, so that the private server's is not meant.
    pub(crate) fn names_a_database(&self) -> bool {
        self.options.database_url.is_some() || self.environment.get_os("DATABASE_URL").is_some()
    }

    /// The database to work on: `--database-url`, else `DATABASE_URL`, else the private server's.
    ///
    /// Fails when the URL cannot be understood or holds a password on the command line, when no database is named
    /// outside of a source tree, and when the private server is needed and cannot be started.
    pub fn database(&self) -> Outcome<Database> {
        let unclear =
            |error: ConfigError| Failure::new(&error).with_fix(DATABASE_URL_FORM.to_owned()).as_wrong_usage();
        if let Some(url) = &self.options.database_url {
            let config = self.config_of_argument("--database-url", "DATABASE_URL", url)?;
            return Ok(Database { config, origin: Origin::DatabaseUrl });
        }
        let config = Config::from_environment(&self.environment).map_err(unclear)?;
        if let Some(config) = config {
            return Ok(Database { config, origin: Origin::DatabaseUrl });
        }
        if self.environment.names().any(|name| name == "DATABASE_URL") {
            return Err(Failure::wrong_usage("DATABASE_URL is empty").with_fix(DATABASE_URL_FORM.to_owned()));
        }
        self.require_private_server()?;
        let programs = self.programs()?;
        let server = self.start_with(programs.clone())?;
        let nothing = Environment::from_pairs::<String, String>([]);
        let config = Config::parse(&server.url(), &nothing).map_err(|error| Failure::new(&error))?;
        Ok(Database { config, origin: Origin::PrivateServer(programs) })
    }

    /// The configuration of a URL that an argument gives, in place of one that a variable could give.
    ///
    /// Fails when it cannot be understood, and when it holds a password.
    pub(crate) fn config_of_argument(&self, argument: &str, variable: &str, url: &str) -> Outcome<Config> {
        if url_has_password(url) {
            let sentence = format!("{argument} holds a password, which other users of this machine can read");
            let fix = format!("put the URL into {variable}, or the password into PGPASSWORD or ~/.pgpass");
            return Err(Failure::wrong_usage(sentence).with_fix(fix));
        }
        Config::parse(url, &self.environment).map_err(|error| {
            let fix = DATABASE_URL_FORM.replace("DATABASE_URL", variable);
            Failure::new(&error).with_fix(fix).as_wrong_usage()
        })
    }

    /// Whether the password of the database's role stands in the URL that names it.
    pub(crate) fn url_holds_password(&self) -> bool {
        self.options.database_url.is_none()
            && self.environment.get("DATABASE_URL").is_some_and(url_has_password)
    }

    /// Outside of a source tree nobody has a private server by accident: a job that has lost its environment must fail
    /// and not work on an empty database.
    fn require_private_server(&self) -> Outcome {
        if self.is_source_tree {
            return Ok(());
        }
        let config = self.programs_that_are_there()?.and_then(|programs| self.private_config(programs).ok());
        if config.is_some_and(|config| !config.existing().is_empty()) {
            return Ok(());
        }
        Err(Failure::wrong_usage(
            "no database is named: DATABASE_URL is not set, in the environment or in a .env",
        )
        .with_fix(format!(
            "{DATABASE_URL_FORM}; or, to try things, {} start, which makes a private server for this folder",
            self.program
        )))
    }

    /// The private server, started where it was not.
    pub(crate) fn private_server(&self) -> Outcome<Server> {
        self.start_with(self.programs()?)
    }

    /// Stops the private servers of this workspace; whether one was running.
    pub(crate) fn stop_private_server(&self) -> Outcome<bool> {
        let mut stopped = false;
        // Where there are no programs, nothing runs that they would run.
        let Some(programs) = self.programs_that_are_there()? else { return Ok(false) };
        for config in self.private_config(programs)?.existing() {
            stopped |=
                Server::stop(&config, |progress| eprintln!("{progress}")).map_err(|error| private(&error))?;
        }
        Ok(stopped)
    }

    /// Where programs of PostgreSQL are looked for: `AUTHORITY_PG_BIN` first, where it is set.
    #[must_use]
    pub fn search_path(&self) -> SearchPath {
        let search = SearchPath::new(self.environment.path());
        match self.folder_of_programs() {
            Some(folder) => SearchPath::only([folder]),
            None => search,
        }
    }

    /// `AUTHORITY_PG_BIN`: the only folder to look for programs of PostgreSQL in.
    fn folder_of_programs(&self) -> Option<PathBuf> {
        self.environment.get_os("AUTHORITY_PG_BIN").map(PathBuf::from)
    }

    /// That the folder of `AUTHORITY_PG_BIN` does not have what is needed, where that names one.
    pub(crate) fn named_folder_lacks(&self, what: &str) -> Option<Failure> {
        let folder = self.folder_of_programs()?;
        let lack = if folder.is_dir() {
            format!("has no {what}")
        } else {
            "is no folder, or one that this user may not see".to_owned()
        };
        let sentence = format!("{}, which AUTHORITY_PG_BIN names, {lack}", folder.display());
        Some(Failure::wrong_usage(sentence).with_fix(PG_BIN_FIX.to_owned()))
    }

    /// That there are no programs of a server.
    fn missing(&self, error: &LocalPostgresError) -> Failure {
        match error {
            LocalPostgresError::NoPrograms { too_old } if too_old.is_empty() => self
                .named_folder_lacks("postgres, initdb and pg_ctl that work")
                .unwrap_or_else(|| private(error)),
            LocalPostgresError::NoPrograms { .. } if self.folder_of_programs().is_some() => {
                private(error).with_fix(PG_BIN_FIX.to_owned()).as_wrong_usage()
            }
            _ => private(error),
        }
    }

    /// The programs of PostgreSQL to work with: those that `AUTHORITY_PG` asks for; otherwise the newest on this machine,
    /// and where it has none, in a source tree, the embedded ones, which are brought on first need.
    ///
    /// Fails when there are none, when `AUTHORITY_PG` is neither `local` nor `embedded`, and when the embedded ones cannot be
    /// built.
    pub fn programs(&self) -> Outcome<Programs> {
        let wanted = self.wanted_engine()?;
        // Who names a folder means the programs in it, and no others.
        let names_a_folder = wanted.is_none() && self.folder_of_programs().is_some();
        let embedded = if names_a_folder { None } else { self.embedded()? };
        let progress = |progress| eprintln!("{progress}");
        let chosen = programs::choose(&self.search_path(), wanted, embedded.as_ref(), progress);
        chosen.map_err(|error| self.missing(&error))
    }

    /// Programs with which a server can be stopped, without bringing any.
    ///
    /// Fails when `AUTHORITY_PG_BIN` names a folder without them.
    fn programs_that_are_there(&self) -> Outcome<Option<Programs>> {
        match programs::newest(&self.search_path()) {
            Ok(programs) => return Ok(Some(programs)),
            Err(error) if self.wanted_engine()?.is_none() && self.folder_of_programs().is_some() => {
                return Err(self.missing(&error));
            }
            Err(_) => {}
        }
        let Some(embedded) = self.embedded()? else { return Ok(None) };
        embedded.installed().map_err(|error| private(&error))
    }

    fn wanted_engine(&self) -> Outcome<Option<Engine>> {
        let Some(text) = self.environment.get("AUTHORITY_PG") else { return Ok(None) };
        let unclear = |error| Failure::new(&error).preventing("AUTHORITY_PG").as_wrong_usage();
        text.parse().map(Some).map_err(unclear)
    }

    /// The package that brings an embedded PostgreSQL, where this is a source tree that has it.
    ///
    /// Fails when the user has neither a home nor a state directory.
    pub fn embedded(&self) -> Outcome<Option<Embedded>> {
        if !self.is_source_tree {
            return Ok(None);
        }
        let cargo = self.environment.get_os("CARGO").unwrap_or("cargo".as_ref()).to_owned();
        Embedded::of_source_tree(&self.workspace, cargo, &self.user_dirs()).map_err(|error| private(&error))
    }

    fn start_with(&self, programs: Programs) -> Outcome<Server> {
        let config = self.private_config(programs)?;
        Server::ensure_started(&config, |progress| eprintln!("{progress}")).map_err(|error| private(&error))
    }

    fn private_config(&self, programs: Programs) -> Outcome<PrivateConfig> {
        PrivateConfig::for_workspace(programs, &self.workspace, &self.user_dirs())
            .map_err(|error| private(&error))
    }

    /// Where the user's private servers are kept.
    #[must_use]
    pub fn user_dirs(&self) -> UserDirs {
        UserDirs {
            home: self.environment.home(),
            state_home: self.environment.xdg_state_home(),
            runtime_dir: self.environment.get_os("XDG_RUNTIME_DIR").map(PathBuf::from),
        }
    }
}

impl Database {
    /// Connects.
    ///
    /// Fails with a diagnosis when the server cannot be reached or does not let this role in.
    pub async fn connect(&self) -> Outcome<Connected> {
        let database = self
            .config
            .open_with(POOL_SIZE)
            .await
            .map_err(|error| Failure::new(&error).with_fix(error.fix()))?;
        Ok(Connected {
            pool: database.connection.get_postgres_connection_pool().clone(),
            name: self.config.database().to_owned(),
        })
    }
}

impl Connected {
    /// The connections.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tables of the schema `public` with their comments, without partitions and the migrations' own table.
    ///
    /// Fails when the server does.
    pub async fn tables(&self) -> Outcome<Vec<(String, String)>> {
        let sql = "SELECT c.relname::text AS name, coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
                   FROM pg_catalog.pg_class c
                   WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                   ORDER BY 1";
        let rows = sqlx::raw_sql(sql).fetch_all(&self.pool).await.map_err(|error| Failure::new(&error))?;
        let tables: sqlx::Result<Vec<(String, String)>> =
            rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("comment")?))).collect();
        let mut tables = tables.map_err(|error| Failure::new(&error))?;
        tables.retain(|(name, _)| name != LEDGER_TABLE);
        Ok(tables)
    }

    /// The schema as it is, without the migrations' own table.
    ///
    /// Fails when the catalog cannot be read.
    pub async fn schema(&self) -> Outcome<Schema> {
        let mut connection = self.pool.acquire().await.map_err(|error| Failure::new(&error))?;
        let options = ReadOptions { exclude_tables: &[LEDGER_TABLE], default_partitions_only: true };
        authority_schema::read(&mut connection, options).await.map_err(|error| Failure::new(&error))
    }
}

fn private(error: &LocalPostgresError) -> Failure {
    Failure::new(error).with_fix(error.fix())
}
