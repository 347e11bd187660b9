//! The parameters of a URL, each at most once and each of them known.

use std::collections::BTreeMap;

use crate::ConfigError;

/// What may stand behind the `?`.
const KNOWN: [&str; 25] = [
    "application_name",
    "checkout_timeout",
    "connect_timeout",
    "dbname",
    "host",
    "initial_pool_size",
    "max_idle_pool_size",
    "max_pool_size",
    "options",
    "passfile",
    "password",
    "port",
    "prepared_statements",
    "retry_attempts",
    "retry_delay",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement_timeout",
    "target_session_attrs",
    "user",
    // libpq accepts these two in a URL; their only value here is the one that changes nothing.
    "channel_binding",
    "gssencmode",
    "client_encoding",
];

/// What libpq knows and this software does not.
const UNSUPPORTED: [&str; 29] = [
    "fallback_application_name",
    "gssdelegation",
    "gsslib",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslnegotiation",
    "sslsni",
    "tcp_user_timeout",
];

/// The parameters that a URL gives.
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Fails on the first parameter that is unknown or given twice.
    pub(super) fn check(given: Vec<(String, String)>) -> Result<Self, ConfigError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in given {
            let Some(known) = KNOWN.into_iter().find(|known| *known == name) else {
                return Err(unknown(name));
            };
            if parameters.insert(known, value).is_some() {
                return Err(ConfigError::Twice(known));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter, if it is given and not empty.
    pub(super) fn get(&self, name: &'static str) -> Option<&str> {
        debug_assert!(KNOWN.contains(&name), "{name} would never be accepted");
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn unknown(name: String) -> ConfigError {
    if UNSUPPORTED.contains(&name.as_str()) {
        return ConfigError::UnsupportedParameter { name };
    }
    let alike = |known: &&str| strsim::jaro_winkler(known, &name.to_lowercase());
    let suggestion =
        KNOWN.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|best| alike(best) > 0.8);
    ConfigError::UnknownParameter { name, suggestion }
}
