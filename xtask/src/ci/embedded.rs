//! The embedded PostgreSQL: its package, and the commands on it where no program of PostgreSQL can be found.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anstream::eprintln;
use authority_admin::{Context, Failure, Outcome};
use authority_local_postgres::{Config, Embedded, SearchPath, Server, programs};

use super::Cargo;
use crate::tree;

pub(super) fn check(context: &Context, cargo: &Cargo<'_>) -> Outcome {
    if !Embedded::IS_FOR_THIS_PLATFORM {
        eprintln!("ci: skipped: there is no embedded PostgreSQL for this platform");
        return Ok(());
    }
    package(cargo)?;
    let tests = ["test", "--package", "authority-local-postgres", "--quiet", "--", "--ignored", "embedded::"];
    cargo.run("the embedded server ends with its last user, and no sooner", &tests, &[])?;
    commands(context, cargo)
}

/// What is checked of every other package too.
fn package(cargo: &Cargo<'_>) -> Outcome {
    let own =
        ["--locked", "--quiet", "--manifest-path", "embedded/Cargo.toml", "--target-dir", "target/embedded"];
    let with = |first: &'static str, last: &[&'static str]| [&[first], &own[..], last].concat();
    let format = ["fmt", "--manifest-path", "embedded/Cargo.toml", "--check"];
    cargo.run("the format of the embedded package is cargo fmt's", &format, &[])?;
    let lints = with("clippy", &["--all-targets", "--", "--deny", "warnings"]);
    cargo.run("no lint objects to the embedded package", &lints, &[])?;
    cargo.run("the embedded package's tests pass", &with("test", &[]), &[])
}

/// What a newcomer runs, in a folder that looks like a source tree and has a private server of its own, with a `PATH`
/// that holds everything but PostgreSQL.
fn commands(context: &Context, cargo: &Cargo<'_>) -> Outcome {
    cargo.run("authority-db builds", &["build", "--quiet", "--bin", "authority-db"], &[])?;
    let newcomer = Newcomer::arrive(context)?;
    let done = newcomer.work();
    newcomer.forget()?;
    done
}

/// Somebody who has nothing but cargo.
struct Newcomer {
    folder: PathBuf,
    path: PathBuf,
    xtask: PathBuf,
    server: Config,
}

impl Newcomer {
    fn arrive(context: &Context) -> Outcome<Self> {
        let failed = |error: std::io::Error| Failure::saying(format!("cannot prepare a folder: {error}"));
        let private = |error| Failure::new(&error);
        let target = tree::root().join("target");
        let (folder, path) = (target.join("newcomer"), target.join("path-without-postgresql"));
        strip(context, &path).map_err(failed)?;
        // Of an earlier run.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(failed)?;
        // An empty .env keeps that of the workspace from being read.
        for file in ["Cargo.lock", ".env"] {
            fs::write(folder.join(file), "").map_err(failed)?;
        }
        for name in ["embedded", "target"] {
            symlink(tree::root().join(name), folder.join(name)).map_err(failed)?;
        }
        let embedded = context.embedded()?.ok_or_else(|| Failure::saying("there is no package embedded"))?;
        let programs = embedded.programs(|step| eprintln!("ci: {step}")).map_err(private)?;
        let server = Config::for_workspace(programs, &folder, &context.user_dirs()).map_err(private)?;
        let newcomer = Self { folder, path, xtask: std::env::current_exe().map_err(failed)?, server };
        newcomer.forget()?;
        Ok(newcomer)
    }

    fn work(&self) -> Outcome {
        let authority_db = self.xtask.with_file_name("authority-db");
        self.run(&authority_db, &["migrate"], "")?;
        self.run(&authority_db, &["seed"], "")?;
        // The files of this tree, as derived on the server of that one.
        let url = self.run(&authority_db, &["url"], "")?;
        self.run(&self.xtask, &["generate", "--check"], url.trim())?;
        self.run(&authority_db, &["migrate", "status", "--check"], "")?;
        self.run(&authority_db, &["stop"], "").map(drop)
    }

    /// What a program prints; without a database that it is told of, the private server's is meant.
    fn run(&self, program: &Path, arguments: &[&str], database_url: &str) -> Outcome<String> {
        let started = Instant::now();
        let shown = arguments.join(" ");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("PATH", &self.path)
            // The only folder to look in, so that those do not count either into which PostgreSQL is usually installed.
            .env("AUTHORITY_PG_BIN", &self.path)
            .env("AUTHORITY_PG", "embedded")
            .current_dir(&self.folder);
        if database_url.is_empty() {
            command.env_remove("DATABASE_URL");
        } else {
            command.env("DATABASE_URL", database_url);
        }
        let ran = command.output();
        let output =
            ran.map_err(|error| Failure::saying(format!("cannot run {}: {error}", program.display())))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::saying(format!("not true: {shown} works on the embedded PostgreSQL"))
                .because(said)
                .with_fix(format!("AUTHORITY_PG=embedded cargo xtask {shown}")));
        }
        eprintln!("ci: {shown} works on the embedded PostgreSQL ({} s)", started.elapsed().as_secs());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Stops the server and removes everything that it kept.
    fn forget(&self) -> Outcome {
        Server::stop(&self.server, |_| {}).map_err(|error| Failure::new(&error))?;
        let kept = self.server.state_dir();
        let place = kept.parent().unwrap_or(&kept);
        match fs::remove_dir_all(place) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::saying(format!("cannot remove {}: {error}", place.display())))
            }
            _ => Ok(()),
        }
    }
}

/// Makes a folder with a link to each program of `PATH` that is not PostgreSQL's. The first of a name counts, as in `PATH`.
fn strip(context: &Context, folder: &Path) -> std::io::Result<()> {
    // Of an earlier run, perhaps with other programs.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let path = context.environment().path().map(std::env::split_paths);
    let mut seen: HashSet<OsString> = HashSet::new();
    for directory in path.into_iter().flatten().filter(|directory| directory.is_absolute()) {
        for entry in directory.read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name();
            if !is_of_postgresql(&name.to_string_lossy()) && seen.insert(name.clone()) {
                symlink(entry.path(), folder.join(name))?;
            }
        }
    }
    let search = SearchPath::only([folder.to_owned()]);
    let left: Option<PathBuf> = programs::find_client(&search, "psql");
    if left.is_none() && programs::find_all(&search).usable.is_empty() {
        return Ok(());
    }
    Err(std::io::Error::other("something of it is left"))
}

/// Whether a program is one of PostgreSQL's own, as its packages name them.
fn is_of_postgresql(name: &str) -> bool {
    const NAMES: [&str; 15] = [
        "clusterdb",
        "createdb",
        "createuser",
        "dropdb",
        "dropuser",
        "ecpg",
        "initdb",
        "oid2name",
        "postgres",
        "postmaster",
        "psql",
        "reindexdb",
        "vacuumdb",
        "vacuumlo",
        "pgbouncer",
    ];
    NAMES.contains(&name) || name.starts_with("pg_") || name.starts_with("pgbench")
}
