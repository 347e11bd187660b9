//! Where the server is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::uri::Authority;
use thiserror::Error;

/// Where people and clients reach the server: `https://auth.example`, the `issuer` of RFC 8414.
///
/// Everything that is sent to it is secret, so it is `https`; but for a server on this machine, to try. It has no path:
/// every endpoint is at its own, and the metadata where RFC 8414 section 3.1 has those of such an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    url: String,
    is_encrypted: bool,
}

/// Why a text is no [`Issuer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the issuer has to be https:// and a host, perhaps with a port, without a path; http:// is for localhost alone"
)]
pub struct NotAnIssuer;

impl Issuer {
    /// The text, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether browsers reach it over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl FromStr for Issuer {
    type Err = NotAnIssuer;

    fn from_str(text: &str) -> Result<Self, NotAnIssuer> {
        let url = text.strip_suffix('/').unwrap_or(text);
        let (scheme, place) = url.split_once("://").ok_or(NotAnIssuer)?;
        let authority: Authority = place.parse().map_err(|_| NotAnIssuer)?;
        if place.contains('@') || authority.host().is_empty() {
            return Err(NotAnIssuer);
        }
        let is_encrypted = match scheme {
            "https" => true,
            "http" if is_here(authority.host()) => false,
            _ => return Err(NotAnIssuer),
        };
        Ok(Self { url: url.to_owned(), is_encrypted })
    }
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Issuer, NotAnIssuer};

    #[test]
    fn an_issuer_is_encrypted_or_on_this_machine() {
        for (text, url, is_encrypted) in [
            ("https://auth.example", "https://auth.example", true),
            ("https://auth.example:8443/", "https://auth.example:8443", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", false),
            ("http://localhost:8080/", "http://localhost:8080", false),
            ("http://[::1]:8080", "http://[::1]:8080", false),
        ] {
            let issuer: Issuer = text.parse().expect("an issuer");
            assert_eq!((issuer.as_str(), issuer.is_encrypted()), (url, is_encrypted), "{text}");
        }
        for text in [
            "",
            "auth.example",
            "https://",
            "https:///",
            // A scheme in capitals would not be recognised where cookies are made.
            "HTTPS://auth.example",
            "http://auth.example",
            "http://0.0.0.0:8080",
            "http://localhost.evil.example",
            "https://auth.example/tenant",
            "https://auth.example//",
            "https://auth.example?a",
            "https://auth.example#a",
            "https://ada@auth.example",
            "https://auth.example\r\nX: y",
        ] {
            assert_eq!(text.parse::<Issuer>(), Err(NotAnIssuer), "{text:?}");
        }
    }
}
