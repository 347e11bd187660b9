//! Who may use a token: whoever proves a key (RFC 9449) or presents a certificate (RFC 8705).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// SHA-256 of a public key (RFC 7638) or of a certificate, as `jkt` and `x5t#S256` carry it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

/// Not 43 characters of base64url (RFC 4648 section 5).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a thumbprint is SHA-256 in unpadded base64url")]
pub struct BadThumbprint;

/// What the sender of a request has proved, and what a token is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SenderConstraint {
    /// Possession of a key, by a `DPoP` proof (RFC 9449): `jkt`.
    Dpop(Thumbprint),
    /// Possession of a certificate's key, by mutual TLS (RFC 8705 section 3): `x5t#S256`.
    Certificate(Thumbprint),
}

impl SenderConstraint {
    pub(crate) fn jkt(this: Option<Self>) -> Option<String> {
        this.and_then(|sender| if let Self::Dpop(print) = sender { Some(print.to_string()) } else { None })
    }

    pub(crate) fn x5t(this: Option<Self>) -> Option<String> {
        this.and_then(
            |sender| if let Self::Certificate(print) = sender { Some(print.to_string()) } else { None },
        )
    }

    pub(crate) fn from_columns(jkt: Option<&str>, x5t: Option<&str>) -> Result<Option<Self>, BadThumbprint> {
        match (jkt, x5t) {
            (Some(jkt), _) => jkt.parse().map(|print| Some(Self::Dpop(print))),
            (None, Some(x5t)) => x5t.parse().map(|print| Some(Self::Certificate(print))),
            (None, None) => Ok(None),
        }
    }
}

impl Thumbprint {
    /// The thumbprint of these octets.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }
}

impl FromStr for Thumbprint {
    type Err = BadThumbprint;

    fn from_str(text: &str) -> Result<Self, BadThumbprint> {
        let octets = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadThumbprint)?;
        octets.try_into().map(Self).map_err(|_| BadThumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
