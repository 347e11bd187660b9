//! Unpacks PostgreSQL.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ruzstd::decoding::StreamingDecoder;

use crate::unused::{MARK, MARKED, remove_unused};

/// `bin`, `lib` and `share` of PostgreSQL, as the crate for this platform holds them.
const ARCHIVE: &[u8] = include_bytes!(env!("POSTGRESQL_ARCHIVE"));

/// Unpacks PostgreSQL into a directory, which appears whole or not at all; does nothing where it is already. Then removes
/// the installations beside it that nobody uses any more.
///
/// Fails when the directory cannot be written, and when what was unpacked does not run on this machine.
pub(crate) fn install(directory: &OsStr) -> Result<(), String> {
    let directory = Path::new(directory);
    let unfinished = directory.with_added_extension(format!("new-{}", std::process::id()));
    // Of an earlier process with this number, which was killed.
    let _ = fs::remove_dir_all(&unfinished);
    let installed = unpack(&unfinished).and_then(|()| move_to(&unfinished, directory));
    if installed.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    } else {
        remove_unused(directory);
    }
    installed
}

fn unpack(directory: &Path) -> Result<(), String> {
    let cannot =
        |error: std::io::Error| format!("cannot unpack PostgreSQL into {}: {error}", directory.display());
    fs::create_dir_all(directory).map_err(cannot)?;
    let decoder = StreamingDecoder::new(ARCHIVE)
        .map_err(|error| format!("the archive of PostgreSQL is damaged: {error}"))?;
    let mut archive = tar::Archive::new(decoder);
    // What is half unpacked is as old as it looks.
    archive.set_preserve_mtime(false);
    archive.unpack(directory).map_err(cannot)?;
    let this = std::env::current_exe().map_err(cannot)?;
    fs::copy(this, directory.join("bin/pg_ctl")).map_err(cannot)?;
    fs::write(directory.join(MARK), MARKED).map_err(cannot)?;
    open_for_everybody(directory).map_err(cannot)?;
    require_runs(&directory.join("bin/postgres"))
}

/// Root unpacks what another user runs, whatever the umask is.
fn open_for_everybody(path: &Path) -> std::io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let executable = metadata.is_dir() || path.parent().is_some_and(|parent| parent.ends_with("bin"));
    fs::set_permissions(path, Permissions::from_mode(if executable { 0o755 } else { 0o644 }))?;
    if metadata.is_dir() {
        for entry in path.read_dir()? {
            open_for_everybody(&entry?.path())?;
        }
    }
    Ok(())
}

fn require_runs(program: &Path) -> Result<(), String> {
    let output = Command::new(program).arg("--version").output();
    let said = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    Err(format!("the embedded PostgreSQL does not run on this machine: {said}"))
}

/// Another process may have been faster.
fn move_to(unfinished: &PathBuf, directory: &Path) -> Result<(), String> {
    match fs::rename(unfinished, directory) {
        Ok(()) => Ok(()),
        Err(_) if directory.join(MARK).is_file() => {
            let _ = fs::remove_dir_all(unfinished);
            Ok(())
        }
        Err(error) => Err(format!("cannot make {}: {error}", directory.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_is_unpacked_whole_and_a_second_time_is_no_error() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("postgresql");
        install(directory.as_os_str()).unwrap();
        install(directory.as_os_str()).unwrap();
        for program in ["postgres", "initdb", "pg_ctl"] {
            let mode = directory.join("bin").join(program).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755, "{program}");
        }
        let left: Vec<_> = place.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["postgresql"]);
    }

    #[test]
    fn where_nothing_can_be_written_it_fails_and_says_where() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        let error = install(file.join("postgresql").as_os_str()).unwrap_err();
        assert!(
            error.contains("cannot unpack PostgreSQL into") && error.contains("file/postgresql"),
            "{error}"
        );
    }
}
