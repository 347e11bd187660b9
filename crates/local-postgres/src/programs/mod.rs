//! Finds the PostgreSQL server programs of a machine.

mod engine;
mod search_path;
mod version;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use engine::{Engine, UnknownEngine};
pub(crate) use engine::{is_embedded, note_use};
pub use search_path::SearchPath;
pub use version::Version;

use crate::embedded::Embedded;
use crate::error::{LocalPostgresError, Result};
use crate::server::Progress;

/// The oldest major version of PostgreSQL that this workspace supports.
pub const MINIMUM_MAJOR: u32 = 13;

/// The programs of one PostgreSQL installation that can make and run a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    bin_dir: PathBuf,
    version: Version,
    engine: Engine,
}

impl Programs {
    /// Who brought them.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The directory of the programs.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// The version that `postgres --version` tells.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The server.
    #[must_use]
    pub fn postgres(&self) -> PathBuf {
        self.bin_dir.join("postgres")
    }

    /// The program that makes a data directory.
    #[must_use]
    pub fn initdb(&self) -> PathBuf {
        self.bin_dir.join("initdb")
    }

    /// The program that starts and stops the server.
    #[must_use]
    pub fn pg_ctl(&self) -> PathBuf {
        self.bin_dir.join("pg_ctl")
    }

    /// A client program such as `psql` or `pg_dump` of this installation. `None` when it has none: there are
    /// builds of the server alone.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<PathBuf> {
        Some(self.bin_dir.join(name)).filter(|program| program.is_file())
    }
}

/// An installation that is older than [`MINIMUM_MAJOR`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooOld {
    /// The directory of its programs.
    pub bin_dir: PathBuf,
    /// Its version.
    pub version: Version,
}

/// What [`find_all`] saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The usable installations, newest first, releases before pre-releases, and among equals in the order of the search path.
    pub usable: Vec<Programs>,
    /// The installations that are too old.
    pub too_old: Vec<TooOld>,
}

/// All PostgreSQL installations in the directories of `search`. A directory counts when it has `postgres`,
/// `initdb` and `pg_ctl` and its `postgres` tells a version; one that is reached in two ways counts once.
#[must_use]
pub fn find_all(search: &SearchPath) -> Found {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    for bin_dir in search.directories() {
        let complete = ["postgres", "initdb", "pg_ctl"].iter().all(|name| bin_dir.join(name).is_file());
        if !complete || !bin_dir.join("postgres").canonicalize().is_ok_and(|program| seen.insert(program)) {
            continue;
        }
        match version_of(&bin_dir.join("postgres")) {
            Some(version) if version.major() >= MINIMUM_MAJOR => {
                let engine = Engine::of(&bin_dir);
                found.usable.push(Programs { bin_dir, version, engine });
            }
            Some(version) => found.too_old.push(TooOld { bin_dir, version }),
            None => {}
        }
    }
    found.usable.sort_by(|a, b| b.version.cmp(&a.version));
    found
}

/// The newest usable installation. Fails when there is none; the error says how to get one.
pub fn newest(search: &SearchPath) -> Result<Programs> {
    let Found { usable, too_old } = find_all(search);
    usable.into_iter().next().ok_or(LocalPostgresError::NoPrograms { too_old })
}

/// The programs to work with: those of the wanted engine; without such a wish the newest of the machine, and
/// where it has none, the embedded ones, which are built on first need.
///
/// Fails when there are none, and when the embedded ones cannot be built.
pub fn choose(
    search: &SearchPath,
    wanted: Option<Engine>,
    embedded: Option<&Embedded>,
    progress: impl FnMut(Progress),
) -> Result<Programs> {
    match (wanted, embedded) {
        (Some(Engine::Embedded), Some(embedded)) => embedded.programs(progress),
        (Some(Engine::Embedded), None) => Err(LocalPostgresError::NoEmbedded),
        (Some(Engine::Local), _) | (None, None) => newest(search),
        (None, Some(embedded)) => match newest(search) {
            Err(LocalPostgresError::NoPrograms { .. }) if Embedded::IS_FOR_THIS_PLATFORM => {
                embedded.programs(progress)
            }
            found => found,
        },
    }
}

/// The newest installation of a major version. Fails when there is none, and lists what there is.
pub fn with_major(search: &SearchPath, major: u32) -> Result<Programs> {
    let Found { usable, too_old } = find_all(search);
    if usable.is_empty() {
        return Err(LocalPostgresError::NoPrograms { too_old });
    }
    let found = usable.iter().map(|programs| programs.version.to_string()).collect();
    usable
        .into_iter()
        .find(|programs| programs.version.major() == major)
        .ok_or(LocalPostgresError::NoSuchMajor { wanted: major, found })
}

/// A client program such as `psql` or `pg_dump`: the one of the newest installation that has it, and
/// otherwise the first in the directories of `search`, because clients are also installed without a server.
#[must_use]
pub fn find_client(search: &SearchPath, name: &str) -> Option<PathBuf> {
    find_all(search).usable.iter().find_map(|programs| programs.client(name)).or_else(|| {
        search.directories().into_iter().map(|dir| dir.join(name)).find(|program| program.is_file())
    })
}

/// `None` for whatever is called `postgres` and is not PostgreSQL, or cannot be run.
fn version_of(postgres: &Path) -> Option<Version> {
    let output = Command::new(postgres)
        .arg("--version")
        .env_clear()
        .env("PATH", crate::os_user::PROGRAM_PATH)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Version::parse(&String::from_utf8_lossy(&output.stdout)).filter(|_| output.status.success())
}

#[cfg(test)]
mod tests;
