//! Where a backup is written: under another name until it is whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir, TempPath};

use super::manifest;
use crate::{Failure, Outcome};

/// A backup in the making. What is not [kept](Target::keep) is removed; if the process is killed, it stays under
/// a name that starts with a dot and ends in `.partial`. Nobody else may read it: it holds everybody's data.
pub(super) struct Target {
    path: PathBuf,
    force: bool,
    partial: Partial,
    /// The manifest of a file, beside it.
    manifest: Option<TempPath>,
}

enum Partial {
    File(NamedTempFile),
    Directory(TempDir),
}

impl Target {
    /// Makes an empty file or directory beside the place where the backup will be.
    ///
    /// Fails when there is something already, unless `force` says to replace it.
    pub(super) fn create(path: &Path, is_directory: bool, force: bool) -> Outcome<Self> {
        if path.symlink_metadata().is_ok() && !force {
            return Err(Failure::saying(format!("{} exists already", path.display()))
                .with_fix("choose another name, or replace it: --force".to_owned()));
        }
        if force && path.exists() && path.is_dir() != is_directory {
            let sentence = format!("{} exists, and is not a backup of this format", path.display());
            return Err(Failure::saying(sentence).with_fix("choose another name".to_owned()));
        }
        let prefix = format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy());
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".partial");
        let partial = if is_directory {
            builder.permissions(fs::Permissions::from_mode(0o700));
            builder.tempdir_in(parent(path)).map(Partial::Directory)
        } else {
            builder.tempfile_in(parent(path)).map(Partial::File)
        };
        let partial = partial.map_err(|error| cannot(path, &error))?;
        Ok(Self { path: path.to_owned(), force, partial, manifest: None })
    }

    /// Where the backup is meanwhile.
    pub(super) fn partial(&self) -> &Path {
        match &self.partial {
            Partial::File(file) => file.path(),
            Partial::Directory(directory) => directory.path(),
        }
    }

    /// The name that the backup will have, without its directory.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A handle to write with, for a file.
    pub(super) fn file(&self) -> Outcome<File> {
        let file = match &self.partial {
            Partial::File(file) => file.as_file().try_clone(),
            Partial::Directory(_) => Err(io::ErrorKind::IsADirectory.into()),
        };
        file.map_err(|error| cannot(&self.path, &error))
    }

    /// Writes the manifest of an archive: into its directory, or beside the partial file.
    pub(super) fn write_manifest(&mut self, text: &str) -> Outcome {
        let is_directory = matches!(self.partial, Partial::Directory(_));
        let path = manifest::path(self.partial(), is_directory);
        write_private(&path, text).map_err(|error| cannot(&path, &error))?;
        if !is_directory {
            let manifest = TempPath::try_from_path(&path).map_err(|error| cannot(&path, &error))?;
            self.manifest = Some(manifest);
        }
        Ok(())
    }

    /// Makes it durable and gives it its name.
    pub(super) fn keep(self) -> Outcome {
        let Self { path, force, partial, manifest } = self;
        let failed = |error: io::Error| cannot(&path, &error);
        match partial {
            Partial::File(file) => {
                file.as_file().sync_all().map_err(failed)?;
                if let Some(manifest) = manifest {
                    // First, so that the archive is never without it. An archive that it does not describe is
                    // refused.
                    manifest.persist(manifest::path(&path, false)).map_err(|error| failed(error.error))?;
                }
                let kept = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
                kept.map_err(|error| failed(error.error))?;
            }
            Partial::Directory(directory) => {
                for entry in fs::read_dir(directory.path()).map_err(failed)? {
                    let entry = entry.and_then(|entry| File::open(entry.path())).map_err(failed)?;
                    entry.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
                    entry.sync_all().map_err(failed)?;
                }
                sync_directory(directory.path()).map_err(failed)?;
                replace_directory(directory, &path, force).map_err(failed)?;
            }
        }
        sync_directory(parent(&path)).map_err(failed)
    }
}

/// A directory cannot be renamed onto another one that has files.
fn replace_directory(directory: TempDir, path: &Path, force: bool) -> io::Result<()> {
    if !force || !path.exists() {
        // Renaming would silently replace an empty directory.
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        return fs::rename(directory.keep(), path);
    }
    let old = Builder::new().prefix(".replaced.").tempdir_in(parent(path))?;
    fs::rename(path, old.path())?;
    fs::rename(directory.keep(), path)?;
    old.close()
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::saying(format!("{} cannot be written", path.display()))
        .because(error.to_string())
        .with_fix("write it where there is room, and where this user may write".to_owned())
}
