//! A throw-away server for a test run.

use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use crate::cluster::{self, Durability};
use crate::endpoint::Endpoint;
use crate::error::{LocalPostgresError, Result};
use crate::files::{make_dir, replace_file};
use crate::instance::{Instance, StopMode, check_path};
use crate::lifeline::Lifeline;
use crate::os_user::OsUser;
use crate::programs::{Programs, Version};
use crate::settings::Settings;

/// What a test run may want otherwise.
#[derive(Debug, Clone)]
pub struct EphemeralOptions {
    /// The directory to make the server's directory in. It must be short, for the socket, and when the process
    /// is root it must be open to everybody, as `/tmp` is: the server's user removes its directory there. By default
    /// it is in memory where there is room, which spares a test run the files of every database that it makes.
    pub temp_dir: PathBuf,
    /// Further settings, as in `("log_statement", "all")`; they override the usual ones.
    pub settings: Vec<(String, String)>,
    /// Further files for the data directory, as a certificate and its key for `ssl_cert_file` and `ssl_key_file`.
    pub files: Vec<DataFile>,
}

impl Default for EphemeralOptions {
    fn default() -> Self {
        let temp_dir = memory().unwrap_or_else(|| PathBuf::from("/tmp"));
        Self { temp_dir, settings: Vec::new(), files: Vec::new() }
    }
}

/// Where Linux keeps files in memory, when it is open to everybody and has room. In containers it is often small.
#[cfg(target_os = "linux")]
fn memory() -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;

    /// Octets for the databases of a test run, which are dropped as its tests end.
    const ROOM: u64 = 2 << 30;
    let directory = PathBuf::from("/dev/shm");
    let is_open = std::fs::metadata(&directory).ok()?.permissions().mode() & 0o1777 == 0o1777;
    let system = nix::sys::statvfs::statvfs(&directory).ok()?;
    let room = system.blocks_available().saturating_mul(system.fragment_size());
    (is_open && room >= ROOM).then_some(directory)
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<PathBuf> {
    None
}

/// A file in the data directory, readable by the server's user alone.
#[derive(Clone)]
pub struct DataFile {
    /// Its name in the data directory.
    pub name: String,
    /// Its contents.
    pub contents: Vec<u8>,
}

impl std::fmt::Debug for DataFile {
    /// Without the contents: they may be a private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A server of its own, with a fresh cluster in which nothing waits for the disk. It is stopped and removed
/// when this value is dropped, and also when the process dies without dropping it.
#[derive(Debug)]
pub struct Ephemeral {
    endpoint: Endpoint,
    instance: Instance,
    /// Dropped last: it stops the server and removes everything.
    _lifeline: Lifeline,
}

impl Ephemeral {
    /// Makes and starts a server. Takes a second or two.
    ///
    /// Fails when the cluster cannot be made or the server does not start with the settings of `options`.
    pub fn start(programs: &Programs, options: &EphemeralOptions) -> Result<Self> {
        let user = OsUser::for_server()?;
        let directory = private_temp_dir(&options.temp_dir, &user)?;
        let lifeline = Lifeline::attach(programs, &user, directory.path())?;
        // From here on it is the lifeline that removes it.
        let directory = directory.keep();

        let data_dir = directory.join("data");
        let password = cluster::create(programs, &user, &data_dir, Durability::Ephemeral)?;
        for file in &options.files {
            replace_file(&data_dir.join(&file.name), &file.contents, Some(&user))?;
        }
        let settings = options
            .settings
            .iter()
            .fold(Settings::ephemeral(programs.engine()), |settings, (name, value)| {
                settings.with(name, value)
            });
        let socket_dir = directory.join("run");
        let log = directory.join("log").join("server.log");
        let instance = Instance { programs: programs.clone(), user, data_dir, log };
        let port = instance.start_on_a_free_port(None, &socket_dir, &settings)?;
        Ok(Self { endpoint: Endpoint::new(socket_dir, port, password), instance, _lifeline: lifeline })
    }

    /// Where it listens; the same after a restart.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The address of the database for its owner, through the socket, as in [`Endpoint::url`].
    #[must_use]
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// The version of the server.
    #[must_use]
    pub fn version(&self) -> &Version {
        self.instance.programs.version()
    }

    /// The server's data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.instance.data_dir
    }

    /// The server's log.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        &self.instance.log
    }

    /// Stops the server as a power cut would, but for the disk: sessions are cut off and the next start
    /// recovers. Fails when it is not running.
    pub fn stop_immediate(&self) -> Result<()> {
        self.instance.stop(StopMode::Immediate)
    }

    /// Stops the server after closing its sessions. Fails when it is not running.
    pub fn stop_fast(&self) -> Result<()> {
        self.instance.stop(StopMode::Fast)
    }

    /// Kills the server's first process with SIGKILL; its sessions end a moment later. Fails when it is not
    /// running.
    pub fn kill(&self) -> Result<()> {
        self.instance.kill()
    }

    /// Starts a stopped or killed server on the same socket and port. Fails when it is running, or when
    /// somebody has taken its port meanwhile.
    pub fn start_again(&self) -> Result<()> {
        self.instance.start()
    }

    /// Stops the server fast and starts it again.
    pub fn restart(&self) -> Result<()> {
        self.stop_fast()?;
        self.start_again()
    }
}

/// A directory of a random name that the server's user owns, with the directories of its socket and log.
fn private_temp_dir(parent: &Path, user: &OsUser) -> Result<TempDir> {
    let parent = parent.canonicalize().map_err(LocalPostgresError::io("find", parent))?;
    check_path(&parent)?;
    let directory = Builder::new()
        .prefix("authority-pg-")
        .tempdir_in(&parent)
        .map_err(LocalPostgresError::io("create a directory in", &parent))?;
    for name in ["run", "log"] {
        make_dir(&directory.path().join(name), 0o700)?;
        user.own(&directory.path().join(name))?;
    }
    user.own(directory.path())?;
    Ok(directory)
}
