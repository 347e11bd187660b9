use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digest::{Checksum, RowsDigest};
use crate::{Failure, Outcome};

/// The version of what is written here. A program refuses a greater one than it knows.
const FORMAT: u32 = 1;

/// What a backup contains, so that whoever restores it can compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The program that made the backup, with its version.
    pub(super) tool: String,
    /// The `pg_dump` that wrote it.
    pub(super) pg_dump: String,
    /// `server_version` of the server.
    pub(super) server: String,
    /// The name of the database.
    pub(super) database: String,
    /// The time of the snapshot: UTC, ISO 8601.
    pub(super) created_at: String,
    #[serde(flatten)]
    pub(super) content: Content,
    /// The files of an archive, which stands beside its manifest. Empty for SQL, which ends in a checksum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<FileRecord>,
}

/// What is in a database, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    /// SHA-256 of the canonical text of the schema `public`: with the ledger and all partitions, without
    /// privileges, which are not part of a backup.
    pub(super) schema_sha256: Checksum,
    /// The newest migration that was applied.
    pub(super) newest_migration: String,
    /// All tables, sorted by name.
    pub(super) tables: Vec<TableRecord>,
}

/// What is in a table, partitions included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableRecord {
    /// Its name, with its schema unless that is `public`; quoted as in SQL.
    pub(super) name: String,
    /// How many rows.
    pub(super) rows: u64,
    /// All of them.
    pub(super) digest: RowsDigest,
}

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRecord {
    /// Its name in the directory of the archive; of a single file, its name at the time of the backup.
    pub(super) name: String,
    /// Its size in bytes.
    pub(super) bytes: u64,
    /// What is in it.
    pub(super) sha256: Checksum,
}

/// A manifest in a file of its own, with the checksum of its JSON.
#[derive(Serialize, Deserialize)]
struct Document {
    manifest: Manifest,
    sha256: Checksum,
}

impl Manifest {
    /// A manifest of this program.
    pub(super) fn new(
        pg_dump: String,
        server: String,
        database: String,
        created_at: String,
        content: Content,
    ) -> Self {
        let tool = concat!("authority-db ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { format: FORMAT, tool, pg_dump, server, database, created_at, content, files: Vec::new() }
    }

    /// One line of JSON.
    pub(super) fn to_line(&self) -> Outcome<String> {
        serde_json::to_string(self).map_err(|error| Failure::new(&error))
    }

    /// Reads [`Manifest::to_line`]. Fails with a sentence when it is none, or of a later format.
    pub(super) fn from_line(line: &str) -> Result<Self, String> {
        let manifest: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        manifest.understood()
    }

    /// The content of a manifest's own file.
    pub(super) fn to_document(&self) -> Outcome<String> {
        let sha256 = Checksum::of(self.to_line()?.as_bytes());
        let document = Document { manifest: self.clone(), sha256 };
        let mut text = serde_json::to_string_pretty(&document).map_err(|error| Failure::new(&error))?;
        text.push('\n');
        Ok(text)
    }

    /// Reads [`Manifest::to_document`]. Fails with a sentence when it is none, damaged, or of a later format.
    pub(super) fn from_document(text: &[u8]) -> Result<Self, String> {
        if !text.ends_with(b"\n") {
            return Err("it is cut off".to_owned());
        }
        let Document { manifest, sha256 } =
            serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let line = serde_json::to_string(&manifest).map_err(|error| error.to_string())?;
        if Checksum::of(line.as_bytes()) != sha256 {
            return Err("its checksum is that of another text".to_owned());
        }
        manifest.understood()
    }

    fn understood(self) -> Result<Self, String> {
        if self.format <= FORMAT {
            return Ok(self);
        }
        Err(format!("it has format {}, and this program knows formats up to {FORMAT}", self.format))
    }
}

/// Where the manifest of an archive stands: beside the file, or in the directory.
pub(super) fn path(archive: &Path, is_directory: bool) -> PathBuf {
    if is_directory {
        return archive.join("authority-manifest.json");
    }
    let mut path = archive.as_os_str().to_owned();
    path.push(".manifest.json");
    path.into()
}
