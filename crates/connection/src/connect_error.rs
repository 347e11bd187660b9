//! Why a connection could not be made.

mod classify;
mod fix;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use classify::{classify, classify_client};

use crate::{Host, TargetSessionAttrs};

/// Who wanted to reach what; every message names as much of it as matters, and never a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The server.
    pub host: Host,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
}

/// What the driver or the server reported.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a connection could not be made: one sentence, whose cause is in `source` and whose remedy in
/// [`ConnectError::fix`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the fields are what the messages name: `at` is where, `source` what was answered"
)]
pub enum ConnectError {
    /// The name does not resolve.
    #[error("cannot reach PostgreSQL at {}: the host name is not known", at.host)]
    UnknownHost { at: Box<Target> },
    /// Nothing listens there.
    #[error("cannot reach PostgreSQL at {}: connection refused", at.host)]
    Refused { at: Box<Target> },
    /// The file of the socket does not exist.
    #[error("cannot reach PostgreSQL at {}: there is no such socket", at.host)]
    NoSocket { at: Box<Target> },
    /// The user of the operating system may not open the socket.
    #[error("cannot reach PostgreSQL at {}: no permission to open the socket", at.host)]
    SocketForbidden { at: Box<Target> },
    /// The network gave another error.
    #[error("cannot reach PostgreSQL at {}", at.host)]
    Unreachable { at: Box<Target>, source: std::io::Error },
    /// No answer came in time.
    #[error("cannot reach PostgreSQL at {}: no answer within {} s", at.host, after.as_secs_f64())]
    Timeout { at: Box<Target>, after: Duration },
    /// Whoever listens there hung up before it let the client in. Without TLS, something else than PostgreSQL may
    /// look like that too: what it says reads as the beginning of a long message.
    #[error("what answers at {} closed the connection before it was established", at.host)]
    Closed { at: Box<Target> },
    /// Something else than PostgreSQL answers there.
    #[error("what answers at {} does not speak the protocol of PostgreSQL", at.host)]
    NotPostgres { at: Box<Target>, source: Cause },
    /// The pool could not open its first connections in time.
    #[error("PostgreSQL at {} did not give the {connections} connections of the pool within {} s", at.host, after.as_secs_f64())]
    PoolTimeout { at: Box<Target>, connections: u32, after: Duration },
    /// A password is asked for and there is none (28P01).
    #[error("PostgreSQL at {} asks for the password of user {:?}, and none was given", at.host, at.user)]
    PasswordMissing { at: Box<Target> },
    /// The password file is readable by others, so its password was not used.
    #[error("PostgreSQL at {} asks for the password of user {:?}, and {} is ignored because others may read it", at.host, at.user, path.display())]
    PasswordFileExposed { at: Box<Target>, path: PathBuf },
    /// The password is wrong, or the role does not exist: the server does not tell which (28P01).
    #[error("PostgreSQL at {} refused the password of user {:?}", at.host, at.user)]
    PasswordRefused { at: Box<Target> },
    /// Another way of authentication failed: peer, certificate, LDAP (28000).
    #[error("PostgreSQL at {} refused user {:?}", at.host, at.user)]
    AuthenticationFailed { at: Box<Target>, source: Cause },
    /// `pg_hba.conf` has no line for this client, or one that rejects it.
    #[error("PostgreSQL at {} has no pg_hba.conf entry that admits user {:?} to database {:?}{}", at.host, at.user, at.database, client.as_ref().map(|it| format!(" from {it}")).unwrap_or_default())]
    NoHbaEntry { at: Box<Target>, client: Option<String>, source: Cause },
    /// The role does not exist.
    #[error("PostgreSQL at {} has no role {:?}", at.host, at.user)]
    NoRole { at: Box<Target> },
    /// The role has no LOGIN.
    #[error("the role {:?} at {} is not permitted to log in", at.user, at.host)]
    RoleCannotLogIn { at: Box<Target> },
    /// The database does not exist (3D000).
    #[error("there is no database {:?} at {}", at.database, at.host)]
    NoDatabase { at: Box<Target> },
    /// The database does not accept connections (55000).
    #[error("the database {:?} at {} does not accept connections", at.database, at.host)]
    DatabaseClosed { at: Box<Target> },
    /// The role has no CONNECT on the database (42501).
    #[error("user {:?} may not connect to database {:?} at {}", at.user, at.database, at.host)]
    NoConnectPrivilege { at: Box<Target> },
    /// Every slot of the server, or of the pooler, is taken (53300).
    #[error("PostgreSQL at {} has no connection left for user {:?}", at.host, at.user)]
    TooManyConnections { at: Box<Target>, source: Cause },
    /// The role has as many connections as its CONNECTION LIMIT admits (53300).
    #[error("PostgreSQL at {} admits no more connections of the role {:?}", at.host, at.user)]
    RoleLimit { at: Box<Target>, source: Cause },
    /// The database has as many connections as its CONNECTION LIMIT admits (53300).
    #[error("PostgreSQL at {} admits no more connections to the database {:?}", at.host, at.database)]
    DatabaseLimit { at: Box<Target>, source: Cause },
    /// The server is starting, stopping or recovering (57P01, 57P02, 57P03).
    #[error("PostgreSQL at {} is starting up or shutting down", at.host)]
    NotReady { at: Box<Target>, source: Cause },
    /// The server is built or configured without TLS.
    #[error("PostgreSQL at {} does not support TLS, which the sslmode demands", at.host)]
    TlsUnsupported { at: Box<Target> },
    /// The certificate comes from an authority that is not trusted.
    #[error("the certificate of PostgreSQL at {} is not from a trusted authority", at.host)]
    CertificateUntrusted { at: Box<Target> },
    /// The certificate is past its end, or before its beginning.
    #[error("the certificate of PostgreSQL at {} has expired or is not valid yet", at.host)]
    CertificateExpired { at: Box<Target> },
    /// The certificate names other hosts.
    #[error("the certificate of PostgreSQL at {} is not for that host name", at.host)]
    CertificateWrongHost { at: Box<Target> },
    /// The certificate says that it is an authority's (`basicConstraints` CA:TRUE), as `openssl req -x509` makes those
    /// that sign themselves. RFC 5280 §4.2.1.9 has it sign others; it cannot be verified as a server's.
    #[error("the certificate of PostgreSQL at {} is an authority's own, which cannot be verified as a server's", at.host)]
    CertificateOfAuthority { at: Box<Target> },
    /// The server refused the certificate of the client.
    #[error("PostgreSQL at {} refused the certificate of this client, or asks for one", at.host)]
    ClientCertificateRefused { at: Box<Target>, source: Cause },
    /// The certificate of the client and its key do not belong together.
    #[error("the files of sslcert and sslkey do not belong together")]
    ClientCertificateUnusable { at: Box<Target>, source: Cause },
    /// TLS failed in another way.
    #[error("cannot establish TLS with PostgreSQL at {}", at.host)]
    Tls { at: Box<Target>, source: Cause },
    /// A file of `sslrootcert`, `sslcert` or `sslkey` cannot be read.
    #[error("cannot read {}, the file of {parameter}", path.display())]
    TlsFileUnreadable { parameter: &'static str, path: PathBuf, source: std::io::Error },
    /// Such a file holds something else.
    #[error("{}, the file of {parameter}, holds no {expected} in PEM form", path.display())]
    TlsFileUseless { parameter: &'static str, path: PathBuf, expected: &'static str },
    /// The private key is encrypted.
    #[error("{}, the file of sslkey, needs a passphrase, for which nobody can be asked", path.display())]
    TlsKeyEncrypted { path: PathBuf },
    /// The private key is readable by others than its owner.
    #[error("{}, the file of sslkey, is readable by others", path.display())]
    TlsKeyExposed { path: PathBuf },
    /// A setting of `options` does not exist, or not with this value (42704, 22023, 55P02).
    #[error("PostgreSQL at {} refuses a setting that DATABASE_URL or PGOPTIONS asks for", at.host)]
    SettingRefused { at: Box<Target>, source: Cause },
    /// A pooler does not let a startup parameter pass (08P01).
    #[error("the pooler at {} refuses the startup parameter {parameter:?}", at.host)]
    PoolerParameter { at: Box<Target>, parameter: String, source: Cause },
    /// A pooler cannot reach the server behind it.
    #[error("the pooler at {} cannot reach the server behind it", at.host)]
    PoolerWithoutServer { at: Box<Target>, source: Cause },
    /// A pooler does not carry named prepared statements from one server connection to the next.
    #[error("the pooler at {} does not carry prepared statements", at.host)]
    PoolerWithoutStatements { at: Box<Target> },
    /// The server answers, and is not of the wanted kind.
    #[error("PostgreSQL at {} is not acceptable for target_session_attrs={wanted}", at.host)]
    WrongServer { at: Box<Target>, wanted: TargetSessionAttrs },
    /// None of several hosts would do; the reasons are in their order.
    #[error("none of the {} hosts can be used: {}", attempts.len(), sentences(attempts))]
    NoHost { attempts: Vec<ConnectError> },
    /// The server answered with another error.
    #[error("cannot connect to database {:?} at {}", at.database, at.host)]
    Other { at: Box<Target>, source: Cause },
}

impl ConnectError {
    /// The command, or the line to change, that mends it.
    #[must_use]
    pub fn fix(&self) -> String {
        fix::fix(self)
    }

    /// Whether it may well go away by waiting: refused, starting up, or full.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::NotReady { .. }
            | Self::TooManyConnections { .. }
            | Self::RoleLimit { .. }
            | Self::DatabaseLimit { .. } => true,
            Self::NoHost { attempts } => attempts.iter().any(Self::is_transient),
            _ => false,
        }
    }

    /// Whether the next of several hosts is worth trying. As in libpq, a server that knows the client and turns it
    /// away has the last word.
    pub(crate) fn is_about_the_host(&self) -> bool {
        matches!(
            self,
            Self::UnknownHost { .. }
                | Self::Refused { .. }
                | Self::NoSocket { .. }
                | Self::SocketForbidden { .. }
                | Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::Closed { .. }
                | Self::NotPostgres { .. }
                | Self::NotReady { .. }
                | Self::TooManyConnections { .. }
                | Self::RoleLimit { .. }
                | Self::DatabaseLimit { .. }
                | Self::PoolerWithoutServer { .. }
                | Self::WrongServer { .. }
        )
    }
}

fn sentences(attempts: &[ConnectError]) -> String {
    attempts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "database {:?} at {} as user {:?}", self.database, self.host, self.user)
    }
}
