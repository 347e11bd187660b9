//! The state directory of a kept server.
//!
//! ```text
//! <base>/<workspace>/<major version, or "embedded">/
//!     lock               held while somebody makes, starts or stops the server: see `lock.rs`
//!     port               the port of the last start
//!     used, stay, watch  of an embedded server: see `watch.rs`
//!     socket-dir         where the socket is, when not in run/
//!     run/               the socket; the server's user
//!     log/server.log     the server's user
//!     cluster/           appears whole, by a rename
//!         password       of the role that owns the database
//!         data/          the server's user
//! ```
//!
//! What the server's user does not own belongs to the user of the commands, and nobody else may write to it.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::cluster::{self, Durability};
use crate::config::Config;
use crate::endpoint::Secret;
use crate::error::{LocalPostgresError, Result};
use crate::files::{ensure_dir, ensure_private_dir, make_dir, random_hex, read_file, replace_file, sync_dir};
use crate::instance::{Instance, check_path};
use crate::lock;
use crate::os_user::OsUser;
use crate::programs::Programs;

/// The beginning of the name of a cluster that is being made.
const UNFINISHED: &str = "new-";

/// An existing state directory, verified to be ours.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    user: OsUser,
}

impl StateDir {
    /// Makes what is missing. Fails when a part of the path belongs to another user or is open to one.
    pub(crate) fn prepare(config: &Config, user: &OsUser) -> Result<Self> {
        prepare_base(&config.base, user)?;
        let path = config.state_dir();
        // The server's user has to pass through to its data, and needs to see nothing on the way.
        let mode = if user.is_another() { 0o711 } else { 0o700 };
        for dir in [&config.base.join(&config.workspace), &path] {
            ensure_dir(dir, mode, geteuid().as_raw(), 0o022)?;
        }
        Self::at(&path, user)
    }

    /// The state directory if it is there, without making anything.
    pub(crate) fn existing(config: &Config, user: &OsUser) -> Result<Option<Self>> {
        let path = config.state_dir();
        match path.symlink_metadata() {
            Ok(_) => {
                check_path(&config.base)?;
                ensure_dir(&path, 0o700, geteuid().as_raw(), 0o022)?;
                Self::at(&path, user).map(Some)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LocalPostgresError::io("look at", &path)(error)),
        }
    }

    /// The server shows the path of its data with links resolved, and is recognised by it.
    fn at(path: &Path, user: &OsUser) -> Result<Self> {
        let path = path.canonicalize().map_err(LocalPostgresError::io("find", path))?;
        check_path(&path)?;
        Ok(Self { path, user: user.clone() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the lock and holds it until the file is dropped. `waiting` is called when another process has it, with
    /// that process's id where it is known. Fails when that process does not come to an end.
    pub(crate) fn lock(&self, waiting: impl FnOnce(Option<u32>)) -> Result<File> {
        lock::lock(&self.path.join("lock"), lock::PATIENCE, waiting)
    }

    pub(crate) fn has_cluster(&self) -> bool {
        self.cluster().is_dir()
    }

    /// Makes the cluster beside its place and moves it there when it is whole. The lock must be held.
    pub(crate) fn make_cluster(&self, config: &Config) -> Result<()> {
        self.remove_unfinished();
        let unfinished = self.path.join(format!("{UNFINISHED}{}", random_hex(8)?));
        make_dir(&unfinished, if self.user.is_another() { 0o711 } else { 0o700 })?;
        let made = self.fill_cluster(config, &unfinished);
        if made.is_err() {
            self.remove_unfinished();
        }
        made
    }

    fn fill_cluster(&self, config: &Config, unfinished: &Path) -> Result<()> {
        let password =
            cluster::create(&config.programs, &self.user, &unfinished.join("data"), Durability::Kept)?;
        replace_file(&unfinished.join("password"), password.reveal().as_bytes(), None)?;
        sync_dir(unfinished)?;
        fs::rename(unfinished, self.cluster()).map_err(LocalPostgresError::io("rename", unfinished))?;
        sync_dir(&self.path)
    }

    /// The server of the cluster. Makes the directory of its log.
    pub(crate) fn instance(&self, config: &Config) -> Result<Instance> {
        let log_dir = self.path.join("log");
        ensure_private_dir(&log_dir, &self.user)?;
        Ok(Instance {
            programs: config.programs.clone(),
            user: self.user.clone(),
            data_dir: self.cluster().join("data"),
            log: log_dir.join("server.log"),
        })
    }

    /// Fails when the data are of another major version than the programs. Between versions of one major version nothing
    /// has to be done, and the server itself refuses what it cannot read.
    pub(crate) fn require_readable(&self, programs: &Programs) -> Result<()> {
        let version = read_file(&self.cluster().join("data").join("PG_VERSION"))?.unwrap_or_default();
        if version.trim() == programs.version().major().to_string() {
            return Ok(());
        }
        Err(LocalPostgresError::OtherVersion {
            path: self.path.clone(),
            found: version.trim().to_owned(),
            programs: programs.version().to_string(),
        })
    }

    /// The password of the role that owns the database.
    pub(crate) fn password(&self) -> Result<Secret> {
        let path = self.cluster().join("password");
        let missing = || LocalPostgresError::io("read", &path)(std::io::ErrorKind::NotFound.into());
        Ok(Secret(read_file(&path)?.ok_or_else(missing)?))
    }

    /// The port of the last start, so that an address stays valid as long as it can.
    pub(crate) fn last_port(&self) -> Result<Option<u16>> {
        Ok(read_file(&self.port_file())?.and_then(|port| port.trim().parse().ok()))
    }

    pub(crate) fn record_port(&self, port: u16) -> Result<()> {
        replace_file(&self.port_file(), format!("{port}\n").as_bytes(), None)
    }

    /// An `initdb` whose parent was killed may still be writing there: what cannot be removed now is removed
    /// when the next cluster is made, and has a name of its own until then.
    fn remove_unfinished(&self) {
        for entry in self.path.read_dir().into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn cluster(&self) -> PathBuf {
        self.path.join("cluster")
    }

    fn port_file(&self) -> PathBuf {
        self.path.join("port")
    }
}

/// Makes the directory of all servers of a user, or verifies the existing one.
pub(crate) fn prepare_base(base: &Path, user: &OsUser) -> Result<()> {
    check_path(base)?;
    if let Some(parent) = base.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(if user.is_another() { 0o755 } else { 0o700 })
            .create(parent)
            .map_err(LocalPostgresError::io("create", parent))?;
        refuse_open_parent(parent)?;
    }
    let mode = if user.is_another() { 0o711 } else { 0o700 };
    ensure_dir(base, mode, geteuid().as_raw(), 0o022).map(drop)
}

/// Where others may rename what is ours, its owner and mode prove nothing.
fn refuse_open_parent(parent: &Path) -> Result<()> {
    let mode = parent.metadata().map_err(LocalPostgresError::io("look at", parent))?.mode() & 0o7777;
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Err(LocalPostgresError::OpenDirectory { path: parent.to_owned(), mode, forbidden: 0o022 });
    }
    Ok(())
}
