//! Which of the installed client programs does the work.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use authority_local_postgres::Version;
use tokio::process::Command;

use crate::{Context, Failure, Outcome};

/// A client program of PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct Program {
    name: &'static str,
    path: PathBuf,
    pub(super) version: Version,
}

/// Where the programs are, and what they get to see of this one's environment.
pub(super) struct Installed<'a> {
    context: &'a Context,
}

impl<'a> Installed<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The `pg_dump` for a server. The best is that of the server's own major version, whose output the server
    /// surely takes back; otherwise the newest. Fails when none is new enough: `pg_dump` refuses a server that
    /// is newer than itself.
    pub(super) async fn pg_dump(&self, major: u32) -> Outcome<Program> {
        self.choose("pg_dump", major, Some(major)).await
    }

    /// The `pg_restore` for an archive that `pg_dump` of a major version wrote, and a server.
    ///
    /// Fails when none is as new as the archive needs.
    pub(super) async fn pg_restore(&self, written_by: u32, server: Option<u32>) -> Outcome<Program> {
        self.choose("pg_restore", written_by, server).await
    }

    /// The newest `psql`.
    pub(super) async fn psql(&self) -> Outcome<Program> {
        self.choose("psql", 0, None).await
    }

    /// A command that runs the program with a connection, and with nothing else that could lead it elsewhere.
    pub(super) fn command(&self, program: &Program, variables: &[(&'static str, String)]) -> Command {
        let mut command = self.plain(&program.path);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn plain(&self, path: &Path) -> Command {
        let environment = self.context.environment();
        let mut command = Command::new(path);
        command.env_clear().env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        if let Some(path) = environment.path() {
            command.env("PATH", path);
        }
        if let Some(home) = environment.home() {
            command.env("HOME", home);
        }
        command
    }

    async fn choose(&self, name: &'static str, least: u32, best: Option<u32>) -> Outcome<Program> {
        let found = self.find(name).await;
        if found.is_empty() {
            return Err(self.context.named_folder_lacks(name).unwrap_or_else(|| {
                Failure::saying(format!("{name} is not installed on this machine")).with_fix(install(least))
            }));
        }
        let suitable = || found.iter().filter(|program| program.version.major() >= least);
        let of_major = |major| {
            suitable()
                .filter(|program| program.version.major() == major)
                .max_by_key(|program| &program.version)
        };
        let chosen = best.and_then(of_major).or_else(|| suitable().max_by_key(|program| &program.version));
        chosen.cloned().ok_or_else(|| {
            let versions: BTreeSet<_> = found.iter().map(|program| program.version.as_str()).collect();
            let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
            let what = if name == "pg_dump" { "the server is" } else { "the archive was written by" };
            Failure::saying(format!(
                "{what} PostgreSQL {least}, and the {name} of this machine is {versions}"
            ))
            .because(format!("{name} works with its own version and older ones only"))
            .with_fix(install(least))
        })
    }

    async fn find(&self, name: &'static str) -> Vec<Program> {
        let mut found = Vec::new();
        for path in self.context.search_path().directories().into_iter().map(|directory| directory.join(name))
        {
            if !path.is_file() {
                continue;
            }
            let output = self.plain(&path).arg("--version").output().await;
            let said = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
            if let Some(version) = said.and_then(|said| Version::parse(&String::from_utf8_lossy(&said))) {
                found.push(Program { name, path, version });
            }
        }
        found
    }
}

impl Program {
    /// What it is called, without its directory.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether this `psql` knows `\restrict`, after which nothing that it reads can make it run a command of its
    /// own. It came with the security releases of August 2025 (CVE-2025-8714).
    pub(super) fn knows_restrict(&self) -> bool {
        let minor = self.version.as_str().split_once('.').and_then(|(_, minor)| minor.parse::<u32>().ok());
        let since = match self.version.major() {
            13 => 22,
            14 => 19,
            15 => 14,
            16 => 10,
            17 => 6,
            major => return major >= 18,
        };
        minor.is_some_and(|minor| minor >= since)
    }
}

fn install(major: u32) -> String {
    if major == 0 {
        return "apt-get install postgresql-client, dnf install postgresql, or brew install libpq".to_owned();
    }
    format!(
        "Debian, Ubuntu: apt-get install postgresql-client-{major}\nFedora, RHEL: dnf install postgresql{major}\nmacOS: brew install postgresql@{major}"
    )
}
