//! The lock of a state directory, which tells who holds it.
//!
//! The kernel releases it with the process, however that ends. Who has it writes its process id into the file; the watch of
//! an embedded server does so too.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{LocalPostgresError, Result};
use crate::files::read_file;

/// How long others may work on a server: more than making, starting and stopping it take together.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);
/// How often to try.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits for the lock and holds it until the file is dropped. `waiting` is called when another process has it, with that
/// process's id where it is known.
///
/// Fails when it is still held after `patience`.
pub(crate) fn lock(path: &Path, patience: Duration, waiting: impl FnOnce(Option<u32>)) -> Result<File> {
    let error = || LocalPostgresError::io("lock", path);
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).clone();
    let mut file = options.open(path).map_err(error())?;
    let begin = Instant::now();
    let mut waiting = Some(waiting);
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(error()(source)),
        }
        if let Some(waiting) = waiting.take() {
            waiting(holder(path));
        }
        if begin.elapsed() > patience {
            return Err(LocalPostgresError::Busy { holder: holder(path), patience });
        }
        sleep(PAUSE);
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(error())?;
    Ok(file)
}

fn holder(path: &Path) -> Option<u32> {
    read_file(path).ok()??.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_who_holds_the_lock_and_waits_no_longer_than_it_has_patience() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lock");
        let held = lock(&path, PATIENCE, |_| panic!("nobody has it")).unwrap();
        let me = Some(std::process::id());
        let mut told = None;
        let error = lock(&path, Duration::ZERO, |holder| told = Some(holder)).unwrap_err();
        assert_eq!(told, Some(me));
        assert!(matches!(error, LocalPostgresError::Busy { holder, .. } if holder == me), "{error:?}");
        let me = std::process::id();
        assert!(error.to_string().contains(&format!("process {me}")), "{error}");
        assert!(
            error.fix().is_some_and(|fix| fix.contains(&format!("kill -KILL {me}"))),
            "{:?}",
            error.fix()
        );
        drop(held);
        // Another test's child may hold it for the moment between its fork and its program.
        lock(&path, PATIENCE, |_| {}).unwrap();
    }
}
