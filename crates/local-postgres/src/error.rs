//! What can go wrong, and what mends it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::programs::{MINIMUM_MAJOR, TooOld};

/// The result of everything fallible in this crate.
pub type Result<T, E = LocalPostgresError> = std::result::Result<T, E>;

/// One sentence on what went wrong; [`LocalPostgresError::fix`] says what mends it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalPostgresError {
    /// The machine has no usable PostgreSQL.
    #[error("no PostgreSQL server programs of version {MINIMUM_MAJOR} or newer were found{}", too_old_clause(.too_old))]
    NoPrograms {
        /// What was found, and is too old.
        too_old: Vec<TooOld>,
    },
    /// The machine has PostgreSQL, but not in the major version that was asked for.
    #[error("PostgreSQL {wanted} was not found; this machine has {}", list(.found))]
    NoSuchMajor {
        /// The major version that was asked for.
        wanted: u32,
        /// The versions that were found, newest first.
        found: Vec<String>,
    },
    /// The embedded PostgreSQL is wanted where its package is not.
    #[error("the embedded PostgreSQL is brought by the source tree, and this is none")]
    NoEmbedded,
    /// The embedded PostgreSQL is wanted on a platform that has none.
    #[error("there is no embedded PostgreSQL for {platform}")]
    NoEmbeddedForPlatform {
        /// The operating system and the processor.
        platform: String,
    },
    /// Cargo has said why.
    #[error("cargo could not bring an embedded PostgreSQL: what it says stands above")]
    EmbeddingFailed {
        /// The package that brings it.
        package: PathBuf,
    },
    /// The data of a server are of another major version than its programs.
    #[error("the data in {} are of PostgreSQL {found}, and these programs are {programs}", .path.display())]
    OtherVersion {
        /// The directory of everything that the server keeps.
        path: PathBuf,
        /// The major version of the data.
        found: String,
        /// The version of the programs.
        programs: String,
    },
    /// Neither a home directory nor a state directory is known.
    #[error("there is no place for the private server: neither a home nor a state directory is known")]
    NoStateHome,
    /// The process is root and neither of the users that could run the server exists.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user \"postgres\" nor a user \"nobody\""
    )]
    NoUnprivilegedUser,
    /// A directory that must be ours is somebody else's.
    #[error("{} belongs to {owner}, not to {expected}: it is not used", .path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Who owns it.
        owner: String,
        /// Who should.
        expected: String,
    },
    /// A directory that must be private is open to others.
    #[error("{} is open to other users (mode {mode:04o}): it is not used", .path.display())]
    OpenDirectory {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The permission bits that it must not have.
        forbidden: u32,
    },
    /// Something stands where a directory is needed.
    #[error("{} is not a directory", .path.display())]
    NotADirectory {
        /// What stands there.
        path: PathBuf,
    },
    /// A path holds a character that `pg_ctl` hands to a shell unquoted.
    #[error("the path {path:?} has a character that PostgreSQL's programs cannot handle")]
    UnusablePath {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried, as in "create".
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The operating system gave no randomness for a password or a name.
    #[error("the operating system gave no random bytes")]
    Random(#[from] getrandom::Error),
    /// A program ended with an error.
    #[error("{program} failed: {output}")]
    ProgramFailed {
        /// The program's name.
        program: String,
        /// What it printed.
        output: String,
    },
    /// The server did not start.
    #[error("PostgreSQL did not start; the end of {} says:\n{tail}", .log.display())]
    StartFailed {
        /// The server's log.
        log: PathBuf,
        /// What the failed start appended to it, at most its last lines.
        tail: String,
    },
    /// Another process has the state directory for itself, for longer than any work there takes.
    #[error("{} has been working on the private server for {} minutes", holder_clause(*.holder), .patience.as_secs() / 60)]
    Busy {
        /// Its process id, where it is known.
        holder: Option<u32>,
        /// How long it was waited for.
        patience: Duration,
    },
    /// A server process lives, but does not accept connections.
    #[error("the private PostgreSQL server (process {pid}) does not answer")]
    Unresponsive {
        /// The process id of the server.
        pid: i32,
    },
    /// The server did not stop in time.
    #[error("the private PostgreSQL server did not stop: {output}")]
    StopFailed {
        /// What `pg_ctl` said.
        output: String,
    },
    /// An operation on a throw-away server that needs it to run.
    #[error("the throw-away PostgreSQL server is not running")]
    NotRunning,
}

impl LocalPostgresError {
    /// The command or step that mends it, one step a line, where there is one.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        Some(match self {
            Self::NoPrograms { .. } | Self::NoEmbeddedForPlatform { .. } => INSTALL.to_owned(),
            Self::NoSuchMajor { wanted, .. } => {
                format!("install PostgreSQL {wanted}, or ask for one of the versions that are there")
            }
            Self::NoEmbedded => "run it in the source tree, or unset AUTHORITY_PG".into(),
            Self::EmbeddingFailed { package } => {
                let manifest = package.join("Cargo.toml");
                format!(
                    "cargo build --locked --manifest-path '{}', or install PostgreSQL:\n{INSTALL}",
                    manifest.display()
                )
            }
            Self::OtherVersion { path, found, .. } => {
                let path = path.display();
                format!(
                    "mv '{path}' '{path}-of-{found}', which puts them aside; the next command begins anew"
                )
            }
            Self::NoStateHome => {
                "set HOME or XDG_STATE_HOME, or set DATABASE_URL to use a server of your own".into()
            }
            Self::NoUnprivilegedUser => "useradd --system --no-create-home postgres".into(),
            Self::ForeignDirectory { path, .. } | Self::NotADirectory { path } => {
                format!("look at {} and move it away", path.display())
            }
            Self::OpenDirectory { path, forbidden, .. } => {
                let who = if forbidden & 0o055 == 0 { "go-w" } else { "go-rwx" };
                format!("look at what is in it, then: chmod {who} '{}'", path.display())
            }
            Self::UnusablePath { .. } => {
                "set XDG_STATE_HOME to a directory whose path has no quotes, dollar signs, backslashes, \
                 backquotes or line breaks"
                    .into()
            }
            Self::Io { action, path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                let path = path.display();
                match *action {
                    "run" => {
                        format!("let the user who runs the server read {path} and all directories above it")
                    }
                    _ => format!("look at the permissions of {path} and of the directories above it"),
                }
            }
            Self::Io { source, path, .. } if source.kind() == io::ErrorKind::StorageFull => {
                format!("make room on the disk of {}", path.display())
            }
            Self::Io { source, path, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                format!("{} cannot be written to: set XDG_STATE_HOME to a directory that can", path.display())
            }
            Self::StartFailed { log, .. } => {
                format!("mend what it names; all of it stands in '{}'", log.display())
            }
            Self::Busy { holder, .. } => {
                let pid = (*holder)?;
                format!(
                    "see what it is waiting for, or end it, which leaves nothing in the way: kill -KILL {pid}"
                )
            }
            Self::Unresponsive { pid } => format!("kill -QUIT {pid}"),
            Self::StopFailed { .. } => "close the sessions that keep it busy, and stop it again".into(),
            Self::Io { .. } | Self::Random(_) | Self::ProgramFailed { .. } | Self::NotRunning => return None,
        })
    }

    /// Turns an I/O error into one that says what was tried on which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

const INSTALL: &str = "\
Debian, Ubuntu: apt-get install postgresql
Fedora: dnf install postgresql-server
macOS: brew install postgresql@18
Docker: docker run --detach --publish 127.0.0.1:5432:5432 -e POSTGRES_PASSWORD -e POSTGRES_USER=authority -e POSTGRES_DB=authority_db postgres:18
        and set DATABASE_URL=postgres://authority:<password>@localhost:5432/authority_db";

fn holder_clause(holder: Option<u32>) -> String {
    let number = holder.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    format!("another command{number}")
}

fn too_old_clause(too_old: &[TooOld]) -> String {
    let found: Vec<String> =
        too_old.iter().map(|old| format!("{} in {}", old.version, old.bin_dir.display())).collect();
    if found.is_empty() { String::new() } else { format!("; too old: PostgreSQL {}", list(&found)) }
}

fn list(items: &[String]) -> String {
    items.join(", ")
}
