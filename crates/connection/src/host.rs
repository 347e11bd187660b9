//! Where a PostgreSQL server listens.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// One place where a PostgreSQL server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A host name or an address, and a TCP port.
    Tcp {
        /// The name, IPv4 address, or IPv6 address without brackets.
        name: String,
        /// The TCP port.
        port: u16,
    },
    /// A Unix-domain socket.
    Socket {
        /// The directory in which the socket lies (`unix_socket_directories`).
        directory: PathBuf,
        /// The port, which is part of the name of the socket.
        port: u16,
    },
}

impl Host {
    /// The port of PostgreSQL where none is given.
    pub const DEFAULT_PORT: u16 = 5432;

    /// The port: of TCP, or in the name of the socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp { port, .. } | Self::Socket { port, .. } => *port,
        }
    }

    /// What `psql -h` takes: the host name, the address, or the directory of the socket.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Tcp { name, .. } => name.clone(),
            Self::Socket { directory, .. } => directory.display().to_string(),
        }
    }

    /// The file of the socket, or nothing for TCP.
    #[must_use]
    pub fn socket_file(&self) -> Option<PathBuf> {
        match self {
            Self::Tcp { .. } => None,
            Self::Socket { directory, port } => Some(directory.join(format!(".s.PGSQL.{port}"))),
        }
    }

    /// Whether the server is on this machine by its name: a socket, a loopback address, or `localhost`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Socket { .. } => true,
            Self::Tcp { name, .. } => {
                name.eq_ignore_ascii_case("localhost")
                    || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
            }
        }
    }
}

impl fmt::Display for Host {
    /// `name:port`, `[address]:port`, or the path of the socket.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { name, port } if name.contains(':') => write!(formatter, "[{name}]:{port}"),
            Self::Tcp { name, port } => write!(formatter, "{name}:{port}"),
            Self::Socket { directory, port } => {
                write!(formatter, "{}/.s.PGSQL.{port}", directory.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(name: &str) -> Host {
        Host::Tcp { name: name.into(), port: 5432 }
    }

    #[test]
    fn only_this_machine_is_local() {
        for name in ["localhost", "LocalHost", "127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(tcp(name).is_local(), "{name}");
        }
        for name in ["db.example", "10.0.0.1", "::", "localhost.example", "0.0.0.0"] {
            assert!(!tcp(name).is_local(), "{name}");
        }
        assert!(Host::Socket { directory: "/tmp".into(), port: 1 }.is_local());
    }

    #[test]
    fn a_host_prints_as_people_write_it() {
        assert_eq!(tcp("db.example").to_string(), "db.example:5432");
        assert_eq!(tcp("::1").to_string(), "[::1]:5432");
        assert_eq!(Host::Socket { directory: "/run".into(), port: 5 }.to_string(), "/run/.s.PGSQL.5");
    }
}
