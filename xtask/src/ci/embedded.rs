//! The embedded PostgreSQL: its package, and the commands on it where no program of PostgreSQL can be found.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anstream::eprintln;
use authority_admin::{Context, Failure, Outcome};
use authority_local_postgres::{Embedded, SearchPath, programs};

use super::Cargo;
use crate::tree;

/// What a newcomer runs, in this order.
const COMMANDS: [&[&str]; 4] =
    [&["migrate"], &["seed"], &["generate", "--check"], &["migrate", "status", "--check"]];

pub(super) fn check(context: &Context, cargo: &Cargo<'_>) -> Outcome {
    if !Embedded::IS_FOR_THIS_PLATFORM {
        eprintln!("ci: skipped: there is no embedded PostgreSQL for this platform");
        return Ok(());
    }
    package(cargo)?;
    let tests = ["test", "--package", "authority-local-postgres", "--quiet", "--", "--ignored", "embedded::"];
    cargo.run("the embedded server ends with its last user, and no sooner", &tests, &[])?;
    commands(context)
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

/// This program itself, in a folder without `.env`, with a `PATH` that holds everything but PostgreSQL.
fn commands(context: &Context) -> Outcome {
    let failed = |error: std::io::Error| Failure::saying(format!("cannot strip PATH of PostgreSQL: {error}"));
    let folder = tree::root().join("target").join("path-without-postgresql");
    strip(context, &folder).map_err(failed)?;
    let itself = std::env::current_exe().map_err(failed)?;
    for arguments in COMMANDS {
        let started = Instant::now();
        let shown = arguments.join(" ");
        eprintln!("ci: AUTHORITY_PG=embedded cargo xtask {shown}");
        let output = Command::new(&itself)
            .args(arguments)
            .env("PATH", &folder)
            // The only folder to look in, so that those do not count either into which PostgreSQL is usually installed.
            .env("AUTHORITY_PG_BIN", &folder)
            .env("AUTHORITY_PG", "embedded")
            .env_remove("DATABASE_URL")
            .current_dir("/")
            .output()
            .map_err(failed)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::saying(format!("not true: {shown} works on the embedded PostgreSQL"))
                .because(said)
                .with_fix(format!("AUTHORITY_PG=embedded cargo xtask {shown}")));
        }
        eprintln!("ci: {shown} works on the embedded PostgreSQL ({} s)", started.elapsed().as_secs());
    }
    Ok(())
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
