//! Files and directories, written and read so that no other user can redirect it.
//!
//! Root writes into directories that the server's user owns, and that user may be shared with other servers
//! of the machine: so nothing here follows a symbolic link in the last component of a path.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::{LocalPostgresError, Result};
use crate::os_user::{OsUser, name_of};

/// Makes a directory that must not exist yet, whatever the umask.
pub(crate) fn make_dir(path: &Path, mode: u32) -> Result<()> {
    DirBuilder::new().mode(mode).create(path).map_err(LocalPostgresError::io("create", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(LocalPostgresError::io("set the permissions of", path))
}

/// Makes a directory for the server's user, or verifies that the existing one is that user's alone.
pub(crate) fn ensure_private_dir(path: &Path, user: &OsUser) -> Result<()> {
    if ensure_dir(path, 0o700, user.uid(), 0o077)? { user.own(path) } else { Ok(()) }
}

/// Makes a directory, or verifies the existing one: a real directory, owned by `owner`, without any of the
/// `forbidden` permission bits. Tells whether it was made; a new one is owned by this process's user.
pub(crate) fn ensure_dir(path: &Path, mode: u32, owner: u32, forbidden: u32) -> Result<bool> {
    match make_dir(path, mode) {
        Ok(()) => Ok(true),
        Err(LocalPostgresError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
            verify_dir(path, owner, forbidden).map(|()| false)
        }
        Err(error) => Err(error),
    }
}

fn verify_dir(path: &Path, owner: u32, forbidden: u32) -> Result<()> {
    let metadata = path.symlink_metadata().map_err(LocalPostgresError::io("look at", path))?;
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_dir() {
        Err(LocalPostgresError::NotADirectory { path: path.to_owned() })
    } else if metadata.uid() != owner {
        Err(LocalPostgresError::ForeignDirectory {
            path: path.to_owned(),
            owner: name_of(metadata.uid()),
            expected: name_of(owner),
        })
    } else if mode & forbidden != 0 {
        Err(LocalPostgresError::OpenDirectory { path: path.to_owned(), mode, forbidden })
    } else {
        Ok(())
    }
}

/// Writes a file as a whole and for its owner alone: who reads it sees the old contents or the new ones.
/// `user` becomes its owner, or this process's user when there is none.
pub(crate) fn replace_file(path: &Path, contents: &[u8], user: Option<&OsUser>) -> Result<()> {
    let error = || LocalPostgresError::io("write", path);
    let Some(name) = path.file_name() else { return Err(error()(ErrorKind::InvalidInput.into())) };
    let temporary = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), random_hex(8)?));
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).and_then(|mut file| {
            file.write_all(contents)?;
            user.map_or(Ok(()), |user| user.own_file(&file))?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        });
    if written.is_err() {
        // The write has failed already; a leftover with a random name does no harm.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(error())
}

/// The contents of a file, or `None` when it does not exist.
pub(crate) fn read_file(path: &Path) -> Result<Option<String>> {
    match open(path) {
        Ok(mut file) => {
            let mut contents = Vec::new();
            file.read_to_end(&mut contents).map_err(LocalPostgresError::io("read", path))?;
            Ok(Some(String::from_utf8_lossy(&contents).into_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LocalPostgresError::io("read", path)(error)),
    }
}

/// The size of a file in bytes; 0 when there is none.
pub(crate) fn size(path: &Path) -> u64 {
    path.symlink_metadata().map_or(0, |metadata| metadata.len())
}

/// At most the last `lines` lines of a file, of what stands after the first `from` bytes. Empty when the file
/// cannot be read: it is there to explain another error.
pub(crate) fn tail(path: &Path, from: u64, lines: usize) -> String {
    /// More than any number of lines that an error should quote.
    const LIMIT: u64 = 64 * 1024;
    let from = from.max(size(path).saturating_sub(LIMIT));
    let read = || {
        let mut file = open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut contents = Vec::new();
        file.take(LIMIT).read_to_end(&mut contents)?;
        std::io::Result::Ok(contents)
    };
    let contents = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&contents);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Makes what was renamed into a directory survive a power cut.
pub(crate) fn sync_dir(path: &Path) -> Result<()> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(LocalPostgresError::io("write", path))
}

/// As many random bytes, in hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random)?;
    Ok(hex(&random))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path)
}
