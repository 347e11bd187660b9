//! Redirect URIs: those that a client may register, and those of requests beside them.

#[cfg(test)]
mod tests;

use std::net::Ipv6Addr;

use crate::ClientMetadata;

/// Octets of an address that is registered, at most.
const LONGEST: usize = 2048;

/// The hosts that are the person's own machine.
const LOCAL: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// The loopback literals; `localhost` may lead elsewhere (RFC 8252 section 8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

impl ClientMetadata {
    /// Whether this `redirect_uri` of a request is the client's: one of those registered, character by character (RFC
    /// 9700 section 2.1). Of a native app, which listens on the port that its system gives it, the port may be any,
    /// where the registered address is `http` on a loopback literal without one (RFC 8252 section 7.3).
    ///
    /// [`Store::issue_authorization_code`](crate::Store::issue_authorization_code) decides the same way. An endpoint
    /// asks before it redirects at all.
    #[must_use]
    pub fn admits_redirect_uri(&self, uri: &str) -> bool {
        registrations(uri).iter().any(|form| self.redirect_uris.iter().any(|one| one == form))
    }
}

/// As what the address of a request may be registered.
pub(crate) fn registrations(uri: &str) -> Vec<String> {
    std::iter::once(uri.to_owned()).chain(without_port(uri)).collect()
}

/// An address on a loopback literal without its port.
fn without_port(uri: &str) -> Option<String> {
    let (host, rest) =
        LOOPBACK.iter().find_map(|host| Some((host, uri.strip_prefix(host)?.strip_prefix(':')?)))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (port, rest) = rest.split_at(end);
    let is_whole = rest.is_empty() || rest.starts_with(['/', '?']);
    (is_port(port) && is_whole).then(|| format!("{host}{rest}"))
}

/// Whether a client may register this address, for an authorization response or after a logout: a URI without fragment
/// (RFC 6749 section 3.1.2) and without anybody's name and password, of at most 2048 octets, that is
///
/// - `https` with a host;
/// - `http` on the person's own machine: `127.0.0.1`, `[::1]` or `localhost` (RFC 8252 sections 7.3 and 8.3, RFC 9700
///   section 2.6), since elsewhere anybody on the way would read the code;
/// - of a scheme of the client's own, which is the name of a domain in reverse order (RFC 8252 sections 7.1 and 8.4).
///   So no scheme is registered that a browser or another program takes for itself.
pub(crate) fn may_be_registered(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let is_good = match (scheme.to_ascii_lowercase().as_str(), host(authority)) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => LOCAL.iter().any(|local| host.eq_ignore_ascii_case(local)),
        (_, None) if !authority.is_empty() => false,
        (own, _) => is_reversed_domain(own) && rest.starts_with('/'),
    };
    is_good && uri.len() <= LONGEST && is_of_uri_characters(path)
}

/// The host of an authority that is one and perhaps a port.
fn host(authority: &str) -> Option<&str> {
    let end = authority.find(']').map_or_else(|| authority.find(':').unwrap_or(authority.len()), |at| at + 1);
    let (host, port) = authority.split_at(end);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host.strip_suffix('.').unwrap_or(host).split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
        }),
    };
    (is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.starts_with(|c| matches!(c, '1'..='9')) && text.parse::<u16>().is_ok()
}

/// Two labels at least, as those of a domain's name.
fn is_reversed_domain(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.contains('.')
        && scheme.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        })
}

/// Whether it has only what RFC 3986 lets stand in a path and a query. A browser takes `\` for `/`.
fn is_of_uri_characters(text: &str) -> bool {
    let is_in_place = |c: u8| c.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&c);
    text.bytes().all(is_in_place)
        && text
            .split('%')
            .skip(1)
            .all(|after| after.len() >= 2 && after.bytes().take(2).all(|c| c.is_ascii_hexdigit()))
}
