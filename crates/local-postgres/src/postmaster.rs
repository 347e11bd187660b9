//! What `postmaster.pid` tells about a server process.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::error::{LocalPostgresError, Result};
use crate::files::read_file;

/// How long a server may take to answer: a busy machine must not make a running server look dead.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// The process that the lock file of a data directory names.
#[derive(Debug)]
pub(crate) struct Postmaster {
    pub(crate) pid: Pid,
    pub(crate) port: u16,
    pub(crate) socket_dir: PathBuf,
    /// Whether it says that it accepts connections.
    pub(crate) ready: bool,
    data_dir: PathBuf,
}

impl Postmaster {
    fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{}", self.port))
    }

    fn file(data_dir: &Path) -> PathBuf {
        data_dir.join("postmaster.pid")
    }

    /// Reads the lock file. `None` when there is none; that there is one does not say that the process lives.
    pub(crate) fn read(data_dir: &Path) -> Result<Option<Self>> {
        Ok(read_file(&Self::file(data_dir))?.and_then(|contents| Self::parse(&contents, data_dir)))
    }

    /// A server that has only begun to start has not written all lines yet.
    fn parse(contents: &str, data_dir: &Path) -> Option<Self> {
        let line = |number: usize| contents.lines().nth(number - 1).unwrap_or_default().trim();
        Some(Self {
            pid: pid_in(contents)?,
            port: line(4).parse().unwrap_or(0),
            socket_dir: PathBuf::from(line(5)),
            ready: line(8) == "ready",
            data_dir: data_dir.to_owned(),
        })
    }

    /// Asks the server on its socket whether it offers TLS: any answer shows that it is there. The directory of
    /// the socket is private: so it is this server, even where the process id means nothing, as in another
    /// container.
    pub(crate) fn answer(&self) -> io::Result<()> {
        /// The whole `SSLRequest` message of PostgreSQL's protocol.
        const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(ANSWER_PATIENCE))?;
        stream.write_all(&TLS_REQUEST)?;
        stream.read_exact(&mut [0])
    }

    /// Removes the lock files of the data directory and of the socket, which name a process that is not the
    /// server.
    pub(crate) fn remove_lock_files(&self) -> Result<()> {
        let socket_lock = self.socket().with_added_extension("lock");
        if read_file(&socket_lock)?.is_some_and(|contents| pid_in(&contents) == Some(self.pid)) {
            fs::remove_file(&socket_lock).map_err(LocalPostgresError::io("remove", &socket_lock))?;
        }
        let file = Self::file(&self.data_dir);
        fs::remove_file(&file).map_err(LocalPostgresError::io("remove", &file))
    }

    /// Whether the process is there and is the server of the data directory: after a crash, another
    /// process may have its number, and one that nobody reaped is there without running.
    pub(crate) fn is_alive(&self) -> bool {
        if kill(self.pid, None) == Err(Errno::ESRCH) {
            return false;
        }
        let proc = PathBuf::from(format!("/proc/{}", self.pid));
        match fs::read(proc.join("cmdline")) {
            Ok(arguments) if arguments.is_empty() => is_exiting(&proc),
            Ok(arguments) => arguments
                .split(|byte| *byte == 0)
                .any(|argument| argument == self.data_dir.as_os_str().as_encoded_bytes()),
            // No such system has a /proc that says nothing about itself; elsewhere the number has to do.
            Err(_) => !Path::new("/proc/self/cmdline").exists(),
        }
    }
}

/// Whether a process that has lost its command line still holds its files, the port among them: it has not
/// become a zombie yet. A thread of the kernel has no command line either, and is not exiting.
fn is_exiting(proc: &Path) -> bool {
    /// `PF_EXITING` of Linux.
    const EXITING: u64 = 4;
    let stat = fs::read_to_string(proc.join("stat")).unwrap_or_default();
    // The name, in brackets, may hold anything; then come the state and, as the seventh, the flags.
    let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let (state, flags) = (fields.next(), fields.nth(5).and_then(|flags| flags.parse::<u64>().ok()));
    state.is_some_and(|state| state != "Z" && state != "X") && flags.is_some_and(|flags| flags & EXITING != 0)
}

/// The process id in the first line of a lock file.
fn pid_in(contents: &str) -> Option<Pid> {
    let pid = contents.lines().next()?.trim().parse().ok()?;
    Some(Pid::from_raw(pid)).filter(|pid| pid.as_raw() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "77\n/data\n1700000000\n5433\n/run/pg\n127.0.0.1\n  5433001 3\nready   \n";

    #[test]
    fn a_whole_lock_file_tells_where_the_server_listens() {
        let postmaster = Postmaster::parse(WHOLE, Path::new("/data")).unwrap();
        assert_eq!((postmaster.pid.as_raw(), postmaster.port, postmaster.ready), (77, 5433, true));
        assert_eq!(postmaster.socket_dir, Path::new("/run/pg"));
    }

    #[test]
    fn a_server_that_has_only_begun_to_start_is_not_ready() {
        let postmaster = Postmaster::parse("77\n/data\n1700000000\n5433\n", Path::new("/data")).unwrap();
        assert!(!postmaster.ready && postmaster.answer().is_err());
        assert!(Postmaster::parse("", Path::new("/data")).is_none());
        assert!(Postmaster::parse("-1\n", Path::new("/data")).is_none());
    }

    #[test]
    fn another_process_with_the_number_of_a_crashed_server_is_not_that_server() {
        let file = WHOLE.replacen("77", &std::process::id().to_string(), 1);
        let postmaster = Postmaster::parse(&file, Path::new("/data")).unwrap();
        assert_eq!(postmaster.is_alive(), !Path::new("/proc/self/cmdline").exists());
    }
}
