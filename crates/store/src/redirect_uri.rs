//! Redirect URIs of requests beside those of a registration.

use crate::ClientMetadata;

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
    let is_port = port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with('0');
    let is_whole = rest.is_empty() || rest.starts_with(['/', '?']);
    (is_port && is_whole).then(|| format!("{host}{rest}"))
}

#[cfg(test)]
mod tests {
    use authority_entity::sea_orm_active_enums::{ClientType, TokenEndpointAuthMethod};

    use crate::ClientMetadata;

    fn registered(uri: &str) -> ClientMetadata {
        ClientMetadata {
            redirect_uris: vec![uri.to_owned()],
            ..ClientMetadata::new("App", ClientType::Public, TokenEndpointAuthMethod::None)
        }
    }

    #[test]
    fn a_native_app_may_listen_on_any_port_of_a_loopback_literal_that_is_registered_without_one() {
        for (of_client, good) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
            ("http://127.0.0.1/cb?a=b", "http://127.0.0.1:65535/cb?a=b"),
            ("http://127.0.0.1", "http://127.0.0.1:49152"),
            ("http://127.0.0.1?a=b", "http://127.0.0.1:49152?a=b"),
            ("http://[::1]/", "http://[::1]:49152/"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8080/cb"),
            ("https://app.example/cb", "https://app.example/cb"),
        ] {
            assert!(registered(of_client).admits_redirect_uri(good), "{of_client} and {good}");
        }
    }

    #[test]
    fn everything_else_is_compared_character_by_character() {
        for (of_client, bad) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/other"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?a=b"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb"),
            ("http://127.0.0.1/cb", "HTTP://127.0.0.1:80/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1:80/cb"),
            ("http://127.0.0.1/cb", "http://[::1]:80/cb"),
            ("http://127.0.0.1/cb", "http://localhost:80/cb"),
            ("http://127.0.0.1", "http://127.0.0.1:80@evil.example"),
            ("http://127.0.0.1", "http://127.0.0.1:80.evil.example"),
            ("http://127.0.0.1", "http://127.0.0.1:80#"),
            ("http://127.0.0.1", "http://127.0.0.1:80\\"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8081/cb"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
            ("http://localhost/cb", "http://localhost:80/cb"),
            ("https://app.example/cb", "https://app.example:443/cb"),
            ("https://app.example/cb", "https://app.example/CB"),
        ] {
            assert!(!registered(of_client).admits_redirect_uri(bad), "{of_client} and {bad}");
        }
    }
}
