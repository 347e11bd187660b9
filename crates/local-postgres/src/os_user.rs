//! The operating-system user that PostgreSQL runs as.

use std::ffi::OsStr;
use std::os::unix::fs::lchown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::unistd::{Uid, User, geteuid};

use crate::error::{LocalPostgresError, Result};

/// What PostgreSQL's programs find their own tools with: a shell, `rm`, `locale`.
pub(crate) const PROGRAM_PATH: &str = "/usr/bin:/bin";

/// The user that the server runs as and that owns its data.
#[derive(Debug, Clone)]
pub(crate) struct OsUser {
    uid: u32,
    /// The user and group to become before running a program: set when this process is root.
    switch_to: Option<(u32, u32)>,
}

impl OsUser {
    /// This process's own user, or for root `postgres`, or else `nobody`. Fails when root has neither.
    pub(crate) fn for_server() -> Result<Self> {
        let me = geteuid();
        if !me.is_root() {
            return Ok(Self { uid: me.as_raw(), switch_to: None });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .filter(|user| !user.uid.is_root())
            .map(|user| Self {
                uid: user.uid.as_raw(),
                switch_to: Some((user.uid.as_raw(), user.gid.as_raw())),
            })
            .ok_or(LocalPostgresError::NoUnprivilegedUser)
    }

    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether the server's user is another one than this process's.
    pub(crate) fn is_another(&self) -> bool {
        self.switch_to.is_some()
    }

    /// Gives a file or directory to this user. A symbolic link is not followed.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        let Some((uid, gid)) = self.switch_to else { return Ok(()) };
        lchown(path, Some(uid), Some(gid)).map_err(LocalPostgresError::io("change the owner of", path))
    }

    /// Gives an open file to this user.
    pub(crate) fn own_file(&self, file: &std::fs::File) -> std::io::Result<()> {
        let Some((uid, gid)) = self.switch_to else { return Ok(()) };
        std::os::unix::fs::fchown(file, Some(uid), Some(gid))
    }

    /// A command that runs as this user, with an environment of its own: neither `PGDATA` and its like nor
    /// a secret of the caller reaches the server.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", PROGRAM_PATH)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null());
        if let Some((uid, gid)) = self.switch_to {
            command.uid(uid).gid(gid);
        }
        command
    }
}

/// The name of a user for an error message.
pub(crate) fn name_of(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => format!("user {}", user.name),
        _ => format!("user {uid}"),
    }
}

/// What a failed program printed, in one text.
pub(crate) fn printed(output: &Output) -> String {
    let text = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    let text = text.join("\n").trim().to_owned();
    if text.is_empty() { output.status.to_string() } else { text }
}
