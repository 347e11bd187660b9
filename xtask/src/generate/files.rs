use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use authority_admin::{Failure, Outcome};

/// Generated folders: what each of them holds, and nothing else.
#[derive(Debug, Default)]
pub(super) struct Files {
    folders: BTreeMap<&'static str, BTreeMap<String, String>>,
}

/// What has to happen to one file of the tree.
#[derive(Debug)]
pub(super) struct Change {
    path: PathBuf,
    shown: String,
    content: Option<String>,
    exists: bool,
}

impl Files {
    /// Adds files by name to a folder of the workspace.
    pub(super) fn add_all(
        &mut self,
        folder: &'static str,
        files: impl IntoIterator<Item = (String, String)>,
    ) {
        self.folders.entry(folder).or_default().extend(files);
    }

    /// What differs from the tree: files that are missing, differ, or should not be there.
    pub(super) fn stale(&self, root: &Path) -> Outcome<Vec<Change>> {
        let mut changes = Vec::new();
        for (folder, files) in &self.folders {
            let mut present = present(&root.join(folder))?;
            for (name, content) in files {
                let old = present.remove(name);
                if old.as_deref() != Some(content.as_bytes()) {
                    changes.push(Change::new(root, folder, name, Some(content.clone()), old.is_some()));
                }
            }
            changes.extend(present.keys().map(|name| Change::new(root, folder, name, None, true)));
        }
        Ok(changes)
    }
}

impl Change {
    fn new(root: &Path, folder: &str, name: &str, content: Option<String>, exists: bool) -> Self {
        let shown = format!("{folder}/{name}");
        Self { path: root.join(&shown), shown, content, exists }
    }

    /// Writes or removes the file.
    pub(super) fn carry_out(&self) -> Outcome {
        let done = match &self.content {
            Some(content) => {
                let folder = self.path.parent().map_or(Ok(()), fs::create_dir_all);
                folder.and_then(|()| fs::write(&self.path, content))
            }
            None => fs::remove_file(&self.path),
        };
        done.map_err(|error| Failure::saying(format!("cannot write {}: {error}", self.shown)))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match (&self.content, self.exists) {
            (Some(_), false) => "new",
            (Some(_), true) => "changed",
            (None, _) => "obsolete",
        };
        write!(f, "{word:<9} {}", self.shown)
    }
}

/// The files of a folder by name; a folder that does not exist has none.
fn present(folder: &Path) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let failed =
        |error: std::io::Error| Failure::saying(format!("cannot read {}: {error}", folder.display()));
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            files.insert(name.to_string_lossy().into_owned(), fs::read(&path).map_err(failed)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Files;

    fn files() -> Files {
        let mut files = Files::default();
        files.add_all("made", [("a.txt".to_owned(), "a".to_owned()), ("b.txt".to_owned(), "b".to_owned())]);
        files
    }

    fn stale(root: &std::path::Path) -> Vec<String> {
        files().stale(root).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn missing_different_and_superfluous_files_are_stale() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(stale(root.path()), ["new       made/a.txt", "new       made/b.txt"]);
        fs::create_dir(root.path().join("made")).unwrap();
        fs::write(root.path().join("made/a.txt"), "a").unwrap();
        fs::write(root.path().join("made/b.txt"), "edited").unwrap();
        fs::write(root.path().join("made/c.txt"), "c").unwrap();
        assert_eq!(stale(root.path()), ["changed   made/b.txt", "obsolete  made/c.txt"]);
    }

    #[test]
    fn carrying_the_changes_out_leaves_nothing_stale() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("made")).unwrap();
        fs::write(root.path().join("made/c.txt"), "c").unwrap();
        for change in files().stale(root.path()).unwrap() {
            change.carry_out().unwrap();
        }
        assert!(stale(root.path()).is_empty());
        assert!(!root.path().join("made/c.txt").exists());
    }
}
