//! A supervisor that outlives its owner, to clean up after it.
//!
//! The owner holds the write end of a pipe, which is closed when the owner lets go of it or dies, even by
//! SIGKILL. Rust opens pipes close-on-exec, so no other child of the owner holds it open.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::error::{LocalPostgresError, Result};
use crate::os_user::OsUser;
use crate::programs::Programs;

/// Waits for the end of its standard input; then `$1` is `pg_ctl` and `$2` the directory to remove. An
/// `initdb` or a server that was being started when the owner died goes on for a moment: so it tries again
/// until the directory is gone, and nothing can come back without it.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
while read -r line; do :; done
tries=0
while [ -d "$2" ] && [ "$tries" -lt 300 ]; do
    if [ -f "$2/data/postmaster.pid" ]; then
        "$1" stop -D "$2/data" -m immediate -s -w -t 5
    fi
    rm -rf -- "$2" || sleep 0.1
    tries=$((tries + 1))
done
"#;

/// As long as this value lives, the directory does.
#[derive(Debug)]
pub(crate) struct Lifeline {
    supervisor: Child,
}

impl Lifeline {
    /// Ties the directory, and the server whose data is in `data` in it, to this value. The server's user must be able
    /// to remove the directory: it owns it, in a directory that is everybody's or its own.
    pub(crate) fn attach(programs: &Programs, user: &OsUser, directory: &Path) -> Result<Self> {
        let shell = Path::new("/bin/sh");
        let supervisor = user
            .command(shell)
            .args(["-c", SCRIPT, "authority-postgres-lifeline"])
            .arg(programs.pg_ctl())
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C, or a test runner that kills its group, must not reach it.
            .process_group(0)
            .spawn()
            .map_err(LocalPostgresError::io("run", shell))?;
        Ok(Self { supervisor })
    }
}

impl Drop for Lifeline {
    /// Returns when the server is stopped and the directory is gone.
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // An error means that somebody else has waited for it: it is gone.
        let _ = self.supervisor.wait();
    }
}
