//! The randomness: nothing else in this program makes any.

use authority_store::{SystemRandom, system_random};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The randomness of the operating system, which the store takes as an input.
pub(crate) fn random() -> SystemRandom {
    system_random()
}

/// A text of 256 random bits that nobody guesses.
pub(crate) fn unguessable() -> String {
    let mut octets = [0; 32];
    rand_core::Rng::fill_bytes(&mut random(), &mut octets);
    URL_SAFE_NO_PAD.encode(octets)
}
