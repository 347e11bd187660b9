//! The options of the driver.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::connect_error::Target;
use crate::password_file::{Lookup, look_up};
use crate::{Config, ConnectError, Host, Password, SslMode};

/// What the driver does unless told otherwise.
const STATEMENT_CACHE: usize = 100;

/// Options for one host, and what came of looking for a password.
pub(super) struct Prepared {
    pub(super) options: PgConnectOptions,
    pub(super) password_given: bool,
    pub(super) exposed_password_file: Option<PathBuf>,
}

impl Config {
    pub(crate) fn target(&self, host: &Host) -> Target {
        Target { host: host.clone(), database: self.database.clone(), user: self.user.clone() }
    }

    /// Everything is set explicitly, because the driver starts from the `PG…` variables of the process. Two kinds
    /// cannot be taken back: `PGOPTIONS`, and `PGSSLCERT` with `PGSSLKEY`; the configuration contains them.
    pub(super) fn driver_options(&self, host: &Host, files: &TlsFiles) -> Prepared {
        let (password, exposed_password_file) = self.password_for(host);
        let mut options = PgConnectOptions::new_without_pgpass()
            .port(host.port())
            .username(&self.user)
            // An empty password is what the driver sends when it has none.
            .password(password.as_ref().map_or("", Password::reveal))
            .database(&self.database)
            .application_name(&self.application_name)
            // Since PostgreSQL 12 the default is exact, and PgBouncer refuses the parameter.
            .extra_float_digits(None)
            .ssl_root_cert_from_pem(files.root_certificate.clone().unwrap_or_default())
            .disable_statement_logging();
        options = match host {
            Host::Tcp { name, .. } => options.host(name),
            Host::Socket { directory, .. } => options.host("localhost").socket(directory),
        };
        if let Some((certificate, key)) = &files.client {
            options = options.ssl_client_cert_from_pem(certificate).ssl_client_key_from_pem(key);
        }
        let settings = self.session_settings();
        if !settings.is_empty() {
            options = options.options(settings);
        }
        Prepared { options, password_given: password.is_some(), exposed_password_file }
    }

    /// The server settings that every session begins with.
    pub(crate) fn session_settings(&self) -> Vec<(String, String)> {
        let timeout = self.statement_timeout.map(|it| it.as_millis().to_string());
        let timeout = timeout.map(|value| ("statement_timeout".to_owned(), value));
        self.options.iter().cloned().chain(timeout).collect()
    }

    /// The password for a host, or the file in which it was not looked up because others may read it.
    pub(crate) fn password_for(&self, host: &Host) -> (Option<Password>, Option<PathBuf>) {
        if let Some(password) = &self.password {
            return (Some(password.clone()), None);
        }
        let Some(path) = self.password_file.as_ref().or(self.default_password_file.as_ref()) else {
            return (None, None);
        };
        match look_up(path, host, &self.database, &self.user) {
            Lookup::Found(password) => (Some(password), None),
            Lookup::Nothing => (None, None),
            Lookup::Exposed => (None, Some(path.clone())),
        }
    }

    /// The modes to try one after the other; the driver itself takes `allow` for `disable`, does not turn back
    /// from TLS to plain when `pg_hba.conf` asks for it, and verifies nothing under `require`.
    pub(super) fn ssl_modes(&self, host: &Host) -> &'static [PgSslMode] {
        if host.socket_file().is_some() {
            return &[PgSslMode::Disable];
        }
        match self.tls.mode {
            SslMode::Disable => &[PgSslMode::Disable],
            SslMode::Allow => &[PgSslMode::Disable, PgSslMode::Require],
            SslMode::Prefer => &[PgSslMode::Prefer, PgSslMode::Disable],
            SslMode::Require if self.tls.root_certificate.is_none() => &[PgSslMode::Require],
            SslMode::Require | SslMode::VerifyCa => &[PgSslMode::VerifyCa],
            SslMode::VerifyFull => &[PgSslMode::VerifyFull],
        }
    }
}

pub(super) fn with_statements(options: PgConnectOptions, named: bool) -> PgConnectOptions {
    options.statement_cache_capacity(if named { STATEMENT_CACHE } else { 0 })
}

/// The contents of the files of TLS, read before anything is sent: the driver reports one that is missing as if
/// the connection had failed.
#[derive(Default)]
pub(crate) struct TlsFiles {
    /// Certificates of authorities.
    pub(crate) root_certificate: Option<Vec<u8>>,
    /// The certificate of this client and its key.
    pub(crate) client: Option<(Vec<u8>, Vec<u8>)>,
}

impl TlsFiles {
    pub(crate) fn read(config: &Config) -> Result<Self, ConnectError> {
        let tls = &config.tls;
        let sockets_only = config.hosts.iter().all(|host| host.socket_file().is_some());
        if tls.mode == SslMode::Disable || sockets_only {
            return Ok(Self::default());
        }
        let root_certificate =
            tls.root_certificate.as_ref().map(|path| read_authorities(path)).transpose()?;
        let client = match (&tls.certificate, &tls.key) {
            (Some(certificate), Some(key)) => {
                let chain = read("sslcert", certificate)?;
                require(certificates(&chain).is_some(), "sslcert", certificate, "certificate")?;
                Some((chain, read_key(key)?))
            }
            _ => None,
        };
        Ok(Self { root_certificate, client })
    }
}

fn read(parameter: &'static str, path: &Path) -> Result<Vec<u8>, ConnectError> {
    let unreadable = |source| ConnectError::TlsFileUnreadable { parameter, path: path.into(), source };
    std::fs::read(path).map_err(unreadable)
}

fn require(
    condition: bool,
    parameter: &'static str,
    path: &Path,
    expected: &'static str,
) -> Result<(), ConnectError> {
    let useless = || ConnectError::TlsFileUseless { parameter, path: path.into(), expected };
    condition.then_some(()).ok_or_else(useless)
}

/// At least one certificate, every one of them well-formed.
fn certificates(content: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Option<Vec<_>> = CertificateDer::pem_slice_iter(content).map(Result::ok).collect();
    certificates.filter(|certificates| !certificates.is_empty())
}

fn read_authorities(path: &Path) -> Result<Vec<u8>, ConnectError> {
    let content = read("sslrootcert", path)?;
    let mut store = RootCertStore::empty();
    let usable = certificates(&content)
        .is_some_and(|certificates| certificates.into_iter().all(|one| store.add(one).is_ok()));
    require(usable, "sslrootcert", path, "certificate")?;
    Ok(content)
}

/// As in libpq, a key that belongs to this user is for nobody else, and one of root may be for a group.
fn read_key(path: &Path) -> Result<Vec<u8>, ConnectError> {
    use std::os::unix::fs::MetadataExt;
    let content = read("sslkey", path)?;
    if String::from_utf8_lossy(&content).contains("ENCRYPTED") {
        return Err(ConnectError::TlsKeyEncrypted { path: path.into() });
    }
    require(PrivateKeyDer::from_pem_slice(&content).is_ok(), "sslkey", path, "private key")?;
    if let Ok(metadata) = std::fs::metadata(path) {
        let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if metadata.permissions().mode() & forbidden != 0 {
            return Err(ConnectError::TlsKeyExposed { path: path.into() });
        }
    }
    Ok(content)
}
