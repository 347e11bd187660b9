//! `backup`: one snapshot, which `pg_dump` writes down while this program counts and digests it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use authority_local_postgres::Version;
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::archive::Archive;
use super::child::Running;
use super::compress::{CHUNK, Encoder};
use super::digest::Checksum;
use super::format::{Compression, Format};
use super::interrupt::Interrupt;
use super::manifest::{FileRecord, Manifest};
use super::plain::Writer;
use super::programs::{Installed, Program};
use super::progress::{Progress, size};
use super::server::Reached;
use super::snapshot::Snapshot;
use super::target::Target;
use super::{BackupArgs, report, verify};
use crate::quote::shell;
use crate::{Context, Failure, Outcome};

type Encoded = Writer<Encoder<BufWriter<File>>>;

pub(super) async fn run(context: &Context, args: &BackupArgs) -> Outcome {
    let (format, path) = Format::of(&args.file)?;
    if let Some(jobs) = args.jobs.filter(|_| format != Format::Directory) {
        let directory = shell(&format.without_ending(&path).with_added_extension("dir").to_string_lossy());
        return Err(Failure::wrong_usage("pg_dump can use several jobs for a directory only")
            .with_fix(format!("{} backup {directory} --jobs {jobs}", context.program())));
    }
    let mut interrupt = Interrupt::listen()?;
    let mut target = Target::create(&path, format == Format::Directory, args.force)?;
    let database = context.database()?;
    let work = async {
        let source = Reached::connect(&database).await?;
        let pg_dump = Installed::new(context).pg_dump(source.major()).await?;
        let manifest =
            Dump { context, source: &source, program: &pg_dump, format, jobs: args.jobs.unwrap_or(1) }
                .write(&mut target)
                .await?;
        source.pool.close().await;
        Ok(manifest)
    };
    let manifest = interrupt.unless(work).await?;
    if args.verify {
        let archive = interrupt.unless(Archive::check(context, target.partial(), format)).await?;
        Box::pin(verify::in_scratch(context, &archive, &mut interrupt)).await?;
    }
    let bytes = size(target.partial());
    target.keep()?;
    report::backup(&path, bytes, &manifest, args)
}

struct Dump<'a> {
    context: &'a Context,
    source: &'a Reached,
    program: &'a Program,
    format: Format,
    jobs: u16,
}

impl Dump<'_> {
    async fn write(&self, target: &mut Target) -> Outcome<Manifest> {
        let mut snapshot = Snapshot::take(&self.source.pool).await?;
        let command = self.command(&snapshot.facts().id, target.partial());
        // Both read the same snapshot, which lasts as long as the transaction that took it.
        if let Format::Sql(compression) = self.format {
            let encoding = self.encode(command, compression, target.file()?);
            let (encoded, content) = tokio::try_join!(encoding, snapshot.content())?;
            let manifest = self.manifest(&snapshot, content);
            let line = manifest.to_line()?;
            spawn_blocking(move || end(encoded, &line)).await.map_err(|error| Failure::new(&error))??;
            return Ok(manifest);
        }
        let archiving = self.archive(command, target.partial());
        let ((), content) = tokio::try_join!(archiving, snapshot.content())?;
        let mut manifest = self.manifest(&snapshot, content);
        let path = target.partial().to_owned();
        let files = spawn_blocking(move || files(&path)).await.map_err(|error| Failure::new(&error))?;
        manifest.files = files.map_err(|error| not_written(&error))?;
        if let (Format::Custom, [file]) = (self.format, manifest.files.as_mut_slice()) {
            file.name = target.name();
        }
        target.write_manifest(&manifest.to_document()?)?;
        Ok(manifest)
    }

    fn manifest(&self, snapshot: &Snapshot, content: super::manifest::Content) -> Manifest {
        let facts = snapshot.facts().clone();
        Manifest::new(self.program.version.to_string(), facts.server, facts.database, facts.at, content)
    }

    fn command(&self, snapshot: &str, into: &Path) -> Command {
        let mut command = Installed::new(self.context).command(self.program, &self.source.variables());
        command.args(["--no-password", "--no-owner", "--no-privileges", "--encoding=UTF8"]);
        command.arg(format!("--snapshot={snapshot}"));
        command.arg(format!("--lock-wait-timeout={}", Snapshot::LOCK_WAIT));
        match self.format {
            Format::Sql(_) => command.arg("--format=plain").stdout(Stdio::piped()),
            // Not through a pipe: with a file of its own, pg_dump notes where each table is, without which
            // nothing can be restored in parallel.
            Format::Custom => command.arg("--format=custom").arg("--file").arg(into).stdout(Stdio::null()),
            Format::Directory => {
                command.arg("--format=directory").arg(format!("--jobs={}", self.jobs));
                command.arg("--file").arg(into).stdout(Stdio::null())
            }
        };
        command
    }

    async fn encode(&self, command: Command, compression: Compression, into: File) -> Outcome<Encoded> {
        let progress = Progress::open_ended("backing up");
        let passed = progress.counter();
        let mut pg_dump = Running::start(self.program, command)?;
        let stdout = pg_dump.stdout()?;
        let copying = spawn_blocking(move || {
            let into = BufWriter::with_capacity(CHUNK, into);
            let mut writer = Writer::begin(Encoder::new(compression, into)?)?;
            writer.copy(stdout, passed)?;
            Ok(writer)
        });
        let copied = copying.await.map_err(|error| Failure::new(&error))?;
        // When writing fails, the pipe closes, and what pg_dump says about that does not matter.
        let copied = copied.map_err(|error: io::Error| not_written(&error))?;
        pg_dump.finish().await?;
        Ok(copied)
    }

    async fn archive(&self, command: Command, path: &Path) -> Outcome {
        let progress = Progress::open_ended("backing up");
        let pg_dump = Running::start(self.program, command)?;
        let watching = async {
            loop {
                progress.at(size(path));
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::select! {
            ended = pg_dump.finish() => ended,
            () = watching => Ok(()),
        }
    }
}

fn end(writer: Encoded, manifest: &str) -> Outcome {
    let ended = writer.finish(manifest).and_then(Encoder::finish).and_then(|mut file| file.flush());
    ended.map_err(|error| not_written(&error))
}

/// What an archive consists of.
fn files(archive: &Path) -> io::Result<Vec<FileRecord>> {
    if !archive.is_dir() {
        return Ok(vec![record(archive)?]);
    }
    let paths: io::Result<Vec<_>> = fs::read_dir(archive)?.map(|entry| Ok(entry?.path())).collect();
    let mut records = paths?.iter().map(|path| record(path)).collect::<io::Result<Vec<_>>>()?;
    records.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(records)
}

/// A file's name, size and checksum.
pub(super) fn record(path: &Path) -> io::Result<FileRecord> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FileRecord { name, bytes, sha256: Checksum::from_hasher(hasher) })
}

fn not_written(error: &io::Error) -> Failure {
    Failure::saying("the backup cannot be written")
        .because(error.to_string())
        .with_fix("write it where there is room, and where this user may write".to_owned())
}

/// The major version of a version's text; 0 when it has none.
pub(super) fn major(version: &str) -> u32 {
    Version::parse(&format!("pg_dump (PostgreSQL) {version}")).map_or(0, |version| version.major())
}
