use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use authority_connection::Environment;
use authority_local_postgres::{Ephemeral, EphemeralOptions, Programs, SUPERUSER, SearchPath, programs};
use tempfile::TempDir;

use super::treatment::{EVERYWHERE, NOTHING};
use crate::support::{Outcome, authority_db};

/// How long one block may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// A shell of an operator who is a superuser of a fresh server. Variables outlive a block.
pub(super) struct Shell {
    pub(super) server: Ephemeral,
    pub(super) pooler_port: u16,
    /// With the programs of PostgreSQL.
    folder: PathBuf,
    directory: TempDir,
    /// With `authority-db`.
    bin: TempDir,
}

impl Shell {
    /// With the programs of an installation that is complete, whichever the test run is about.
    pub(super) fn new(pooler_port: u16) -> Self {
        let (programs, folder) = complete_installation()
            .expect("PostgreSQL is not installed with its client programs; fix: apt-get install postgresql");
        // As a server is that nobody has changed; those of tests otherwise do without.
        let settings = ["fsync", "full_page_writes"].map(|name| (name.to_owned(), "on".to_owned())).into();
        let server =
            Ephemeral::start(&programs, &EphemeralOptions { settings, ..EphemeralOptions::default() });
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        let bin = tempfile::tempdir().expect("a directory");
        let program = authority_db("", &[]).get_program().to_owned();
        std::os::unix::fs::symlink(program, bin.path().join("authority-db")).expect("a link");
        let directory = tempfile::tempdir().expect("a directory");
        let shell = Self { server, pooler_port, folder, directory, bin };
        shell.run("what the server came with is dropped", NOTHING);
        shell
    }

    /// Where the blocks run, and leave their files.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The text with what stands for its placeholders.
    pub(super) fn filled(&self, text: &str, replaced: &[(&str, &str)]) -> String {
        let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        let text = replaced.iter().chain(&EVERYWHERE).fold(text.to_owned(), replace);
        let endpoint = self.server.endpoint();
        text.replace("{SUPERUSER_URL}", &endpoint.url_for(SUPERUSER, "authority_db"))
            .replace("{MAINTENANCE_URL}", &endpoint.url_for(SUPERUSER, "postgres"))
            .replace("{PGPORT}", &endpoint.port().to_string())
            .replace("{POOLER_PORT}", &self.pooler_port.to_string())
    }

    /// Runs a script to its end; panics with everything that it printed when it fails.
    pub(super) fn run(&self, what: &str, script: &str) -> Outcome {
        let state = self.directory.path().join(".state");
        let state = state.display();
        let script = format!(
            "set -euo pipefail\nif [ -e '{state}' ]; then source '{state}'; fi\n{script}\nexport -p | grep ' DATABASE_URL=' > '{state}' || true\n"
        );
        let outcome = self.bash(what, &["-c", &script]);
        assert_eq!(outcome.code, Some(0), "{what}:\n{script}\n{outcome:?}");
        outcome
    }

    fn bash(&self, what: &str, arguments: &[&str]) -> Outcome {
        let endpoint = self.server.endpoint();
        let folders = [self.bin.path(), &self.folder, Path::new("/usr/bin"), Path::new("/bin")];
        let path = std::env::join_paths(folders.map(PathBuf::from)).expect("a search path");
        let mut bash = Command::new("bash");
        bash.args(arguments).env_clear().current_dir(self.directory.path()).stdin(Stdio::null());
        bash.stdout(Stdio::piped()).stderr(Stdio::piped());
        bash.env("PATH", path).env("HOME", self.directory.path()).env("LC_ALL", "C");
        bash.env("PGHOST", endpoint.socket_dir()).env("PGPORT", endpoint.port().to_string());
        bash.env("PGUSER", SUPERUSER).env("PGDATABASE", "postgres");
        let child = bash.spawn().expect("bash runs");
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(Outcome::of(child)));
        end.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what}: does not end"))
    }
}

/// Where an installation really is: a folder of links may have the server alone.
/// Programs of this machine with their clients, and the folder of them all.
pub(crate) fn complete_installation() -> Option<(Programs, PathBuf)> {
    let environment = Environment::from_process().expect("the environment can be read");
    let installations = programs::find_all(&SearchPath::new(environment.path())).usable;
    let mut with_folders =
        installations.into_iter().filter_map(|programs| folder(&programs).map(|folder| (programs, folder)));
    with_folders
        .find(|(_, folder)| ["psql", "pg_dump", "createdb"].iter().all(|name| folder.join(name).is_file()))
}

fn folder(programs: &Programs) -> Option<PathBuf> {
    Some(programs.postgres().canonicalize().ok()?.parent()?.to_owned())
}
