//! A database URL, understood and checked.

mod assemble;
mod libpq;
pub(crate) mod options;
mod parameters;
mod print;
#[cfg(test)]
mod tests;
mod tls;
mod url;
mod values;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::{
    ConfigError, Environment, Host, Password, PoolSettings, PreparedStatements, TargetSessionAttrs,
    TlsSettings,
};

pub use url::url_has_password;

/// Where the database is, who asks, and how: all that a `DATABASE_URL` says, with its defaults filled in.
///
/// The form is that of libpq (PostgreSQL manual, "Connection URIs"), with three differences: a database must be
/// named, no host means `localhost`, and an unknown parameter is an error. `Debug` and `Display` show everything
/// but the password; only [`Config::to_url`] and [`Config::libpq_variables`] reveal it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) hosts: Vec<Host>,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: Option<Password>,
    /// Named by the URL (`passfile`).
    pub(crate) password_file: Option<PathBuf>,
    /// Where libpq looks without being told: `PGPASSFILE`, then `~/.pgpass`.
    pub(crate) default_password_file: Option<PathBuf>,
    pub(crate) tls: TlsSettings,
    pub(crate) target_session_attrs: TargetSessionAttrs,
    pub(crate) application_name: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) prepared_statements: PreparedStatements,
    pub(crate) pool: PoolSettings,
}

impl Config {
    /// The name under which the sessions show in `pg_stat_activity` unless the URL gives another.
    pub const DEFAULT_APPLICATION_NAME: &'static str = "authority";
    /// How long one attempt to connect may take unless the URL says otherwise.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// The configuration of `DATABASE_URL`, or nothing when it is unset or empty. Fails as [`Config::parse`] does.
    pub fn from_environment(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let Some(url) = environment.get_os("DATABASE_URL") else { return Ok(None) };
        let url = url.to_str().ok_or(ConfigError::NotUnicode("DATABASE_URL"))?;
        Self::parse(url, environment).map(Some)
    }

    /// Understands a database URL. What it leaves open comes from the environment: `PGUSER` (then the user of the
    /// operating system), `PGPASSWORD` or the password file, `SSL_MODE`, `SSL_CA`, `SSL_CERT` and `SSL_KEY`, and
    /// `PGOPTIONS`, `PGSSLCERT` and `PGSSLKEY`, which the driver reads in any case. Fails on the first thing that
    /// is malformed, unknown, out of range or contradictory.
    pub fn parse(url: &str, environment: &Environment) -> Result<Self, ConfigError> {
        assemble::parse(url, environment)
    }

    /// The servers, in the order in which they are tried; never empty.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The first server.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.hosts[0]
    }

    /// The port of the first server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.host().port()
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The role that connects.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, where the URL or `PGPASSWORD` gave one. A password file is not consulted here.
    #[must_use]
    pub fn password(&self) -> Option<&Password> {
        self.password.as_ref()
    }

    /// How the connection is encrypted.
    #[must_use]
    pub fn tls(&self) -> &TlsSettings {
        &self.tls
    }

    /// Which server of several is acceptable.
    #[must_use]
    pub fn target_session_attrs(&self) -> TargetSessionAttrs {
        self.target_session_attrs
    }

    /// The name under which the sessions show in `pg_stat_activity`.
    #[must_use]
    pub fn application_name(&self) -> &str {
        &self.application_name
    }

    /// How long one attempt to connect to one host may take.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// After what time the server cancels a statement, or nothing when the URL does not limit it.
    #[must_use]
    pub fn statement_timeout(&self) -> Option<Duration> {
        self.statement_timeout
    }

    /// Server settings of every session (`options=-c name=value`), in order.
    #[must_use]
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// Whether named prepared statements may be used.
    #[must_use]
    pub fn prepared_statements(&self) -> PreparedStatements {
        self.prepared_statements
    }

    /// How the pool behaves.
    #[must_use]
    pub fn pool_settings(&self) -> &PoolSettings {
        &self.pool
    }

    /// Whether every server is on this machine: a socket, a loopback address, or `localhost`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.hosts.iter().all(Host::is_local)
    }

    /// The same, for another database. Fails when the name is empty, has a NUL or is longer than 63 bytes.
    pub fn with_database(&self, name: &str) -> Result<Self, ConfigError> {
        let database = values::name("the database name", name)?;
        Ok(Self { database, ..self.clone() })
    }

    /// The same, for another role. The password, which was the other role's, is dropped; a password file is
    /// consulted again. Fails when the name is empty, has a NUL or is longer than 63 bytes.
    pub fn with_user(&self, name: &str) -> Result<Self, ConfigError> {
        let user = values::name("the user name", name)?;
        let password = self.password.clone().filter(|_| user == self.user);
        Ok(Self { user, password, ..self.clone() })
    }

    /// The same, with another password. Fails when it has a NUL.
    pub fn with_password(&self, password: Password) -> Result<Self, ConfigError> {
        values::no_nul("the password", password.reveal())?;
        let password = Some(password).filter(|password| !password.reveal().is_empty());
        Ok(Self { password, ..self.clone() })
    }

    /// The same with every session acting as another role from its beginning on, which the server permits to members
    /// of that role. Fails when the name has a control character.
    pub fn acting_as(&self, role: &str) -> Result<Self, ConfigError> {
        if role.contains(char::is_control) {
            return Err(ConfigError::value("options", role, "a role without control characters in its name"));
        }
        let role = vec![("role".to_owned(), role.to_owned())];
        Ok(Self { options: options::merge(self.options.clone(), role), ..self.clone() })
    }

    /// The same, under another name in `pg_stat_activity`. Fails when it is empty, has a NUL or is longer than 63
    /// bytes.
    pub fn with_application_name(&self, name: &str) -> Result<Self, ConfigError> {
        let application_name = values::name("application_name", name)?;
        Ok(Self { application_name, ..self.clone() })
    }
}

impl fmt::Display for Config {
    /// [`Config::url_without_password`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url_without_password())
    }
}
