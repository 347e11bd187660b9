//! The version that a PostgreSQL program tells.

use std::cmp::Ordering;
use std::fmt;

/// A version of PostgreSQL, as in `15.18` or `19beta1`. Newer ones are greater; a pre-release is less than
/// every release, so that nobody works with a beta version because it happens to be installed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    major: u32,
    /// The number after the point; `None` for a pre-release.
    minor: Option<u32>,
    text: String,
}

impl Version {
    /// Reads the output of `postgres --version`, as in `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`.
    /// `None` when it is something else.
    #[must_use]
    pub fn parse(output: &str) -> Option<Self> {
        let text = output.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (major, rest) = text.split_at(end);
        let minor = rest.strip_prefix('.').map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            &rest[..end]
        });
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.and_then(|minor| minor.parse().ok()),
            text: text.to_owned(),
        })
    }

    /// The major version: 15 of `15.18`.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The version in full, as the program tells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |version: &Self| (version.minor.is_some(), version.major, version.minor);
        key(self).cmp(&key(other)).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
