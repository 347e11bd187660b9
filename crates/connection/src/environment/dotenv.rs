//! `.env`: found upward, parsed by dotenvy, and never quoted in an error.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use super::EnvironmentError;

/// The `.env` nearest to `directory`, looking upward.
pub(super) fn find(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|ancestor| ancestor.join(".env")).find(|candidate| candidate.is_file())
}

/// The variables of a file, in its order. Fails when it cannot be read, when it is somebody's who has no say here, and
/// on the first line that is not `NAME=value`.
pub(super) fn read(path: &Path) -> Result<Vec<(String, String)>, EnvironmentError> {
    let unreadable = |source| EnvironmentError::Unreadable { path: path.into(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let owners = Owners::of(path, &file).map_err(unreadable)?;
    if let Some(stranger) = owners.stranger(Uid::effective().as_raw()) {
        return Err(EnvironmentError::Foreign { path: path.into(), owner: stranger });
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(unreadable)?;
    parse(&content).map_err(|line| EnvironmentError::Malformed { path: path.into(), line })
}

/// Who had a hand in what a path leads to.
#[derive(Clone, Copy, Debug)]
struct Owners {
    /// Of what is read.
    file: u32,
    /// Of what bears the name: the file itself, or a link to it.
    name: u32,
    /// Of the folder that the name stands in.
    folder: u32,
}

impl Owners {
    fn of(path: &Path, file: &File) -> io::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(Self {
            file: file.metadata()?.uid(),
            name: fs::symlink_metadata(path)?.uid(),
            folder: fs::metadata(folder.unwrap_or(Path::new(".")))?.uid(),
        })
    }

    /// Whoever of them must not say to a user which database is meant. Root may say it, and the user, and the owner of the
    /// folder, who can put anything in the place of anything in it: so a container, as whichever user, reads the
    /// checkout that it was given. Anybody else could only have come by a folder that others may write to.
    fn stranger(self, user: u32) -> Option<u32> {
        [self.file, self.name].into_iter().find(|owner| ![0, user, self.folder].contains(owner))
    }
}

/// The variables, or the number of the line that could not be understood.
fn parse(content: &[u8]) -> Result<Vec<(String, String)>, usize> {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let line = Cell::new(0);
    let mut variables: Vec<(String, String)> = Vec::new();
    for item in dotenvy::from_read_iter(LineByLine { content, line: &line }) {
        match item {
            // The first of several wins, as in every implementation of dotenv.
            Ok((name, _)) if variables.iter().any(|(seen, _)| *seen == name) => {}
            Ok(variable) => variables.push(variable),
            // The faulty text may span lines (an unclosed quote): what counts is where it starts.
            Err(dotenvy::Error::LineParse(text, _)) => {
                return Err((line.get() + 1).saturating_sub(text.lines().count().max(1)));
            }
            Err(_) => return Err(line.get().max(1)),
        }
    }
    Ok(variables)
}

/// Hands out one line for each read, so that the count of reads is the number of the line being parsed, which
/// dotenvy does not tell.
struct LineByLine<'a> {
    content: &'a [u8],
    line: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.content.iter().position(|&byte| byte == b'\n').map_or(self.content.len(), |at| at + 1);
        let length = end.min(buffer.len());
        buffer[..length].copy_from_slice(&self.content[..length]);
        self.content = &self.content[length..];
        if length == end && length > 0 {
            self.line.set(self.line.get() + 1);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_comments_quotes_and_export_are_understood() {
        let content = b"\xEF\xBB\xBF# comment\nA=1\nexport B='two words'\n\nC=\"x\" # why\nA=2\n";
        let expected = [("A", "1"), ("B", "two words"), ("C", "x")];
        assert_eq!(parse(content).unwrap(), expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn the_line_of_the_fault_is_counted_from_one() {
        assert_eq!(parse(b"A=1\n# c\n\nhunter2 hunter2\n"), Err(4));
        assert_eq!(parse(b"A=two words\n"), Err(1));
        assert_eq!(parse(b"A=1\nB='open\nC=2\n"), Err(2));
        assert_eq!(parse(b"A=1\nB=\xFF\n"), Err(2));
    }

    #[test]
    fn an_error_names_file_and_line_and_not_the_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        std::fs::write(&path, "A=1\nDATABASE_URL=hunter2 hunter2\n").unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{} line 2: ", path.display())), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn the_nearest_file_upward_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(directory.path().join(".env"), "").unwrap();
        assert_eq!(find(&below), Some(directory.path().join(".env")));
        std::fs::write(directory.path().join("a/.env"), "").unwrap();
        assert_eq!(find(&below), Some(directory.path().join("a/.env")));
    }

    #[test]
    fn only_the_user_root_and_the_owner_of_the_folder_have_a_say() {
        let owned = |file, name, folder| Owners { file, name, folder };
        for (user, owners) in [
            (1000, owned(1000, 1000, 1000)),
            (1000, owned(1000, 1000, 0)),
            (1000, owned(0, 0, 0)),
            // Of somebody's checkout, in a container.
            (0, owned(1000, 1000, 1000)),
            (1001, owned(1000, 1000, 1000)),
            (1001, owned(0, 1000, 1000)),
        ] {
            assert_eq!(owners.stranger(user), None, "{owners:?} for {user}");
        }
        for (user, owners) in [
            // In /tmp, and in a folder that a group shares.
            (1000, owned(666, 666, 0)),
            (0, owned(666, 666, 0)),
            (1000, owned(666, 666, 1000)),
            // Somebody's link to a file of the user's own.
            (1000, owned(1000, 666, 0)),
            // A link of one's own to what somebody else may change.
            (1000, owned(666, 1000, 1000)),
        ] {
            assert_eq!(owners.stranger(user), Some(666), "{owners:?} for {user}");
        }
    }

    #[test]
    fn a_file_of_a_stranger_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        fs::write(&path, "DATABASE_URL=postgres://elsewhere/d").unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        // Only root can give a file away; without it, the test above has to do.
        if std::os::unix::fs::chown(&path, Some(54_321), None).is_err() {
            return;
        }
        let error = read(&path).unwrap_err();
        assert!(matches!(error, EnvironmentError::Foreign { owner: 54_321, .. }), "{error:?}");
        assert!(error.to_string().contains("belongs to user 54321,"), "{error}");
        std::os::unix::fs::chown(directory.path(), Some(54_321), None).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1, "root reads a user's checkout");
    }

    proptest! {
        #[test]
        fn no_content_panics(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&content);
        }
    }
}
