//! Removes installations that nobody uses any more.
//!
//! Another state of this package makes an installation of its own, and the older ones stay beside it, for other source
//! trees and for servers that run with them. A mark in each tells of its use: its time is that of the last command that was
//! given the programs, and a server holds a lock on it as long as it runs. The servers' data are elsewhere.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

/// The name of the mark.
pub(crate) const MARK: &str = "embedded";

/// What stands in the mark, which tells an installation of this program from any other.
pub(crate) const MARKED: &str = concat!(env!("CARGO_PKG_NAME"), "\n");

/// How long ago the last use of an installation has to be. Whoever goes back and forth between two states of the source
/// tree shall not wait each time.
const LONG: Duration = Duration::from_hours(7 * 24);

/// Removes, beside an installation, the others that nobody has used for a week, and what was left half unpacked.
///
/// What cannot be removed stays, because nobody is waiting for that.
pub(crate) fn remove_unused(current: &Path) {
    let beside = current.parent().and_then(|place| place.read_dir().ok());
    for path in beside.into_iter().flatten().flatten().map(|entry| entry.path()) {
        let is_directory = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if path == current || !is_directory {
            continue;
        }
        if is_unfinished(&path) {
            if is_old(&path) {
                let _ = fs::remove_dir_all(&path);
            }
        } else if fs::read_to_string(path.join(MARK)).is_ok_and(|mark| mark == MARKED) {
            remove_if_unused(&path);
        }
    }
}

fn remove_if_unused(installation: &Path) {
    let mark = installation.join(MARK);
    let Ok(lock) = File::open(&mark) else { return };
    if !is_old(&mark) || lock.try_lock().is_err() {
        return;
    }
    // Nobody shall find a half of it.
    let removed = installation.with_added_extension(format!("old-{}", std::process::id()));
    if fs::rename(installation, &removed).is_ok() && fs::remove_dir_all(&removed).is_ok() {
        eprintln!("removed {}, which nobody has used for a week", installation.display());
    }
}

/// Whether the name is one that an installation has before it is whole, or when it is being removed.
fn is_unfinished(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let number = extension.strip_prefix("new-").or_else(|| extension.strip_prefix("old-"));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// A time in the future is not long ago.
fn is_old(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LONG))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::SystemTime;

    use super::*;

    fn make_old(path: &Path) {
        let long_ago = SystemTime::now() - LONG - Duration::from_mins(1);
        File::open(path).unwrap().set_modified(long_ago).unwrap();
    }

    /// A directory with a program and a mark, both used long ago.
    fn installation(place: &Path, name: &str, mark: &str) -> PathBuf {
        let directory = place.join(name);
        fs::create_dir_all(directory.join("bin")).unwrap();
        fs::write(directory.join(MARK), mark).unwrap();
        make_old(&directory.join(MARK));
        make_old(&directory);
        directory
    }

    fn left(place: &Path) -> Vec<String> {
        let names = place.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_nobody_has_used_for_a_week_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let current = installation(place.path(), "current", MARKED);
        installation(place.path(), "older", MARKED);
        installation(place.path(), "current.new-77", MARKED);
        installation(place.path(), "oldest.old-77", MARKED);
        remove_unused(&current);
        assert_eq!(left(place.path()), ["current"]);
    }

    #[test]
    fn what_is_used_or_is_no_installation_stays() {
        let place = tempfile::tempdir().unwrap();
        let current = installation(place.path(), "current", MARKED);
        let lately = installation(place.path(), "lately", MARKED);
        File::open(lately.join(MARK)).unwrap().set_modified(SystemTime::now()).unwrap();
        let running = File::open(installation(place.path(), "running", MARKED).join(MARK)).unwrap();
        running.lock_shared().unwrap();
        fs::create_dir(place.path().join("current.new-77")).unwrap();
        installation(place.path(), "of-somebody-else", "something\n");
        installation(place.path(), "data.new-year", "");
        let before = left(place.path());
        remove_unused(&current);
        assert_eq!(left(place.path()), before);
    }
}
