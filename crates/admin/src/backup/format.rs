use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::quote::shell;
use crate::{Failure, Outcome};

/// The form of a backup, which the ending of its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `.sql`, `.sql.gz`, `.sql.zst`: statements for psql.
    Sql(Compression),
    /// `.dump`: the custom format of `pg_dump`, one file.
    Custom,
    /// `.dir`, or a name that ends in a slash: the directory format of `pg_dump`, a file for each table.
    Directory,
}

/// How SQL is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// The endings, for people.
const ENDINGS: &str = "let it end in .sql, .sql.gz, .sql.zst or .dump; in .dir or a slash for a directory";

/// What to do about a backup that is none.
pub(super) const ANOTHER: &str = "fetch the file again, or use another backup";

/// What to do about the tar format of `pg_dump`.
const NO_TAR: &str =
    "pg_dump writes the formats that are: --format=plain (.sql), custom (.dump), directory (.dir)";

/// Where the signature of a tar archive is, and what it is (pax(1), "ustar Interchange Format").
const TAR: (usize, &[u8]) = (257, b"ustar");

impl Format {
    /// The format that a path names, and the path without the slash of a directory.
    ///
    /// Fails as wrong usage when the ending says nothing.
    pub(super) fn of(path: &Path) -> Outcome<(Self, PathBuf)> {
        let text = path.as_os_str().as_encoded_bytes();
        let name = path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
        let ends = |ending: &str| name.len() > ending.len() && name.ends_with(ending.as_bytes());
        let format = if text.ends_with(b"/") || ends(".dir") {
            Self::Directory
        } else if ends(".sql") {
            Self::Sql(Compression::None)
        } else if ends(".sql.gz") {
            Self::Sql(Compression::Gzip)
        } else if ends(".sql.zst") {
            Self::Sql(Compression::Zstd)
        } else if ends(".dump") {
            Self::Custom
        } else {
            let sentence = format!("the name of {} does not tell the format of a backup", path.display());
            let fix = if ends(".tar") { NO_TAR } else { ENDINGS };
            return Err(Failure::wrong_usage(sentence).with_fix(fix.to_owned()));
        };
        if name.is_empty() {
            let sentence = format!("{} names no backup of its own", path.display());
            return Err(Failure::wrong_usage(sentence).with_fix(ENDINGS.to_owned()));
        }
        // Components end without a slash.
        Ok((format, path.components().collect()))
    }

    /// A path of this format without the ending that tells it.
    pub(super) fn without_ending(self, path: &Path) -> PathBuf {
        match self {
            Self::Sql(Compression::Gzip | Compression::Zstd) => path.with_extension("").with_extension(""),
            Self::Sql(Compression::None) | Self::Custom => path.with_extension(""),
            Self::Directory => path.to_owned(),
        }
    }

    /// The format that the first octets of a file show; `None` for what cannot be told apart from text.
    fn of_content(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Sql(Compression::Gzip)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Sql(Compression::Zstd)),
            [b'P', b'G', b'D', b'M', b'P', ..] => Some(Self::Custom),
            _ => None,
        }
    }

    /// Makes sure that a file is what its name says. Fails when it is missing, empty, or something else.
    pub(super) fn require_content(self, path: &Path) -> Outcome {
        let unreadable = |error: std::io::Error| unreadable(path, &error);
        let found = if require_file(path)?.is_dir() {
            for entry in path.read_dir().map_err(unreadable)? {
                require_file(&entry.map_err(unreadable)?.path())?;
            }
            Some(Self::Directory)
        } else {
            let mut start = Vec::new();
            let file = File::open(path).map_err(unreadable)?;
            file.take((TAR.0 + TAR.1.len()) as u64).read_to_end(&mut start).map_err(unreadable)?;
            if start.is_empty() {
                return Err(
                    Failure::saying(format!("{} is empty", path.display())).with_fix(ANOTHER.to_owned())
                );
            }
            if start.get(TAR.0..).is_some_and(|at| at == TAR.1) {
                let sentence = format!("{} is a tar archive, which is not supported", path.display());
                return Err(Failure::saying(sentence).with_fix(NO_TAR.to_owned()));
            }
            Self::of_content(&start)
        };
        let expected = match self {
            // Text has no signature.
            Self::Sql(Compression::None) => None,
            other => Some(other),
        };
        if found == expected {
            return Ok(());
        }
        let found = found.map_or("neither compressed nor an archive", Self::in_words);
        Err(Failure::saying(format!("{} is {found}, which its name does not say", path.display()))
            .with_fix("give it the ending of what it is, or fetch the backup again".to_owned()))
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Sql(Compression::None) => "SQL",
            Self::Sql(Compression::Gzip) => "compressed by gzip",
            Self::Sql(Compression::Zstd) => "compressed by zstd",
            Self::Custom => "an archive in pg_dump's custom format",
            Self::Directory => "a directory",
        }
    }
}

/// That the operating system does not let a backup be read.
fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Failure::saying(format!("{} cannot be read", path.display())).because(error.to_string()).with_fix(
        format!("see what is there, and who may read it: ls -l {}", shell(&folder.display().to_string())),
    )
}

/// What is known of a file or directory. Fails for anything else: opening a pipe waits for somebody who writes to it.
pub(super) fn require_file(path: &Path) -> Outcome<Metadata> {
    let metadata = path.metadata().map_err(|error| unreadable(path, &error))?;
    if metadata.is_file() || metadata.is_dir() {
        return Ok(metadata);
    }
    Err(Failure::saying(format!("{} is neither a file nor a directory", path.display()))
        .with_fix("write the backup to a file first, which can be read twice".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Compression, Format};

    #[test]
    fn the_ending_tells_the_format() {
        for (name, format, path) in [
            ("b.sql", Format::Sql(Compression::None), "b.sql"),
            ("a/b.sql.gz", Format::Sql(Compression::Gzip), "a/b.sql.gz"),
            ("/a/b.sql.zst", Format::Sql(Compression::Zstd), "/a/b.sql.zst"),
            ("b.dump", Format::Custom, "b.dump"),
            ("b.dir", Format::Directory, "b.dir"),
            ("a/b/", Format::Directory, "a/b"),
            ("b.sql/", Format::Directory, "b.sql"),
        ] {
            assert_eq!(Format::of(Path::new(name)).unwrap(), (format, PathBuf::from(path)), "{name}");
        }
        for name in ["", "b", ".sql", "b.gz", "b.sql.bz2", "b.tar", "/", "../", "b.SQL"] {
            assert!(Format::of(Path::new(name)).is_err(), "{name}");
        }
    }
}
