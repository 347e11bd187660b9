//! The successor of a refresh token, sealed for whoever holds the token.
//!
//! The key is derived (HKDF, RFC 5869) from the secret of the token that is being replaced, which the database does
//! not know: it holds the digest of that secret only. So the row alone reveals no token, and whoever presents the
//! replaced token once more can be given the same successor.

use rand_core::CryptoRng;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use crate::RefreshToken;

const PURPOSE: &[u8] = b"authority refresh token successor v1";

/// Seals the secret of `next` so that only the secret of `current` opens it: nonce, then ciphertext and tag.
/// Nothing when the cipher refuses, which it does for no such input.
pub(crate) fn seal(
    current: &RefreshToken,
    next: &RefreshToken,
    random: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    random.fill_bytes(&mut nonce);
    let mut body = Zeroizing::new(next.own_secret().to_vec());
    body.reserve_exact(CHACHA20_POLY1305.tag_len());
    key(current)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated(current), &mut *body)
        .ok()?;
    Some([&nonce[..], &body].concat())
}

/// The successor that was sealed for `current`, or nothing when it was not sealed for this token.
pub(crate) fn open(current: &RefreshToken, sealed: &[u8]) -> Option<RefreshToken> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let mut body = Zeroizing::new(body.to_vec());
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let secret = key(current)?.open_in_place(nonce, associated(current), &mut body).ok()?;
    current.with_secret(secret)
}

fn key(current: &RefreshToken) -> Option<LessSafeKey> {
    let salt = Salt::new(HKDF_SHA256, current.id().uuid().as_bytes());
    let secret = salt.extract(current.own_secret());
    let key: UnboundKey = secret.expand(&[PURPOSE], &CHACHA20_POLY1305).ok()?.into();
    Some(LessSafeKey::new(key))
}

/// A seal is of no use in the row of another family.
fn associated(current: &RefreshToken) -> Aad<[u8; 16]> {
    Aad::from(*current.id().uuid().as_bytes())
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::{open, seal};
    use crate::{RefreshToken, SystemRandom, system_random};

    #[expect(clippy::disallowed_methods, reason = "the time is of no importance to a seal")]
    fn token(random: &mut SystemRandom) -> RefreshToken {
        RefreshToken::generate(Utc::now(), random)
    }

    #[test]
    fn the_replaced_token_opens_what_was_sealed_for_it() {
        let mut random = system_random();
        let current = token(&mut random);
        let next = current.successor(&mut random);
        let sealed = seal(&current, &next, &mut random).unwrap();
        assert_eq!(sealed.len(), 60);
        assert_eq!(*open(&current, &sealed).unwrap().reveal(), *next.reveal());
    }

    #[test]
    fn nothing_else_opens_it_and_no_changed_octet_passes() {
        let mut random = system_random();
        let current = token(&mut random);
        let next = current.successor(&mut random);
        let sealed = seal(&current, &next, &mut random).unwrap();
        assert!(open(&next, &sealed).is_none(), "the successor itself");
        assert!(open(&token(&mut random), &sealed).is_none(), "a token of another family");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open(&current, &changed).is_none(), "octet {place}");
            assert!(open(&current, &sealed[..place]).is_none(), "cut after {place}");
        }
    }
}
