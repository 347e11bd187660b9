//! The variables of the process and of `.env`, read once and passed on as a value.

mod dotenv;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// The environment variables that a program runs with.
///
/// A value, not a global: it is read once, at the edge of the program, and passed to what needs it. Its `Debug`
/// names the variables and never shows what they hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

/// Why the environment could not be read. Names the file and the line, never what stands there.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The current directory, from which `.env` is looked for, is gone or forbidden.
    #[error("cannot tell the current directory, from which .env is looked for")]
    CurrentDirectory(#[source] std::io::Error),
    /// A `.env` exists and cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A `.env`, or the link of that name, belongs to somebody who has no say in what this user works on: who is
    /// neither this user nor root nor the owner of the folder that it lies in.
    #[error(
        "{} belongs to {}, who is neither this user nor root nor the owner of its folder: it is not read",
        path.display(), name_of(*owner)
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The user id of the owner.
        owner: u32,
    },
    /// A line of `.env` is not `NAME=value`.
    #[error("{} line {line}: not of the form NAME=value (quote a value that has spaces)", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
}

impl EnvironmentError {
    /// The command or step that mends it.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::CurrentDirectory(_) => "change to a folder that exists and that you may read".to_owned(),
            Self::Unreadable { path, .. } => format!(
                "let this user read {}, or set the variables in the environment and work in a folder without it",
                path.display()
            ),
            Self::Foreign { path, .. } => format!(
                "look at what is in it; where that is right, make it (and what it links to) yours: sudo chown -h \
                 \"$(id -u)\" '{}'; otherwise work in another folder",
                path.display()
            ),
            Self::Malformed { path, line } => format!("correct line {line} of {}", path.display()),
        }
    }
}

/// The name of a user, where the operating system knows one.
fn name_of(user: u32) -> String {
    let known = nix::unistd::User::from_uid(user.into()).ok().flatten();
    known.map_or_else(|| format!("user {user}"), |known| known.name)
}

impl Environment {
    /// Reads the variables of the process, and below them those of the `.env` that is nearest to the current
    /// directory, looking upward. A variable of the process wins over the same one in the file; the process
    /// environment itself is not changed. Fails when a `.env` is there and cannot be read or parsed, or is somebody's who
    /// has no say here.
    pub fn from_process() -> Result<Self, EnvironmentError> {
        let directory = std::env::current_dir().map_err(EnvironmentError::CurrentDirectory)?;
        let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        if let Some(path) = dotenv::find(&directory) {
            for (name, value) in dotenv::read(&path)? {
                variables.entry(name.into()).or_insert_with(|| value.into());
            }
        }
        Ok(Self { variables })
    }

    /// An environment of exactly these variables, for tests and for what must not depend on the process.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables }
    }

    /// The value of a variable, or nothing when it is unset, empty, or not Unicode.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name)?.to_str()
    }

    /// The value of a variable as the operating system gave it, or nothing when it is unset or empty.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// The names of all variables.
    pub fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.variables.keys().map(OsString::as_os_str)
    }

    /// `PATH`: the directories in which programs are looked for, as one text.
    #[must_use]
    pub fn path(&self) -> Option<&OsStr> {
        self.get_os("PATH")
    }

    /// `HOME`: the directory of the user.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.get_os("HOME").map(PathBuf::from)
    }

    /// `XDG_STATE_HOME`, or `~/.local/state` without it, as the XDG base directory specification has it: a
    /// relative path there is ignored.
    #[must_use]
    pub fn xdg_state_home(&self) -> Option<PathBuf> {
        let named = self.get_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| Some(self.home()?.join(".local/state")))
    }

    /// Whether `NO_COLOR` asks for output without colour: set to anything but nothing (<https://no-color.org>).
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.get_os("NO_COLOR").is_some()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Environment ")?;
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_the_variables_and_hides_their_values() {
        let environment = Environment::from_pairs([("DATABASE_URL", "postgres://u:hunter2@h/d")]);
        assert_eq!(format!("{environment:?}"), r#"Environment {"DATABASE_URL"}"#);
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::from_pairs([("NO_COLOR", ""), ("PATH", "")]);
        assert_eq!(environment.get("NO_COLOR"), None);
        assert!(!environment.no_color());
        assert_eq!(environment.path(), None);
    }

    #[test]
    fn the_state_directory_falls_back_to_the_home_directory() {
        let absolute = Environment::from_pairs([("XDG_STATE_HOME", "/state"), ("HOME", "/home/ada")]);
        assert_eq!(absolute.xdg_state_home(), Some("/state".into()));
        let relative = Environment::from_pairs([("XDG_STATE_HOME", "state"), ("HOME", "/home/ada")]);
        assert_eq!(relative.xdg_state_home(), Some("/home/ada/.local/state".into()));
        assert_eq!(Environment::default().xdg_state_home(), None);
    }
}
