//! A backup as SQL: what `pg_dump` writes, between a first line and two last ones of this program's own.
//!
//! All three are comments, so `psql` restores the file without this program. The first says that the last two
//! must be there. The last but one is the manifest, the last the SHA-256 of everything before it. They are part of
//! the text, not of the compressed file: `gunzip backup.sql.gz` leaves a backup that is as good.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::compress::{CHUNK, Watched, decoder};
use super::digest::Checksum;
use super::format::Compression;
use super::manifest::Manifest;
use super::script::Script;

const FIRST: &str = "-- authority-backup: format 1; it ends in a manifest and a checksum\n";
const MANIFEST: &str = "-- authority-backup-manifest: ";
const CHECKSUM: &str = "-- authority-backup-sha256: ";

/// A row of PostgreSQL has at most 1 GB, which escapes can double; a longer line is no row.
const LONGEST_LINE: u64 = 3 << 30;

/// Writes a backup.
pub(super) struct Writer<W: Write> {
    into: W,
    hasher: Sha256,
}

impl<W: Write> Writer<W> {
    /// Begins with the first line.
    pub(super) fn begin(into: W) -> io::Result<Self> {
        let mut writer = Self { into, hasher: Sha256::new() };
        writer.write_all(FIRST.as_bytes())?;
        Ok(writer)
    }

    /// Copies all that `pg_dump` writes; tells `passed` how much.
    pub(super) fn copy(&mut self, mut from: impl Read, passed: impl Fn(u64)) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.write_all(&buffer[..count])?;
            passed(count as u64);
        }
    }

    /// Ends with the manifest, as one line, and the checksum.
    pub(super) fn finish(mut self, manifest: &str) -> io::Result<W> {
        self.write_all(format!("{MANIFEST}{manifest}\n").as_bytes())?;
        let checksum = Checksum::from_hasher(self.hasher);
        self.into.write_all(format!("{CHECKSUM}{checksum}\n").as_bytes())?;
        Ok(self.into)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.into.write_all(bytes)
    }
}

/// What a file of SQL turned out to be.
pub(super) struct Reading {
    /// Of the whole text: to see that nobody changed the file between two readings.
    pub(super) checksum: Checksum,
    /// `None` for what `pg_dump` wrote without this program.
    pub(super) manifest: Option<Manifest>,
    /// What was in it.
    pub(super) script: Script,
}

/// Why a file was not read to its end.
pub(super) enum Stopped {
    /// There is something wrong with it.
    Damaged(String),
    /// What it was passed on to did not take it.
    NotTaken(io::Error),
}

/// Reads a whole file of SQL, and writes to `run` what of it is to be run.
pub(super) fn read(
    path: &Path,
    compression: Compression,
    passed: impl Fn(u64) + 'static,
    run: impl Write,
) -> Result<Reading, Stopped> {
    let damaged = |error: io::Error| Stopped::Damaged(error.to_string());
    let file = File::open(path).map_err(damaged)?;
    let text = decoder(compression, Watched::new(file, passed)).map_err(damaged)?;
    read_text(text, run)
}

/// Reads a whole text, as [`read`] does.
pub(super) fn read_text(mut text: impl BufRead, mut run: impl Write) -> Result<Reading, Stopped> {
    let mut reader = Reader::default();
    let mut script = Script::new();
    let (mut line, mut output) = (Vec::new(), Vec::with_capacity(2 * CHUNK));
    loop {
        line.clear();
        let limited = text.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if limited.map_err(|error| Stopped::Damaged(error.to_string()))? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST_LINE {
            return Err(Stopped::Damaged("a line is longer than any row can be".to_owned()));
        }
        reader.line(&line);
        script.line(&line, &mut output).map_err(Stopped::Damaged)?;
        if output.len() > CHUNK {
            run.write_all(&output).map_err(Stopped::NotTaken)?;
            output.clear();
        }
    }
    run.write_all(&output).map_err(Stopped::NotTaken)?;
    script.finish().map_err(Stopped::Damaged)?;
    let (checksum, manifest) = reader.finish().map_err(Stopped::Damaged)?;
    Ok(Reading { checksum, manifest, script })
}

/// Finds the lines of this program's own, and checks the last.
#[derive(Default)]
struct Reader {
    hasher: Sha256,
    begun: bool,
    is_ours: bool,
    /// The text of the last manifest line, and whether anything came after it and its checksum.
    manifest: Option<Vec<u8>>,
    /// What the checksum line says, and what it should say, while it is the last line.
    checksum: Option<(Vec<u8>, Checksum)>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) {
        if !self.begun {
            self.begun = true;
            self.is_ours = line == FIRST.as_bytes();
        }
        // A row can look like one of these lines: only the last two lines count.
        if let Some(said) = line.strip_prefix(CHECKSUM.as_bytes()) {
            self.checksum = Some((said.to_vec(), Checksum::from_hasher(self.hasher.clone())));
        } else {
            self.checksum = None;
            self.manifest = line.strip_prefix(MANIFEST.as_bytes()).map(<[u8]>::to_vec);
        }
        self.hasher.update(line);
    }

    /// The checksum of everything, and the manifest where this program wrote the file.
    fn finish(self) -> Result<(Checksum, Option<Manifest>), String> {
        let whole = Checksum::from_hasher(self.hasher);
        let Some((said, found)) = self.checksum else {
            // Without the first line or with another manifest at its end, it is not of this program's making.
            if self.is_ours || self.manifest.is_some() {
                return Err("its end is missing".to_owned());
            }
            return Ok((whole, None));
        };
        if said != format!("{found}\n").as_bytes() {
            return Err("its content does not have the checksum that stands at its end".to_owned());
        }
        let line = self.manifest.ok_or("its manifest is missing")?;
        let line = std::str::from_utf8(&line).map_err(|error| error.to_string())?;
        let manifest =
            Manifest::from_line(line).map_err(|error| format!("its manifest is damaged: {error}"))?;
        if self.is_ours { Ok((whole, Some(manifest))) } else { Err("its first line is missing".to_owned()) }
    }
}
