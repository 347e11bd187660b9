//! A configuration as a URL again.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Config, options, values};
use crate::{Host, PoolSettings, PreparedStatements, SslMode, TargetSessionAttrs};

/// What RFC 3986 calls unreserved stays as it is.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// In the value of a parameter, a path stays readable.
const ENCODED_VALUE: AsciiSet = ENCODED.remove(b'/').remove(b':').remove(b',');

impl Config {
    /// The URL **with the password**: for a file or a variable that only its owner reads, never for a log line.
    /// [`Config::parse`] understands it as this configuration again.
    #[must_use]
    pub fn to_url(&self) -> String {
        self.print(true)
    }

    /// The URL without the password, fit for people and logs.
    #[must_use]
    pub fn url_without_password(&self) -> String {
        self.print(false)
    }

    fn print(&self, with_password: bool) -> String {
        let mut url = format!("postgres://{}", encode(&self.user));
        if let Some(password) = self.password.as_ref().filter(|_| with_password) {
            url.push(':');
            url.push_str(&encode(password.reveal()));
        }
        let hosts: Vec<_> = self.hosts.iter().map(print_host).collect();
        url.push('@');
        url.push_str(&hosts.join(","));
        url.push('/');
        url.push_str(&encode(&self.database));
        let mut separator = '?';
        for (name, value) in self.parameters() {
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(&value, &ENCODED_VALUE));
            separator = '&';
        }
        url
    }

    /// The parameters that differ from their defaults.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|it| it.display().to_string());
        let seconds = |value, default| (value != default).then(|| values::print_seconds(value));
        let number = |value: u32, default| (value != default).then(|| value.to_string());
        let pool = PoolSettings::default();
        let given = [
            ("sslmode", (self.tls.mode != SslMode::default()).then(|| self.tls.mode.to_string())),
            ("sslrootcert", path(&self.tls.root_certificate)),
            ("sslcert", path(&self.tls.certificate)),
            ("sslkey", path(&self.tls.key)),
            ("passfile", path(&self.password_file)),
            (
                "target_session_attrs",
                (self.target_session_attrs != TargetSessionAttrs::default())
                    .then(|| self.target_session_attrs.to_string()),
            ),
            (
                "application_name",
                (self.application_name != Self::DEFAULT_APPLICATION_NAME)
                    .then(|| self.application_name.clone()),
            ),
            ("connect_timeout", seconds(self.connect_timeout, Self::DEFAULT_CONNECT_TIMEOUT)),
            ("statement_timeout", self.statement_timeout.map(|it| format!("{}ms", it.as_millis()))),
            ("options", (!self.options.is_empty()).then(|| options::print(&self.options))),
            (
                "prepared_statements",
                (self.prepared_statements != PreparedStatements::default())
                    .then(|| self.prepared_statements.to_string()),
            ),
            ("initial_pool_size", number(self.pool.initial_pool_size, pool.initial_pool_size)),
            ("max_pool_size", number(self.pool.max_pool_size, pool.max_pool_size)),
            ("max_idle_pool_size", self.pool.max_idle_pool_size.map(|it| it.to_string())),
            ("checkout_timeout", seconds(self.pool.checkout_timeout, pool.checkout_timeout)),
            ("retry_attempts", number(self.pool.retry_attempts, pool.retry_attempts)),
            ("retry_delay", seconds(self.pool.retry_delay, pool.retry_delay)),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &ENCODED).to_string()
}

fn print_host(host: &Host) -> String {
    match host {
        // The colons of an address stay; the `%` of its zone does not.
        Host::Tcp { name, port } if name.contains(':') => format!("[{}]:{port}", name.replace('%', "%25")),
        Host::Tcp { name, port } => format!("{}:{port}", encode(name)),
        Host::Socket { directory, port } => format!("{}:{port}", encode(&directory.display().to_string())),
    }
}
