//! The kept server of a workspace.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::instance::{Instance, StopMode};
use crate::os_user::OsUser;
use crate::programs::{Engine, Version};
use crate::settings::Settings;
use crate::socket_dir;
use crate::state_dir::StateDir;
use crate::watch;

/// What takes time, told before it begins.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Another process is making, starting or stopping the server.
    Waiting {
        /// Its process id, where it is known.
        holder: Option<u32>,
    },
    /// An embedded PostgreSQL is fetched and built; half a minute or so, once.
    Embedding {
        /// Where it will be.
        directory: PathBuf,
    },
    /// The data directory is made; a few seconds, once.
    Creating {
        /// The version of the server.
        version: Version,
        /// Where its state will be.
        state_dir: PathBuf,
    },
    /// The server is started.
    Starting {
        /// The version of the server.
        version: Version,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { holder } => {
                f.write_str("waiting for another command that works on the private server")?;
                holder.map_or(Ok(()), |pid| write!(f, ": process {pid}"))
            }
            Self::Embedding { directory } => write!(
                f,
                "bringing an embedded PostgreSQL with cargo, once, into {}: 12 MB to fetch, half a minute to build",
                directory.display()
            ),
            Self::Creating { version, state_dir } => {
                write!(f, "making a private PostgreSQL {version} server in {}", state_dir.display())
            }
            Self::Starting { version } => write!(f, "starting the private PostgreSQL {version} server"),
        }
    }
}

/// How the server of a workspace is doing.
#[derive(Debug, Clone)]
pub enum Status {
    /// It accepts connections.
    Running(Server),
    /// Its data is there, and it does not accept connections.
    Stopped,
    /// There has never been one.
    NotCreated,
}

/// The running private server of a workspace. It outlives this value and the process that started it; an embedded one
/// ends a minute after its last user, who is whoever is connected to it or was given it last.
#[derive(Debug, Clone)]
pub struct Server {
    endpoint: Endpoint,
    state_dir: PathBuf,
    log: PathBuf,
}

impl Server {
    /// The server, made and started if it was not. However many processes call this at once, one server
    /// runs in the end, and all of them get it.
    ///
    /// Fails when the state directory is not safe to use, when another process works on the server for minutes, and when
    /// the server cannot be made or started.
    pub fn ensure_started(config: &Config, mut progress: impl FnMut(Progress)) -> Result<Self> {
        let user = OsUser::for_server()?;
        let state = StateDir::prepare(config, &user)?;
        let _lock = state.lock(|holder| progress(Progress::Waiting { holder }))?;
        let version = config.programs.version().clone();
        if !state.has_cluster() {
            progress(Progress::Creating { version: version.clone(), state_dir: state.path().to_owned() });
            state.make_cluster(config)?;
        }
        state.require_readable(&config.programs)?;
        let instance = state.instance(config)?;
        let (socket_dir, port) = if let Some(postmaster) = instance.settled()? {
            (postmaster.socket_dir, postmaster.port)
        } else {
            progress(Progress::Starting { version });
            let socket_dir = socket_dir::prepare(state.path(), config.runtime_dir.as_deref(), &user)?;
            let settings = Settings::kept(config.programs.engine());
            let port = instance.start_on_a_free_port(state.last_port()?, &socket_dir, &settings)?;
            state.record_port(port)?;
            (socket_dir, port)
        };
        if config.programs.engine() == Engine::Embedded {
            watch::begin(&instance, state.path(), config.idle_time)?;
        }
        Self::attach(&state, &instance, socket_dir, port)
    }

    /// Lets the server stay until it is stopped, where it would end with its last user otherwise.
    ///
    /// Fails when the state directory cannot be written.
    pub fn let_stay(&self) -> Result<()> {
        watch::let_stay(&self.state_dir)
    }

    /// Looks at the server without changing anything.
    ///
    /// Fails when the state directory is not safe to use or cannot be read.
    pub fn status(config: &Config) -> Result<Status> {
        let Some(state) = StateDir::existing(config, &OsUser::for_server()?)? else {
            return Ok(Status::NotCreated);
        };
        if !state.has_cluster() {
            return Ok(Status::NotCreated);
        }
        let instance = state.instance(config)?;
        Ok(match instance.answering()? {
            Some(found) => Status::Running(Self::attach(&state, &instance, found.socket_dir, found.port)?),
            None => Status::Stopped,
        })
    }

    /// Stops the server: closes its sessions, rolls back what they had open, and waits for its end. The data
    /// stays. Tells whether there was a server to stop.
    ///
    /// Fails when it does not stop in time, and when another process works on it for minutes.
    pub fn stop(config: &Config, mut progress: impl FnMut(Progress)) -> Result<bool> {
        let Some(state) = StateDir::existing(config, &OsUser::for_server()?)? else { return Ok(false) };
        let _lock = state.lock(|holder| progress(Progress::Waiting { holder }))?;
        if !state.has_cluster() {
            return Ok(false);
        }
        let instance = state.instance(config)?;
        let running = instance.settled()?.is_some();
        if running {
            instance.stop(StopMode::Fast)?;
        }
        watch::end(state.path())?;
        socket_dir::tidy(state.path())?;
        Ok(running)
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The address of the database for its owner, through the socket, as in [`Endpoint::url`].
    #[must_use]
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// The directory of everything that the server keeps.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The server's log.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    fn attach(state: &StateDir, instance: &Instance, socket_dir: PathBuf, port: u16) -> Result<Self> {
        Ok(Self {
            endpoint: Endpoint::new(socket_dir, port, state.password()?),
            state_dir: state.path().to_owned(),
            log: instance.log.clone(),
        })
    }
}
