//! `client_id` (RFC 6749 section 2.2).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a client calls itself: `client_id`, 1 to 255 characters of printable ASCII without space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientIdentifier(String);

/// Not 1 to 255 characters of printable ASCII without space.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a client_id has 1 to 255 characters of printable ASCII without space")]
pub struct BadClientIdentifier;

impl ClientIdentifier {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was in a column, whose CHECK knows the same rule.
    pub(crate) fn from_column(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for ClientIdentifier {
    type Err = BadClientIdentifier;

    fn from_str(text: &str) -> Result<Self, BadClientIdentifier> {
        let printable = text.bytes().all(|octet| octet.is_ascii_graphic());
        ((1..=255).contains(&text.len()) && printable)
            .then(|| Self(text.to_owned()))
            .ok_or(BadClientIdentifier)
    }
}

impl fmt::Display for ClientIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
