//! The private directory of a server's socket.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::error::Result;
use crate::files::{ensure_private_dir, random_hex, read_file, replace_file};
use crate::os_user::OsUser;

/// The longest path of a socket, in bytes, that the address structure of the system has room for.
const LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// The longest name of a socket.
const NAME: &str = "/.s.PGSQL.65535";

/// A directory for the server's socket: `run` in the state directory, or when its path is too long, one of a
/// random name in `runtime_dir` or `/tmp`. The name is recorded in the state directory; it is used again
/// unless somebody else has taken it meanwhile.
pub(crate) fn prepare(state_dir: &Path, runtime_dir: Option<&Path>, user: &OsUser) -> Result<PathBuf> {
    let own = state_dir.join("run");
    if fits(&own) {
        return ensure_private_dir(&own, user).map(|()| own);
    }
    let record = record(state_dir);
    if let Some(recorded) = read_file(&record)?.map(|line| PathBuf::from(line.trim_end()))
        && recorded.is_absolute()
        && ensure_private_dir(&recorded, user).is_ok()
    {
        return Ok(recorded);
    }
    let short = short_parent(runtime_dir).join(format!("authority-{}", random_hex(8)?));
    replace_file(&record, format!("{}\n", short.display()).as_bytes(), None)?;
    ensure_private_dir(&short, user)?;
    Ok(short)
}

/// Removes the directory of a stopped server when it lies outside the state directory.
pub(crate) fn tidy(state_dir: &Path) -> Result<()> {
    if let Some(recorded) = read_file(&record(state_dir))? {
        // What is gone already, is somebody else's or has something in it is not ours to remove.
        let _ = fs::remove_dir(recorded.trim_end());
    }
    Ok(())
}

fn fits(directory: &Path) -> bool {
    directory.as_os_str().as_bytes().len() + NAME.len() <= LIMIT
}

fn short_parent(runtime_dir: Option<&Path>) -> &Path {
    // The runtime directory of root, or of the user behind a sudo, is closed to the server's user.
    runtime_dir
        .filter(|dir| !geteuid().is_root() && dir.is_absolute() && dir.is_dir())
        .filter(|dir| fits(&dir.join("authority-0123456789abcdef")))
        .unwrap_or(Path::new("/tmp"))
}

fn record(state_dir: &Path) -> PathBuf {
    state_dir.join("socket-dir")
}
