use std::env::split_paths;
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::str::FromStr;

/// A version of PgBouncer. Its settings depend on it: it does not start with one that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

/// Where distributions put it, beside `PATH`: ordinary users often have no `sbin` there.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

impl Version {
    /// The first that carries named prepared statements in transaction mode (`max_prepared_statements`).
    pub(super) const CARRIES_STATEMENTS: Self = Self { major: 1, minor: 21 };

    /// The version of the PgBouncer that is installed on this machine, if one is.
    pub(super) fn installed(path: Option<&OsStr>) -> Option<Self> {
        let folders = path.into_iter().flat_map(split_paths).chain(FOLDERS.map(PathBuf::from));
        let program = folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())?;
        let output = Command::new(program).arg("--version").env_clear().stdin(Stdio::null()).output().ok()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.lines().next()?.strip_prefix("PgBouncer ")?.parse().ok()
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.trim().split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self { major, minor }),
            _ => Err("a version such as 1.21".to_owned()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("1.9.0") < version("1.18.0"));
        assert!(
            version("1.18.0") < Version::CARRIES_STATEMENTS && Version::CARRIES_STATEMENTS <= version("1.21")
        );
        assert!(version("2.0") > Version::CARRIES_STATEMENTS);
        for bad in ["", "1", "one.two", "1.", ".1"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
