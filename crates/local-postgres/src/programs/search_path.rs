//! Where PostgreSQL programs are looked for.

use std::collections::HashSet;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The directories to look for PostgreSQL programs in, most wanted first.
#[derive(Debug, Clone, Default)]
pub struct SearchPath {
    first: Vec<PathBuf>,
    /// The file system whose well-known directories are looked at; `None` for none of them.
    root: Option<PathBuf>,
}

impl SearchPath {
    /// The directories of `path` (the value of `PATH`), then those into which distributions, Homebrew,
    /// Postgres.app and the source distribution install.
    #[must_use]
    pub fn new(path: Option<&OsStr>) -> Self {
        // A relative entry would mean another program in each working directory.
        let first = path.map(|path| env::split_paths(path).filter(|dir| dir.is_absolute()).collect());
        Self { first: first.unwrap_or_default(), root: Some(PathBuf::from("/")) }
    }

    /// These directories and no other.
    #[must_use]
    pub fn only(directories: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { first: directories.into_iter().collect(), root: None }
    }

    /// Puts directories before all others.
    #[must_use]
    pub fn with_first(mut self, directories: impl IntoIterator<Item = PathBuf>) -> Self {
        self.first.splice(0..0, directories);
        self
    }

    #[cfg(test)]
    pub(super) fn with_root(mut self, root: &Path) -> Self {
        self.root = Some(root.to_owned());
        self
    }

    /// Every directory once, in order; not all of them need exist.
    #[must_use]
    pub fn directories(&self) -> Vec<PathBuf> {
        let mut directories = self.first.clone();
        if let Some(root) = &self.root {
            directories.extend(WELL_KNOWN.iter().flat_map(|pattern| expand(root, pattern)));
        }
        let mut seen = HashSet::new();
        directories.retain(|dir| seen.insert(dir.clone()));
        directories
    }
}

/// Relative to the root of the file system. One component of each may end in `*`.
const WELL_KNOWN: [&str; 10] = [
    "usr/lib/postgresql/*/bin", // Debian, Ubuntu
    "usr/pgsql-*/bin",          // the PostgreSQL project's packages for Fedora and RHEL
    "usr/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "opt/homebrew/bin",
    "usr/local/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "usr/local/pgsql/bin", // built from source
];

fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![root.join(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut directories: Vec<PathBuf> = root
        .join(parent)
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| name.to_str().is_some_and(|name| name.starts_with(prefix)))
        .map(|name| root.join(parent).join(name).join(after.trim_start_matches('/')))
        .collect();
    directories.sort();
    directories
}
