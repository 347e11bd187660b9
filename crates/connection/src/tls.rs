//! How the connection is encrypted, and whom it trusts.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::session::named;

/// Whether the connection is encrypted and the server's certificate verified (PostgreSQL manual, "SSL Support").
///
/// Unix-domain sockets are never encrypted, whatever the mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted only where the server refuses a plain connection.
    Allow,
    /// Encrypted where the server can, plain otherwise.
    #[default]
    Prefer,
    /// Encrypted; the certificate is verified as in `verify-ca` when a root certificate is given, as libpq does,
    /// and not at all otherwise.
    Require,
    /// Encrypted; the certificate comes from a trusted authority.
    VerifyCa,
    /// Encrypted; the certificate comes from a trusted authority and names the host.
    VerifyFull,
}

/// The files of TLS, beside its mode.
///
/// Without a root certificate, `verify-full` trusts the public authorities of the web (the Mozilla list, compiled
/// in); the certificates of the operating system are not read. A given root certificate is trusted alone by
/// [`crate::Config::client_pool`], as libpq does. Elsewhere it is trusted besides them: sqlx has no way to trust it
/// alone, which is why `verify-full` is to be preferred to `verify-ca`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// What is demanded of the connection.
    pub mode: SslMode,
    /// A file of certificates of authorities (PEM).
    pub root_certificate: Option<PathBuf>,
    /// The certificate with which this client presents itself (PEM).
    pub certificate: Option<PathBuf>,
    /// The private key of that certificate (PEM).
    pub key: Option<PathBuf>,
}

impl SslMode {
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];
}

named!(SslMode);
