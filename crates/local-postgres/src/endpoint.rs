//! How to reach a private server.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The role that owns the database and runs migrations.
pub const OWNER_ROLE: &str = "authority";
/// The role that serves requests.
pub const APP_ROLE: &str = "authority_app";
/// The database, owned by [`OWNER_ROLE`].
pub const DATABASE: &str = "authority_db";
/// The bootstrap superuser. It has no password: it can connect through the socket alone.
pub const SUPERUSER: &str = "postgres";

/// Where a private server listens.
#[derive(Debug, Clone)]
pub struct Endpoint {
    socket_dir: PathBuf,
    port: u16,
    password: Secret,
}

impl Endpoint {
    pub(crate) fn new(socket_dir: PathBuf, port: u16, password: Secret) -> Self {
        Self { socket_dir, port, password }
    }

    /// The address of the database for its owner, through the socket. No password is needed there.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for(OWNER_ROLE, DATABASE)
    }

    /// The address of the database for the role that serves requests, through the socket.
    #[must_use]
    pub fn app_url(&self) -> String {
        self.url_for(APP_ROLE, DATABASE)
    }

    /// The address of the maintenance database for the superuser, through the socket.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url_for(SUPERUSER, "postgres")
    }

    /// The address of any database for any role, through the socket.
    #[must_use]
    pub fn url_for(&self, role: &str, database: &str) -> String {
        let socket_dir = self.socket_dir.to_string_lossy();
        let (role, database, socket_dir) = (encode(role), encode(database), encode(&socket_dir));
        format!("postgres://{role}@{socket_dir}:{}/{database}", self.port)
    }

    /// The address of the database for its owner through TCP on 127.0.0.1, password included.
    #[must_use]
    pub fn tcp_url(&self) -> SecretUrl {
        self.tcp_url_for(DATABASE)
    }

    /// The address of any database for [`OWNER_ROLE`] through TCP on 127.0.0.1, password included.
    #[must_use]
    pub fn tcp_url_for(&self, database: &str) -> SecretUrl {
        let tail = format!("@127.0.0.1:{}/{}", self.port, encode(database));
        SecretUrl {
            shown: format!("postgres://{OWNER_ROLE}:***{tail}"),
            whole: Secret(format!("postgres://{OWNER_ROLE}:{}{tail}", self.password.reveal())),
        }
    }

    /// The directory of the socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The port on 127.0.0.1, which is also in the name of the socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// A database address with a password in it, which shows only when asked to.
#[derive(Clone)]
pub struct SecretUrl {
    shown: String,
    whole: Secret,
}

impl SecretUrl {
    /// The address with the password.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.whole.reveal()
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({})", self.shown)
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A text that does not print itself.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn encode(text: &str) -> impl fmt::Display {
    /// Everything but what RFC 3986 allows everywhere in an address.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, ENCODED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new("/run/user name/s".into(), 5433, Secret("hunter2".into()))
    }

    #[test]
    fn a_socket_address_names_the_directory_percent_encoded() {
        assert_eq!(endpoint().url(), "postgres://authority@%2Frun%2Fuser%20name%2Fs:5433/authority_db");
    }

    #[test]
    fn a_tcp_address_shows_its_password_only_when_asked() {
        let url = endpoint().tcp_url();
        assert_eq!(url.reveal(), "postgres://authority:hunter2@127.0.0.1:5433/authority_db");
        assert_eq!(url.to_string(), "postgres://authority:***@127.0.0.1:5433/authority_db");
        for shown in [format!("{url:?}"), format!("{:?}", endpoint())] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
