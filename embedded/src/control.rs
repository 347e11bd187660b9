//! Starts and stops a server.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::arguments::Arguments;
use crate::postmaster::Postmaster;
use crate::unused::MARK;

/// How often to look.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts the server of `-D`, its output going to `-l`, and returns when it accepts connections, or is a standby that does not.
///
/// Fails when it ends before that, or takes longer than `-t`.
pub(crate) fn start(arguments: &Arguments) -> Result<(), String> {
    let (data_dir, log) = (arguments.data_dir()?, arguments.log()?);
    let postgres = std::env::current_exe()
        .map_err(|error| format!("cannot tell where this program is: {error}"))?
        .with_file_name("postgres");
    let cannot = |error: std::io::Error| format!("cannot write {}: {error}", log.display());
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(log).map_err(cannot)?;
    let mut child = Command::new(&postgres)
        .arg("-D")
        .arg(data_dir)
        .stdin(in_use(&postgres))
        .stdout(log.try_clone().map_err(cannot)?)
        .stderr(log)
        // A Ctrl-C in this terminal must not reach it.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", postgres.display()))?;
    let deadline = Instant::now() + arguments.time();
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("the server did not start: {status}"));
        }
        let is_child = |found: &Postmaster| u32::try_from(found.pid.as_raw()) == Ok(child.id());
        if Postmaster::read(data_dir).is_some_and(|found| is_child(&found) && found.started) {
            return Ok(());
        }
        sleep(PAUSE);
    }
    Err("the server did not start in time".to_owned())
}

/// What the server holds open as its standard input, which it never reads: the mark of its installation, with the lock that
/// keeps the installation from being removed. The lock ends with the server's last process, however that ends.
fn in_use(postgres: &Path) -> Stdio {
    let installation = postgres.ancestors().nth(2).unwrap_or(postgres);
    match File::open(installation.join(MARK)) {
        // Where the file system knows no locks, nothing is removed either.
        Ok(mark) => {
            let _ = mark.lock_shared();
            mark.into()
        }
        Err(_) => Stdio::null(),
    }
}

/// Stops the server of `-D` in the way of `-m`, and returns when it is gone.
///
/// Fails when it is not running, or takes longer than `-t`.
pub(crate) fn stop(arguments: &Arguments) -> Result<(), String> {
    let signal = match arguments.mode() {
        "fast" => Signal::SIGINT,
        "immediate" => Signal::SIGQUIT,
        other => return Err(format!("unknown mode {other}: fast or immediate")),
    };
    let data_dir = arguments.data_dir()?;
    let server = Postmaster::read(data_dir).filter(Postmaster::is_there);
    let server = server.ok_or_else(|| format!("no server is running in {}", data_dir.display()))?;
    server.signal(signal)?;
    let deadline = Instant::now() + arguments.time();
    // A server that nobody reaps keeps its number; its lock file goes in any case, or is the next server's.
    while server.is_there() && Postmaster::read(data_dir).is_some_and(|found| found.pid == server.pid) {
        if Instant::now() > deadline {
            return Err("the server did not stop in time".to_owned());
        }
        sleep(PAUSE);
    }
    Ok(())
}
