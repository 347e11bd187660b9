//! A backup that somebody brings: what it is, and whether all of it is there.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use authority_migration::runner::LEDGER_TABLE;
use tokio::task::spawn_blocking;

use super::child::Running;
use super::digest::Checksum;
use super::format::{ANOTHER, Format, require_file};
use super::manifest::{self, Manifest};
use super::programs::Installed;
use super::progress::{Progress, size};
use super::{dump, plain};
use crate::{Context, Failure, Outcome};

/// A backup that was read from its beginning to its end.
pub(super) struct Archive {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    /// Of the text, for SQL.
    pub(super) checksum: Option<Checksum>,
    /// `None` for what `pg_dump` wrote without this program.
    pub(super) manifest: Option<Manifest>,
    /// The major version of the `pg_dump` that wrote it; 0 when it is not known.
    pub(super) written_by: u32,
}

impl Archive {
    /// Reads a backup. Fails when it is damaged, not complete, or not Authority's.
    pub(super) async fn check(context: &Context, path: &Path, format: Format) -> Outcome<Self> {
        format.require_content(path)?;
        match format {
            Format::Sql(compression) => {
                let progress = Progress::through("checking", size(path));
                let passed = progress.counter();
                let owned = path.to_owned();
                let reading = spawn_blocking(move || plain::read(&owned, compression, passed, io::sink()));
                Self::from_sql(path, format, reading.await.map_err(|error| Failure::new(&error))?)
            }
            Format::Custom | Format::Directory => Self::from_archive(context, path, format).await,
        }
    }

    fn from_sql(path: &Path, format: Format, read: Result<plain::Reading, plain::Stopped>) -> Outcome<Self> {
        let reading = read.map_err(|stopped| match stopped {
            plain::Stopped::Damaged(why) => damaged(path, why),
            plain::Stopped::NotTaken(error) => damaged(path, error.to_string()),
        })?;
        if reading.manifest.is_none() {
            require_ours(path, reading.script.tables())?;
            if !reading.script.is_complete() {
                return Err(damaged(path, "the line with which pg_dump ends is missing"));
            }
        }
        let written_by = reading.manifest.as_ref().map_or(0, |manifest| dump::major(&manifest.pg_dump));
        let checksum = Some(reading.checksum);
        Ok(Self { path: path.to_owned(), format, checksum, manifest: reading.manifest, written_by })
    }

    async fn from_archive(context: &Context, path: &Path, format: Format) -> Outcome<Self> {
        let manifest = read_manifest(path, format == Format::Directory)?;
        if let Some(manifest) = &manifest {
            let (archive, files) = (path.to_owned(), manifest.files.clone());
            let progress = Progress::unmeasured("checking");
            let checked = spawn_blocking(move || check_files(&archive, &files)).await;
            drop(progress);
            checked.map_err(|error| Failure::new(&error))?.map_err(|why| damaged(path, why))?;
        }
        let written_by = match &manifest {
            Some(manifest) => dump::major(&manifest.pg_dump),
            None => 0,
        };
        let list = pg_restore(context, path, written_by, "--list", true).await?;
        require_ours(path, &listed_tables(&list))?;
        let written_by = listed_version(&list).unwrap_or(written_by);
        if manifest.is_none() {
            // Nobody noted its checksum, so all of it is read once, which at least undoes the compression.
            pg_restore(context, path, written_by, "--file=/dev/null", false).await?;
        }
        Ok(Self { path: path.to_owned(), format, checksum: None, manifest, written_by })
    }
}

/// A backup that cannot be used, and why.
pub(super) fn damaged(path: &Path, why: impl Into<String>) -> Failure {
    Failure::saying(format!("{} is not a whole backup; nothing was changed", path.display()))
        .because(why)
        .with_fix(ANOTHER.to_owned())
}

fn read_manifest(archive: &Path, is_directory: bool) -> Outcome<Option<Manifest>> {
    let path = manifest::path(archive, is_directory);
    let unusable = |why: String| {
        Failure::saying(format!("the manifest {} is damaged; nothing was changed", path.display()))
            .because(why)
            .with_fix(format!(
                "fetch the backup again; to restore it unchecked, move {} away",
                path.display()
            ))
    };
    if path.exists() {
        require_file(&path)?;
    }
    match std::fs::read(&path) {
        Ok(text) => Manifest::from_document(&text).map(Some).map_err(unusable),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(error.to_string())),
    }
}

fn check_files(archive: &Path, files: &[manifest::FileRecord]) -> Result<(), String> {
    if files.is_empty() {
        return Err("its manifest names no file".to_owned());
    }
    for expected in files {
        // A file may have been renamed; in a directory, a name leads nowhere else.
        let path = if archive.is_dir() {
            let name = Path::new(&expected.name).file_name().filter(|name| *name == expected.name.as_str());
            archive.join(name.ok_or("its manifest names a file elsewhere")?)
        } else {
            archive.to_owned()
        };
        let found = dump::record(&path).map_err(|error| format!("{}: {error}", expected.name))?;
        if found.bytes != expected.bytes {
            return Err(format!("{} has {} bytes instead of {}", expected.name, found.bytes, expected.bytes));
        }
        if found.sha256 != expected.sha256 {
            return Err(format!("{} does not have the checksum that the manifest gives", expected.name));
        }
    }
    Ok(())
}

async fn pg_restore(
    context: &Context,
    path: &Path,
    written_by: u32,
    what: &str,
    printed: bool,
) -> Outcome<String> {
    let installed = Installed::new(context);
    let program = installed.pg_restore(written_by, None).await?;
    let mut command = installed.command(&program, &[]);
    command.arg(what).arg(path).stdout(if printed { Stdio::piped() } else { Stdio::null() });
    let mut running = Running::start(&program, command)?;
    let mut text = String::new();
    if printed {
        let stdout = running.stdout()?;
        let reading = spawn_blocking(move || io::read_to_string(stdout)).await;
        text = reading
            .map_err(|error| Failure::new(&error))?
            .map_err(|error| damaged(path, error.to_string()))?;
    }
    running.finish().await.map_err(|failure| failure.beneath(damaged(path, "pg_restore cannot read it")))?;
    Ok(text)
}

/// The tables of `public` in the list of an archive: `215; 1259 16386 TABLE public users authority`.
fn listed_tables(list: &str) -> BTreeSet<String> {
    let lines = list.lines().filter(|line| !line.starts_with(';'));
    let named = lines.filter_map(|line| line.split_once(" TABLE public ")?.1.split(' ').next());
    named.map(str::to_owned).collect()
}

/// The version in the list of an archive: `;     Dumped by pg_dump version: 15.18`.
fn listed_version(list: &str) -> Option<u32> {
    let line = list.lines().find_map(|line| line.split_once("Dumped by pg_dump version: "))?;
    Some(dump::major(line.1))
}

fn require_ours(path: &Path, tables: &BTreeSet<String>) -> Outcome {
    let missing: Vec<_> =
        [LEDGER_TABLE, "users"].into_iter().filter(|table| !tables.contains(*table)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::saying(format!(
        "{} is not a backup of Authority's database; nothing was changed",
        path.display()
    ))
    .because(format!("it does not make the table {}", missing.join(" and the table ")))
    .with_fix("use a backup of all of the database, schema and rows".to_owned()))
}
