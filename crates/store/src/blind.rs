//! Digests that the database compares without learning them, and without telling by its time how far they agree.
//!
//! The database is given neither a secret nor its digest, but SHA-256 of the digest and of random octets that
//! are used once, and makes the same of the digest in the row. Whether two such values differ early or late says
//! nothing about the digests, so `=` may compare them; and a log of parameters holds nothing that fits a row.

use authority_entity::secret::Digest;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

/// Random octets for the comparisons of one call.
pub(crate) struct Blind([u8; 16]);

impl Blind {
    pub(crate) fn new(random: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 16];
        random.fill_bytes(&mut octets);
        Self(octets)
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }

    /// What the database has to arrive at: `sha256(digest || blind)`.
    pub(crate) fn digest(&self, digest: &Digest) -> [u8; 32] {
        self.of(digest.octets())
    }

    /// The same for octets that are no digest: `sha256(octets || blind)`.
    pub(crate) fn of(&self, octets: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(octets).chain_update(self.0).finalize().into()
    }
}
