use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

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
            return Err(Failure::wrong_usage(sentence).with_fix(ENDINGS.to_owned()));
        };
        if name.is_empty() {
            let sentence = format!("{} names no backup of its own", path.display());
            return Err(Failure::wrong_usage(sentence).with_fix(ENDINGS.to_owned()));
        }
        // Components end without a slash.
        Ok((format, path.components().collect()))
    }

    /// The format that the content shows; `None` for what cannot be told apart from text.
    ///
    /// Fails when it cannot be read.
    fn of_content(path: &Path) -> std::io::Result<Option<Self>> {
        if path.is_dir() {
            return Ok(Some(Self::Directory));
        }
        let mut start = Vec::new();
        File::open(path)?.take(5).read_to_end(&mut start)?;
        Ok(match start.as_slice() {
            [0x1f, 0x8b, ..] => Some(Self::Sql(Compression::Gzip)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Sql(Compression::Zstd)),
            b"PGDMP" => Some(Self::Custom),
            _ => None,
        })
    }

    /// Makes sure that a file is what its name says. Fails when it is missing, empty, or something else.
    pub(super) fn require_content(self, path: &Path) -> Outcome {
        let unreadable = |error: std::io::Error| {
            Failure::saying(format!("{} cannot be read", path.display())).because(error.to_string())
        };
        let found = Self::of_content(path).map_err(unreadable)?;
        if found != Some(Self::Directory) && path.metadata().map_err(unreadable)?.len() == 0 {
            return Err(Failure::saying(format!("{} is empty", path.display())));
        }
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
