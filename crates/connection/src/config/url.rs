//! The outer form of a database URL: which text is the user, a host, the database, a parameter.

use percent_encoding::percent_decode_str;

use crate::{ConfigError, Password};

/// The parts of a URL, decoded, none of them judged yet.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) user: Option<String>,
    pub(super) password: Option<Password>,
    /// Each host with the text of its port; empty where there is none.
    pub(super) hosts: Vec<(String, String)>,
    pub(super) database: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
}

/// Whether a URL contains a password, in front of the host or as a parameter. In doubt, because the URL cannot be
/// understood, the answer is yes: this is asked before a URL is shown, or taken from a command line.
#[must_use]
pub fn url_has_password(url: &str) -> bool {
    match split(url) {
        Ok(parts) => {
            let as_parameter =
                parts.parameters.iter().any(|(name, value)| name == "password" && !value.is_empty());
            parts.password.is_some() || as_parameter || misplaced_delimiter(url)
        }
        Err(_) => url.contains('@') || url.contains("password"),
    }
}

/// Takes a URL apart as libpq does: user and password end at the first `@`, if it stands before the first `/`.
pub(super) fn split(url: &str) -> Result<Parts, ConfigError> {
    let rest = without_scheme(url)?;
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(ConfigError::RawWhitespace);
    }
    let mut parts = Parts::default();
    let (userinfo, rest) = split_userinfo(rest);
    if let Some(userinfo) = userinfo {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        parts.user = non_empty(decode("the user name", user)?);
        parts.password = non_empty(decode("the password", password)?).map(Password::new);
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    if place.contains(['#', '@']) || database.contains('/') {
        return Err(ConfigError::Unencoded);
    }
    if !hosts.is_empty() {
        parts.hosts = hosts.split(',').map(split_host).collect::<Result<_, _>>()?;
    }
    if database.contains('&') {
        return Err(ConfigError::NoQuestionMark);
    }
    parts.database = non_empty(decode("the database name", database)?);
    if !query.is_empty() {
        parts.parameters = query.split('&').map(split_parameter).collect::<Result<_, _>>()?;
    }
    Ok(parts)
}

/// Whether an `@` stands behind the place of user and password: harmless in a parameter, but also what a password
/// with an unencoded `/` or `@` leaves behind, so that nothing of such a URL may be quoted.
pub(super) fn misplaced_delimiter(url: &str) -> bool {
    without_scheme(url).is_ok_and(|rest| split_userinfo(rest).1.contains('@'))
}

fn without_scheme(url: &str) -> Result<&str, ConfigError> {
    url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or(ConfigError::Scheme)
}

fn split_userinfo(rest: &str) -> (Option<&str>, &str) {
    match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => (Some(&rest[..at]), &rest[at + 1..]),
        _ => (None, rest),
    }
}

/// `name`, `name:port`, `[address]` or `[address]:port`, any part of it empty.
fn split_host(text: &str) -> Result<(String, String), ConfigError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inner) => {
            let (address, after) = inner.split_once(']').unwrap_or_default();
            let port = if after.is_empty() { Some("") } else { after.strip_prefix(':') };
            let port = port.filter(|_| address.contains(':'));
            (address, port.ok_or_else(|| ConfigError::Host(text.to_owned()))?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    Ok((decode("a host", host)?, port.to_owned()))
}

fn split_parameter(text: &str) -> Result<(String, String), ConfigError> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(ConfigError::NoValue(text.to_owned()));
    };
    let name = decode("the name of a parameter", name)?;
    let value = decode(&format!("the parameter {name:?}"), value)?;
    Ok((name, value))
}

fn decode(what: &str, text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::PercentEncoding(what.to_owned());
    let well_formed = text
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit));
    if !well_formed {
        return Err(wrong());
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| wrong())?.into_owned();
    super::values::no_nul(what, &decoded)?;
    Ok(decoded)
}

fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
