//! Starts and stops the server of one data directory.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use crate::error::{LocalPostgresError, Result};
use crate::files::{size, tail};
use crate::os_user::{OsUser, printed};
use crate::postmaster::Postmaster;
use crate::programs::Programs;
use crate::settings::Settings;

/// How long a server may take to start (it may have to recover first) or to stop.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long the processes of a killed server may take to end.
const ORPHANS_PATIENCE: Duration = Duration::from_secs(15);
/// How long the socket of a server that says it is ready may be missing.
const SOCKET_PATIENCE: Duration = Duration::from_secs(5);
/// How much of the log an error quotes.
const TAIL_LINES: usize = 15;
/// From here on, a log is put aside at the next start, in bytes.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// How a server ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StopMode {
    /// Open transactions are rolled back and sessions are closed.
    Fast,
    /// Like a crash: the next start recovers.
    Immediate,
}

/// A data directory and what runs it.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) programs: Programs,
    pub(crate) user: OsUser,
    pub(crate) data_dir: PathBuf,
    pub(crate) log: PathBuf,
}

impl Instance {
    /// Starts the server on `preferred` when that port is free, and otherwise on another one, which it returns.
    pub(crate) fn start_on_a_free_port(
        &self,
        preferred: Option<u16>,
        socket_dir: &Path,
        settings: &Settings,
    ) -> Result<u16> {
        /// Between choosing a port and listening on it, somebody else may take it; hardly twice.
        const ATTEMPTS: u32 = 5;
        let mut port = match preferred.filter(|port| listen_on(*port).is_ok()) {
            Some(port) => port,
            None => free_port()?,
        };
        for attempt in 1.. {
            settings.write(&self.data_dir, socket_dir, port, &self.user)?;
            match self.start() {
                Ok(()) => break,
                Err(LocalPostgresError::StartFailed { tail, .. })
                    if attempt < ATTEMPTS && tail.contains("could not bind") =>
                {
                    port = free_port()?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(port)
    }

    /// Starts the server with the settings that stand in its data directory, and waits until it is ready.
    pub(crate) fn start(&self) -> Result<()> {
        if size(&self.log) > LOG_LIMIT {
            fs::rename(&self.log, self.log.with_extension("log.old"))
                .map_err(LocalPostgresError::io("rename", &self.log))?;
        }
        let deadline = Instant::now() + ORPHANS_PATIENCE;
        loop {
            self.remove_stale_lock_file()?;
            let before = size(&self.log);
            // pg_ctl gives the server a session of its own: a Ctrl-C in this terminal does not reach it.
            let output = self.run(self.pg_ctl("start").arg("-l").arg(&self.log))?;
            if output.status.success() {
                return Ok(());
            }
            let tail = tail(&self.log, before, TAIL_LINES);
            let orphans = tail.contains("pre-existing shared memory block")
                || tail.contains("postmaster.pid") && !self.is_alive()?;
            if orphans && Instant::now() < deadline {
                sleep(Duration::from_millis(100));
                continue;
            }
            let tail = if tail.is_empty() { printed(&output) } else { tail };
            return Err(LocalPostgresError::StartFailed { log: self.log.clone(), tail });
        }
    }

    /// Stops the server and waits for its end. Fails when it is not running or does not stop in time.
    pub(crate) fn stop(&self, mode: StopMode) -> Result<()> {
        let mode = match mode {
            StopMode::Fast => "fast",
            StopMode::Immediate => "immediate",
        };
        let output = self.run(self.pg_ctl("stop").args(["-m", mode]))?;
        if output.status.success() {
            return Ok(());
        }
        Err(LocalPostgresError::StopFailed { output: printed(&output) })
    }

    /// Kills the server's first process as a crash would, and waits until it is gone.
    pub(crate) fn kill(&self) -> Result<()> {
        let postmaster = Postmaster::read(&self.data_dir)?.ok_or(LocalPostgresError::NotRunning)?;
        kill(postmaster.pid, Signal::SIGKILL).map_err(|_| LocalPostgresError::NotRunning)?;
        let deadline = Instant::now() + PATIENCE;
        while postmaster.is_alive() {
            if Instant::now() > deadline {
                return Err(LocalPostgresError::Unresponsive { pid: postmaster.pid.as_raw() });
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The server if it accepts connections now.
    pub(crate) fn answering(&self) -> Result<Option<Postmaster>> {
        Ok(Postmaster::read(&self.data_dir)?
            .filter(|postmaster| postmaster.ready && postmaster.answer().is_ok()))
    }

    /// The running server, or `None`. Waits for one that is starting or stopping to have done so; one that
    /// lost its socket, as to a cleaner of temporary files, cannot be reached any more and is stopped.
    ///
    /// Fails when the process lives and does not become ready.
    pub(crate) fn settled(&self) -> Result<Option<Postmaster>> {
        let begin = Instant::now();
        loop {
            let Some(postmaster) = Postmaster::read(&self.data_dir)? else { return Ok(None) };
            let answer = postmaster.answer();
            if postmaster.ready && answer.is_ok() {
                return Ok(Some(postmaster));
            } else if answer.is_err() && !postmaster.is_alive() {
                return Ok(None);
            } else if postmaster.ready
                && answer.is_err_and(|error| error.kind() == ErrorKind::NotFound)
                && begin.elapsed() > SOCKET_PATIENCE
            {
                self.stop(StopMode::Fast)?;
                return Ok(None);
            } else if begin.elapsed() > PATIENCE {
                return Err(LocalPostgresError::Unresponsive { pid: postmaster.pid.as_raw() });
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Whether the process that the lock file names is this server. One that was just killed may still have
    /// looked alive when its lock file was last judged.
    fn is_alive(&self) -> Result<bool> {
        Ok(Postmaster::read(&self.data_dir)?.is_some_and(|postmaster| postmaster.is_alive()))
    }

    /// PostgreSQL itself takes a lock file for alive when any process of its user has that number, and when
    /// the dead server was not reaped, both of which are common in containers.
    fn remove_stale_lock_file(&self) -> Result<()> {
        match Postmaster::read(&self.data_dir)? {
            Some(postmaster) if !postmaster.is_alive() && postmaster.answer().is_err() => {
                postmaster.remove_lock_files()
            }
            _ => Ok(()),
        }
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.user.command(self.programs.pg_ctl());
        // The names of files in settings are relative to where the server was started.
        command.current_dir(&self.data_dir);
        command.args([action, "-w", "-s", "-t", &PATIENCE.as_secs().to_string(), "-D"]).arg(&self.data_dir);
        command
    }

    fn run(&self, command: &mut Command) -> Result<Output> {
        command.output().map_err(LocalPostgresError::io("run", &self.programs.pg_ctl()))
    }
}

/// Refuses paths with characters that `pg_ctl` would hand to a shell or that would break `postmaster.pid`.
pub(crate) fn check_path(path: &Path) -> Result<()> {
    let usable = path.is_absolute()
        && path.to_str().is_some_and(|path| !path.contains(|c: char| "\"$`\\".contains(c) || c.is_control()));
    if usable { Ok(()) } else { Err(LocalPostgresError::UnusablePath { path: path.to_owned() }) }
}

fn listen_on(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

fn free_port() -> Result<u16> {
    listen_on(0)
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(LocalPostgresError::io("find a free port on", Path::new("127.0.0.1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_a_shell_would_expand_are_refused() {
        for path in ["/a/$(reboot)", "/a/\"b", "/a/`b`", "/a\\b", "/a\nb", "relative"] {
            assert!(check_path(Path::new(path)).is_err(), "{path}");
        }
        assert!(check_path(Path::new("/home/ada's own, really/état")).is_ok());
    }
}
