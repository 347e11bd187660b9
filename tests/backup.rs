//! Backups, made and restored by PostgreSQL's own programs.

mod by_hand;
mod damaged;
mod formats;
mod interrupted;
mod names;
mod refused;
mod snapshot;
mod verified;
mod versions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use authority_connection::Environment;
use authority_local_postgres::{SearchPath, Version, programs};
use tempfile::TempDir;

use crate::support::{Database, Outcome, authority_db, eventually, everything, execute, server};

/// A backup of each format.
const NAMES: [&str; 5] = ["b.sql", "b.sql.gz", "b.sql.zst", "b.dump", "b.dir"];

/// What keeps a statement waiting that takes the same lock.
const GATE: &str = "SELECT pg_advisory_xact_lock(4712)";

/// Why a test is skipped that would need [`Clients`].
const NO_CLIENTS: &str = "there is no pg_dump, or it is older than the server";

/// The client programs of this machine that understand the server of the test run.
struct Clients {
    directory: PathBuf,
}

impl Clients {
    /// `None` where the clients are older than the server: then [`versions`] tests that this is explained.
    fn of_the_server() -> Option<Self> {
        let environment = Environment::from_process().expect("the environment can be read");
        let anywhere = SearchPath::new(environment.path());
        let selected =
            environment.get_os("AUTHORITY_PG_BIN").map(|directory| SearchPath::only([directory.into()]));
        let pg_dump = selected
            .into_iter()
            .chain([anywhere])
            .find_map(|search| programs::find_client(&search, "pg_dump"))?;
        let said = Command::new(&pg_dump).arg("--version").output().expect("pg_dump runs").stdout;
        let version = Version::parse(&String::from_utf8_lossy(&said)).expect("a version");
        let directory = pg_dump.parent().expect("a directory").to_owned();
        (version.major() >= server().version().major()).then_some(Self { directory })
    }

    /// Runs `authority-db` to its end.
    fn run(&self, database: &Database, arguments: &[&str]) -> Outcome {
        let outcome: Outcome = self.command(database, arguments).output().expect("authority-db runs").into();
        assert!(
            !outcome.stderr.contains("stack backtrace") && !outcome.stderr.contains("panicked"),
            "{outcome:?}"
        );
        outcome
    }

    /// `authority-db`, which will use these programs.
    fn command(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = authority_db(&database.url(), arguments);
        command.env("AUTHORITY_PG_BIN", &self.directory);
        command
    }

    /// One of the programs, connected to a database.
    fn program(&self, name: &str, database: &Database) -> Command {
        let endpoint = server().endpoint();
        let mut command = Command::new(self.directory.join(name));
        command.env_clear().env("PGHOST", endpoint.socket_dir()).env("PGPORT", endpoint.port().to_string());
        command.env("PGUSER", "authority").env("PGDATABASE", database.name());
        command
    }

    /// Makes a backup that must succeed.
    fn back_up(&self, database: &Database, file: &Path) {
        let outcome = self.run(database, &["backup", text(file)]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
}

/// A database with rows in every table and every kind of partition.
async fn filled() -> Database {
    let database = Database::migrated().await;
    for (table, month) in
        [("access_tokens", "20261123"), ("authorization_codes", "20261123"), ("audit_logs", "202611")]
    {
        database
            .execute(&format!(
                "CREATE TABLE {table}_{month} PARTITION OF {table}
                 FOR VALUES FROM ('019aa000-0000-7000-8000-000000000000') TO ('019aa100-0000-7000-8000-000000000000')"
            ))
            .await;
    }
    database.execute(include_str!("entities/rows.sql")).await;
    database.execute(include_str!("backup/more_rows.sql")).await;
    database
}

/// Everything in a database: its schema with partitions and privileges, and all rows of all tables.
async fn content(database: &Database) -> BTreeMap<String, String> {
    let mut content = BTreeMap::from([("schema".to_owned(), everything(database.pool()).await)]);
    let tables =
        "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition
                  AND relnamespace = 'public'::regnamespace ORDER BY 1";
    for table in database.column(tables).await {
        let rows = database.column(&format!("SELECT t::text FROM {table} t ORDER BY t::text")).await;
        content.insert(table, rows.join("\n"));
    }
    content
}

/// Waits until no database is left that a command made and should drop: those of other tests come and go.
async fn nothing_is_left(database: &Database) {
    // Names that end in a short number are tests' own.
    let left = "SELECT datname FROM pg_database WHERE datname ~ '^authority_(verify|restore|replaced)_[0-9a-z]{10,}$'";
    eventually("every database that a command made is dropped", async || {
        database.column(left).await.is_empty()
    })
    .await;
}

/// A role that has the owner's privileges and `attributes`; its address for a database. Databases that it makes are its own,
/// so they can be told from those of other tests.
async fn role(database: &Database, name: &str, attributes: &str) -> String {
    let superuser = database.pool_as("postgres").await;
    execute(&superuser, &format!("CREATE ROLE {name} LOGIN {attributes} IN ROLE authority")).await;
    database.url_as(name)
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of UTF-8")
}

/// The names of everything in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = directory.read_dir().expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
