//! Stops a server when its last user has gone.
//!
//! The commands and the watch agree through files in the state directory: `used` is touched by every command that is
//! given the server, `stay` is there while somebody wants it to stay, `lock` is held by whoever starts or
//! stops it. So no command is given a server that is about to be stopped.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::arguments::Arguments;
use crate::postmaster::Postmaster;
use crate::sessions;

/// How often to see whether the server is still there, which costs nothing; it is asked less often.
const GLANCE: Duration = Duration::from_millis(200);

/// Watches over the server of `-D` until it is gone, or nobody has been using it for `-t`: then it is stopped.
///
/// Does nothing when somebody watches over it already. Fails when the state directory `-S` cannot be used.
pub(crate) fn watch(arguments: &Arguments) -> Result<(), String> {
    let (data_dir, state_dir, patience) = (arguments.data_dir()?, arguments.state_dir()?, arguments.time());
    let watching = open(&state_dir.join("watch"))?;
    match watching.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(format!("cannot watch: {error}")),
    }
    let pause = (patience / 4).min(Duration::from_secs(5));
    let mut last_session = Instant::now();
    let mut last_asked = Instant::now();
    loop {
        sleep(GLANCE);
        let Some(server) = Postmaster::read(data_dir).filter(Postmaster::is_there) else { return Ok(()) };
        if last_asked.elapsed() < pause {
            continue;
        }
        last_asked = Instant::now();
        if is_busy(&server) {
            last_session = Instant::now();
        }
        if last_session.elapsed() < patience || is_wanted(state_dir, patience) {
            continue;
        }
        let mut lock = open(&state_dir.join("lock"))?;
        // Who has it starts or stops the server, and the latter waits for the end of this.
        if lock.try_lock().is_err() {
            continue;
        }
        // For whoever waits. It is of no other use.
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        // Somebody may have come since.
        if !is_wanted(state_dir, patience) && !is_busy(&server) {
            server.signal(Signal::SIGINT)?;
            while server.is_there() && Postmaster::read(data_dir).is_some_and(|found| found.pid == server.pid)
            {
                sleep(Duration::from_millis(20));
            }
            return Ok(());
        }
    }
}

/// A server that does not answer is not known to be unused.
fn is_busy(server: &Postmaster) -> bool {
    sessions::tend(&server.socket).map_or(true, |sessions| sessions > 0)
}

fn is_wanted(state_dir: &Path, patience: Duration) -> bool {
    let used = state_dir.join("used").metadata().and_then(|metadata| metadata.modified());
    let lately = used.is_ok_and(|used| used.elapsed().map_or(true, |age| age < patience));
    lately || state_dir.join("stay").exists()
}

fn open(path: &Path) -> Result<File, String> {
    let options = OpenOptions::new().write(true).create(true).truncate(false).clone();
    options.open(path).map_err(|error| format!("cannot open {}: {error}", path.display()))
}
