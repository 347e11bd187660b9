//! As much of `pg_ctl`'s command line as is needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the options say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    data_dir: Option<PathBuf>,
    log: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    time: Option<Duration>,
    mode: Option<String>,
}

impl Arguments {
    /// Fails at an option that is not known or lacks its value. `-w` and `-s` are what is done anyway: to wait, and to
    /// say nothing unless it fails.
    pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut words = words.into_iter();
        let mut arguments = Self::default();
        while let Some(option) = words.next() {
            let mut value = || words.next().ok_or(format!("{} needs a value", option.display()));
            match option.to_str() {
                Some("-w" | "-s") => {}
                Some("-D") => arguments.data_dir = Some(value()?.into()),
                Some("-l") => arguments.log = Some(value()?.into()),
                Some("-S") => arguments.state_dir = Some(value()?.into()),
                Some("-m") => arguments.mode = Some(value()?.to_string_lossy().into_owned()),
                Some("-t") => {
                    let text = value()?.to_string_lossy().into_owned();
                    let seconds = text.parse().map_err(|_| format!("not a number of seconds: {text}"))?;
                    arguments.time = Some(Duration::from_secs(seconds));
                }
                _ => return Err(format!("unknown option {}", option.display())),
            }
        }
        Ok(arguments)
    }

    /// `-D`: the data directory.
    pub(crate) fn data_dir(&self) -> Result<&Path, String> {
        self.data_dir.as_deref().ok_or("-D is missing".to_owned())
    }

    /// `-l`: what the server's output is appended to.
    pub(crate) fn log(&self) -> Result<&Path, String> {
        self.log.as_deref().ok_or("-l is missing".to_owned())
    }

    /// `-S`: the directory of the files through which commands and the watch agree.
    pub(crate) fn state_dir(&self) -> Result<&Path, String> {
        self.state_dir.as_deref().ok_or("-S is missing".to_owned())
    }

    /// `-t`: how long to wait.
    pub(crate) fn time(&self) -> Duration {
        self.time.unwrap_or(Duration::from_mins(1))
    }

    /// `-m`: how a server ends.
    pub(crate) fn mode(&self) -> &str {
        self.mode.as_deref().unwrap_or("fast")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_line_of_pg_ctl_is_understood() {
        let arguments = parse("-w -s -t 7 -D /data -l /log -m immediate").unwrap();
        assert_eq!(arguments.data_dir().unwrap(), Path::new("/data"));
        assert_eq!(arguments.log().unwrap(), Path::new("/log"));
        assert_eq!(arguments.time(), Duration::from_secs(7));
        assert_eq!(arguments.mode(), "immediate");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["-o x", "-D", "-t soon", "status"] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("").unwrap().data_dir().is_err());
    }
}
