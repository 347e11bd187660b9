//! Which server belongs to a workspace, and where its state is kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use crate::error::{LocalPostgresError, Result};
use crate::files::hex;
use crate::programs::{Engine, Programs};

/// The directories of the user who runs the process, as the environment tells them.
#[derive(Debug, Clone, Default)]
pub struct UserDirs {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub state_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: where the socket goes when the state directory is too long for one.
    pub runtime_dir: Option<PathBuf>,
}

/// A kept server: its programs and its place.
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) programs: Programs,
    pub(crate) base: PathBuf,
    pub(crate) workspace: String,
    /// The last component of the state directory.
    place: String,
    pub(crate) runtime_dir: Option<PathBuf>,
    pub(crate) idle_time: Duration,
}

/// The place of the embedded PostgreSQL, whatever its version: the data of another one are recognised and said to be so.
const EMBEDDED: &str = "embedded";

impl Config {
    /// The server of a workspace: in `/var/lib/authority` for root, whose home the server's user cannot enter,
    /// and in `authority` under the user's state directory (`~/.local/state`) for everybody else.
    ///
    /// Fails when the workspace does not exist or the user has neither a home nor a state directory.
    pub fn for_workspace(programs: Programs, workspace: &Path, dirs: &UserDirs) -> Result<Self> {
        let base = base_directory(geteuid().is_root(), dirs)?;
        Ok(Self { runtime_dir: dirs.runtime_dir.clone(), ..Self::in_base(programs, workspace, &base)? })
    }

    /// The server of a workspace, its state in a directory under `base`, which must be an absolute path.
    ///
    /// Fails when the workspace does not exist.
    pub fn in_base(programs: Programs, workspace: &Path, base: &Path) -> Result<Self> {
        let workspace = workspace.canonicalize().map_err(LocalPostgresError::io("find", workspace))?;
        Ok(Self {
            place: match programs.engine() {
                Engine::Local => programs.version().major().to_string(),
                Engine::Embedded => EMBEDDED.to_owned(),
            },
            programs,
            base: base.to_owned(),
            workspace: directory_name(&workspace),
            runtime_dir: None,
            idle_time: Duration::from_mins(1),
        })
    }

    /// The same server, which ends after this time without a user where it is an embedded one; a minute otherwise.
    #[must_use]
    pub fn with_idle_time(self, idle_time: Duration) -> Self {
        Self { idle_time, ..self }
    }

    /// The directory of everything that the server keeps. The major version is its last component: a new
    /// one cannot read the data of an old one and gets a server of its own. That of an embedded server is `embedded`.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.base.join(&self.workspace).join(&self.place)
    }

    /// The programs that the server runs with.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The servers of the workspace that exist already: one for each major version, newest first, and the embedded one.
    /// They can be looked at and stopped with the programs of any version; starting one takes programs of its own.
    #[must_use]
    pub fn existing(&self) -> Vec<Self> {
        let entries = self.base.join(&self.workspace).read_dir().into_iter().flatten();
        let names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let mut majors: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
        majors.sort_unstable_by(|a, b| b.cmp(a));
        let embedded = names.iter().filter(|name| *name == EMBEDDED).cloned();
        let places = majors.iter().map(u32::to_string).chain(embedded);
        places.map(|place| Self { place, ..self.clone() }).collect()
    }
}

/// Where the servers of a user are.
pub(crate) fn base_directory(root: bool, dirs: &UserDirs) -> Result<PathBuf> {
    if root {
        return Ok(PathBuf::from("/var/lib/authority"));
    }
    // The XDG specification has relative paths ignored.
    let absolute = |dir: &Option<PathBuf>| dir.clone().filter(|dir| dir.is_absolute());
    absolute(&dirs.state_home)
        .or_else(|| absolute(&dirs.home).map(|home| home.join(".local/state")))
        .map(|state_home| state_home.join("authority"))
        .ok_or(LocalPostgresError::NoStateHome)
}

/// The workspace's name, for people, and a digest of its path, so that two of one name stay apart.
fn directory_name(workspace: &Path) -> String {
    /// Enough to recognise; the socket's path has little room.
    const NAME_LENGTH: usize = 24;
    let name = workspace.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' })
        .take(NAME_LENGTH)
        .collect();
    let digest = Sha256::digest(workspace.as_os_str().as_encoded_bytes());
    format!("{}-{}", if name.is_empty() { "workspace" } else { &name }, hex(&digest[..5]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_root_is_kept_where_an_unprivileged_server_can_enter() {
        let dirs = UserDirs { home: Some("/root".into()), ..UserDirs::default() };
        assert_eq!(base_directory(true, &dirs).unwrap(), Path::new("/var/lib/authority"));
    }

    #[test]
    fn the_state_of_a_user_is_kept_in_the_state_home_or_under_the_home() {
        let home = UserDirs { home: Some("/home/ada".into()), ..UserDirs::default() };
        assert_eq!(base_directory(false, &home).unwrap(), Path::new("/home/ada/.local/state/authority"));
        let state_home = UserDirs { state_home: Some("/state".into()), ..home.clone() };
        assert_eq!(base_directory(false, &state_home).unwrap(), Path::new("/state/authority"));
        let relative = UserDirs { state_home: Some("state".into()), ..home };
        assert_eq!(base_directory(false, &relative).unwrap(), Path::new("/home/ada/.local/state/authority"));
        assert!(matches!(base_directory(false, &UserDirs::default()), Err(LocalPostgresError::NoStateHome)));
    }

    #[test]
    fn workspaces_of_one_name_get_different_directories() {
        let (a, b) = (directory_name(Path::new("/a/authority")), directory_name(Path::new("/b/authority")));
        assert!(a.starts_with("authority-") && b.starts_with("authority-"), "{a} {b}");
        assert_ne!(a, b);
        assert_eq!(a, directory_name(Path::new("/a/authority")));
    }

    #[test]
    fn a_workspace_name_keeps_only_characters_that_are_safe_in_a_path() {
        let name = directory_name(Path::new("/a/my \"$(reboot)\" work.space, the second of them"));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
        assert!(name.len() <= 35, "{name}");
        assert!(directory_name(Path::new("/")).starts_with("workspace-"));
    }
}
