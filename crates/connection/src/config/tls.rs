//! The TLS settings of a URL and of the environment, brought together.

use std::path::PathBuf;

use super::parameters::Parameters;
use crate::{ConfigError, Environment, SslMode, TlsSettings};

/// The settings. Variables count only where TLS can happen: not when every host is a socket.
pub(super) fn settings(
    parameters: &Parameters,
    environment: &Environment,
    sockets_only: bool,
) -> Result<TlsSettings, ConfigError> {
    let nothing = Environment::default();
    let environment = if sockets_only { &nothing } else { environment };
    let choose = |parameter, variable| either(parameters, environment, parameter, variable);

    let root = choose("sslrootcert", "SSL_CA")?;
    // libpq's word for the authorities that the client trusts anyway; they are only good for `verify-full`.
    let trusts_system = root == Some("system");
    let mode = match choose("sslmode", "SSL_MODE")? {
        Some(text) => {
            text.parse().map_err(|expected: String| ConfigError::value("sslmode", text, expected))?
        }
        None if trusts_system => SslMode::VerifyFull,
        None => SslMode::default(),
    };
    let file = |name: Option<&str>| name.map(PathBuf::from);
    let settings = TlsSettings {
        mode,
        root_certificate: file(root.filter(|_| !trusts_system)),
        certificate: file(choose("sslcert", "SSL_CERT")?.or(environment.get("PGSSLCERT"))),
        key: file(choose("sslkey", "SSL_KEY")?.or(environment.get("PGSSLKEY"))),
    };
    check(&settings, trusts_system)?;
    Ok(settings)
}

/// The value of the URL, else of the variable. Fails when both are there and differ: which of them an operator
/// meant is not for a program to guess where the safety of the connection depends on it.
fn either<'a>(
    parameters: &'a Parameters,
    environment: &'a Environment,
    parameter: &'static str,
    variable: &'static str,
) -> Result<Option<&'a str>, ConfigError> {
    match (parameters.get(parameter), environment.get(variable)) {
        (Some(in_url), Some(in_variable)) if in_url != in_variable => Err(ConfigError::Disagreement {
            parameter,
            in_url: in_url.to_owned(),
            variable,
            in_variable: in_variable.to_owned(),
        }),
        (in_url, in_variable) => Ok(in_url.or(in_variable)),
    }
}

fn check(settings: &TlsSettings, trusts_system: bool) -> Result<(), ConfigError> {
    let mode = settings.mode;
    let wrong = |sentence: String| Err(ConfigError::Contradiction(sentence));
    match (&settings.certificate, &settings.key) {
        (Some(_), None) => return wrong("sslcert needs sslkey, the private key of the certificate".into()),
        (None, Some(_)) => return wrong("sslkey needs sslcert, the certificate of the key".into()),
        (Some(_), Some(_)) if mode == SslMode::Disable => {
            return wrong("sslcert has no use with sslmode=disable".into());
        }
        _ => {}
    }
    if settings.root_certificate.is_some() && mode < SslMode::Require {
        return wrong(format!(
            "sslrootcert is given, but sslmode={mode} verifies no certificate: use sslmode=verify-full"
        ));
    }
    if trusts_system && mode != SslMode::VerifyFull {
        return wrong(format!("sslrootcert=system needs sslmode=verify-full, not {mode}"));
    }
    if mode == SslMode::VerifyCa && settings.root_certificate.is_none() {
        return wrong(
            "sslmode=verify-ca without sslrootcert would trust every site with a public certificate: add \
             sslrootcert or use sslmode=verify-full"
                .into(),
        );
    }
    Ok(())
}
