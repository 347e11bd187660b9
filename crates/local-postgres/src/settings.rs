//! The configuration files of a private server.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::{LocalPostgresError, Result};
use crate::files::{read_file, replace_file};
use crate::os_user::OsUser;
use crate::programs::Engine;

/// The file in the data directory that is written at each start.
const FILE: &str = "authority.conf";

/// Who may connect: everybody through the socket, whose directory is private, and with a password through TCP.
const ACCESS: &str = "\
# TYPE  DATABASE  USER  ADDRESS       METHOD
local   all       all                 trust
host    all       all   127.0.0.1/32  scram-sha-256
";

/// Settings of PostgreSQL in the order in which they are written; of two of one name, the later one counts.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Vec<(String, String)>);

impl Settings {
    /// For a server that is kept.
    pub(crate) fn kept(engine: Engine) -> Self {
        Self::common(engine).with("max_connections", "200")
    }

    /// For a server whose data nobody will miss: nothing waits for the disk. A commit still reaches the kernel
    /// before it is answered, so that it outlives a kill of the server, as tests of crashes expect.
    pub(crate) fn ephemeral(engine: Engine) -> Self {
        Self::common(engine)
            .with("max_connections", "300")
            .with("fsync", "off")
            .with("full_page_writes", "off")
    }

    fn common(engine: Engine) -> Self {
        let settings = match engine {
            Engine::Local => Self(Vec::new()),
            // Its initdb does not find out what the machine can give, and falls back to 400 kB.
            Engine::Embedded => Self(Vec::new()).with("shared_buffers", "128MB"),
        };
        settings
            .with("listen_addresses", "127.0.0.1")
            .with("unix_socket_permissions", "0700")
            .with("password_encryption", "scram-sha-256")
            .with("logging_collector", "off")
            .with("timezone", "UTC")
            .with("log_timezone", "UTC")
            .with("max_locks_per_transaction", "256")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes them for the next start, with the socket and port of that start.
    pub(crate) fn write(&self, data_dir: &Path, socket_dir: &Path, port: u16, user: &OsUser) -> Result<()> {
        let mut text = String::from(
            "# Written at each start. ALTER SYSTEM, or a line after the include in postgresql.conf, overrides it.\n",
        );
        // In double quotes, because the setting is a list that commas separate.
        let socket_dirs = format!("\"{}\"", socket_dir.display());
        let place =
            [("port".to_owned(), port.to_string()), ("unix_socket_directories".to_owned(), socket_dirs)];
        for (name, value) in place.iter().chain(&self.0) {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "''"));
        }
        replace_file(&data_dir.join(FILE), text.as_bytes(), Some(user))
    }
}

/// Replaces the access rules of a new data directory, and makes its configuration include the file that
/// [`Settings::write`] writes.
pub(crate) fn prepare(data_dir: &Path, user: &OsUser) -> Result<()> {
    replace_file(&data_dir.join("pg_hba.conf"), ACCESS.as_bytes(), Some(user))?;
    let path = data_dir.join("postgresql.conf");
    let original = read_file(&path)?
        .ok_or_else(|| LocalPostgresError::io("read", &path)(std::io::ErrorKind::NotFound.into()))?;
    replace_file(&path, format!("{original}\ninclude '{FILE}'\n").as_bytes(), Some(user))
}
