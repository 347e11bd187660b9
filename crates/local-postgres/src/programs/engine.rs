//! Who brought an installation of PostgreSQL.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

/// Who brought an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The machine: a package, or somebody who built it.
    Local,
    /// Cargo, for machines that have none. It has the server's programs and none of the clients', and no TLS.
    Embedded,
}

/// A text that names no engine.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no engine: it is local or embedded")]
pub struct UnknownEngine(String);

impl Engine {
    /// The engine of the programs in a directory: the embedded ones carry a mark.
    pub(super) fn of(bin_dir: &Path) -> Self {
        match bin_dir.parent() {
            Some(installation) if is_embedded(installation) => Self::Embedded,
            _ => Self::Local,
        }
    }
}

/// Whether a directory is a whole installation of the embedded PostgreSQL, which leaves its name in it.
pub(crate) fn is_embedded(installation: &Path) -> bool {
    fs::read(mark(installation)).is_ok_and(|mark| mark == b"authority-embedded-postgres\n")
}

/// Notes that the embedded PostgreSQL is used, which keeps a newer one from removing it as forgotten: see `unused.rs` of the
/// package `embedded`.
pub(crate) fn note_use(installation: &Path) {
    // Where it cannot be noted, neither can anything be removed.
    let _ = File::open(mark(installation)).and_then(|file| file.set_modified(SystemTime::now()));
}

fn mark(installation: &Path) -> PathBuf {
    installation.join("embedded")
}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, UnknownEngine> {
        match text {
            "local" => Ok(Self::Local),
            "embedded" => Ok(Self::Embedded),
            _ => Err(UnknownEngine(text.to_owned())),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Embedded => "embedded",
        })
    }
}
