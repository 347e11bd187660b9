//! Credentials on the wire: what names a row, and a secret of which the database knows the digest only.
//!
//! `ath_<kind>_` and then base64url of the row's id, the secret, and a checksum. The prefix lets scanners find a
//! leaked credential; the checksum refuses a mistyped or made-up one before the database is asked.

pub mod kind;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt;
use std::marker::PhantomData;

use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::RefreshTokenId;
pub use kind::Kind;
use kind::{Access, Client, Code, Device, Refresh, Session};
pub use wire::Malformed;

/// Octets of a secret: 256 bits.
const SECRET: usize = 32;
/// Octets that every token of a refresh family carries beside its own secret: 128 bits.
const LINEAGE: usize = 16;

/// An opaque access token (RFC 6750).
pub type AccessToken = Token<Access>;
/// An authorization code (RFC 6749 section 1.3.1).
pub type AuthorizationCode = Token<Code>;
/// A client secret (RFC 6749 section 2.3.1).
pub type ClientSecret = Token<Client>;
/// A device code (RFC 8628 section 3.2).
pub type DeviceCode = Token<Device>;
/// A refresh token (RFC 6749 section 1.5): one of a family.
pub type RefreshToken = Token<Refresh>;
/// What a session cookie holds.
pub type SessionToken = Token<Session>;

/// A credential of one kind, with its secret in memory.
///
/// It can be shown on purpose only, and only once: [`Token::reveal`] consumes it. `Debug` shows the id alone, it
/// cannot be cloned or serialized, and the secret is wiped when it is dropped.
pub struct Token<K: Kind> {
    id: K::Id,
    /// As many octets as the kind has; the rest is zero.
    secret: Secret,
    kind: PhantomData<K>,
}

#[derive(Zeroize, ZeroizeOnDrop)]
struct Secret([u8; SECRET + LINEAGE]);

impl<K: Kind> Token<K> {
    /// A new credential under a new id of this time.
    #[must_use]
    pub fn generate(now: DateTime<Utc>, random: &mut impl CryptoRng) -> Self {
        let id = K::new_id(now, random);
        Self::for_id(id, random)
    }

    /// A new credential for a row that exists, as a client's next secret.
    #[must_use]
    pub fn for_id(id: K::Id, random: &mut impl CryptoRng) -> Self {
        let mut secret = Secret([0; SECRET + LINEAGE]);
        random.fill_bytes(&mut secret.0[..K::SECRET_LENGTH]);
        Self { id, secret, kind: PhantomData }
    }

    /// Understands a credential as it was presented.
    ///
    /// Fails, without telling anything of its text, when it is of another kind, of the wrong length, not base64url,
    /// or when its checksum is wrong. Of random or mistyped texts, one in four thousand million passes.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        wire::decode(text)
    }

    /// The row that it names.
    #[must_use]
    pub fn id(&self) -> K::Id {
        self.id
    }

    /// SHA-256 of its secret: what the database holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::new(Sha256::digest(self.own_secret()).into())
    }

    /// The text for the wire. This is the only way to see the secret, and there is no second time.
    #[must_use]
    pub fn reveal(self) -> Zeroizing<String> {
        wire::encode(&self)
    }

    /// The secret without the lineage.
    pub(crate) fn own_secret(&self) -> &[u8] {
        &self.secret.0[K::SECRET_LENGTH - SECRET..K::SECRET_LENGTH]
    }

    fn octets(&self) -> &[u8] {
        &self.secret.0[..K::SECRET_LENGTH]
    }
}

impl RefreshToken {
    /// The next token of the family: the same row, the same lineage, a new secret.
    #[must_use]
    pub fn successor(&self, random: &mut impl CryptoRng) -> Self {
        let mut next = Self::for_id(self.id, random);
        next.secret.0[..LINEAGE].copy_from_slice(self.lineage());
        next
    }

    /// Whether the other one is a token of this family as well, and another.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        self.id == other.id
            && self.lineage_digest() == other.lineage_digest()
            && self.digest() != other.digest()
    }

    /// A token of this family with a secret that was sealed.
    pub(crate) fn with_secret(&self, secret: &[u8]) -> Option<Self> {
        let mut token = Self { id: self.id, secret: Secret([0; SECRET + LINEAGE]), kind: PhantomData };
        token.secret.0[..LINEAGE].copy_from_slice(self.lineage());
        let own = &mut token.secret.0[LINEAGE..];
        (own.len() == secret.len()).then(|| own.copy_from_slice(secret))?;
        Some(token)
    }

    /// SHA-256 of what every token of the family carries.
    #[must_use]
    pub fn lineage_digest(&self) -> Digest {
        Digest::new(Sha256::digest(self.lineage()).into())
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> RefreshTokenId {
        self.id
    }

    fn lineage(&self) -> &[u8] {
        &self.secret.0[..LINEAGE]
    }
}

impl<K: Kind> fmt::Debug for Token<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(K::NAME).field("id", &self.id).finish_non_exhaustive()
    }
}
