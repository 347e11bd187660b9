//! What `postmaster.pid` tells about a server.

use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The server that the lock file of a data directory names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Postmaster {
    pub(crate) pid: Pid,
    /// Its socket; meaningless before it has started.
    pub(crate) socket: PathBuf,
    /// Whether it says that it accepts connections, or will when it is no standby any more.
    pub(crate) started: bool,
}

impl Postmaster {
    /// `None` when there is no lock file, or not yet a whole one.
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(data_dir.join("postmaster.pid")).ok()?)
    }

    fn parse(contents: &str) -> Option<Self> {
        let line = |number: usize| contents.lines().nth(number - 1).unwrap_or_default().trim();
        let pid = line(1).parse().ok().filter(|pid| *pid > 0)?;
        Some(Self {
            pid: Pid::from_raw(pid),
            socket: Path::new(line(5)).join(format!(".s.PGSQL.{}", line(4))),
            started: ["ready", "standby"].contains(&line(8)),
        })
    }

    /// Whether there is a process of its number.
    pub(crate) fn is_there(&self) -> bool {
        kill(self.pid, None) != Err(nix::errno::Errno::ESRCH)
    }

    /// Sends a signal. Fails when there is no such process, or it is somebody else's.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), String> {
        kill(self.pid, signal).map_err(|error| format!("cannot signal process {}: {error}", self.pid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_lock_file_tells_where_the_server_listens() {
        let whole = "77\n/data\n1700000000\n5433\n/run/pg\n127.0.0.1\n  5433001 3\nready   \n";
        let found = Postmaster::parse(whole).unwrap();
        assert_eq!((found.pid.as_raw(), found.started), (77, true));
        assert_eq!(found.socket, Path::new("/run/pg/.s.PGSQL.5433"));
        assert!(!Postmaster::parse("77\n/data\n").unwrap().started);
        assert!(Postmaster::parse(&whole.replace("ready", "standby")).unwrap().started);
        assert_eq!(Postmaster::parse("-1\n"), None);
        assert_eq!(Postmaster::parse(""), None);
    }
}
