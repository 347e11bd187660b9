use chrono::DateTime;
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

use super::{AccessToken, AuthorizationCode, Kind, Malformed, RefreshToken, Token};

/// Reproducible octets, for tests alone.
struct Counter(u64);

impl TryRng for Counter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|value| u32::try_from(value >> 32).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in dst.chunks_mut(8) {
            let value = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&value[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

fn token<K: Kind>(seed: u64) -> Token<K> {
    let now = DateTime::from_timestamp_millis(1_795_000_000_000).unwrap();
    Token::generate(now, &mut Counter(seed))
}

#[test]
fn a_prefix_says_the_kind_and_another_kind_is_refused() {
    let text = token::<super::Access>(1).reveal();
    assert!(text.starts_with("ath_at_"), "{}", *text);
    assert_eq!(RefreshToken::parse(&text).unwrap_err(), Malformed::Prefix("ath_rt_"));
    let disguised = text.replace("ath_at_", "ath_ac_");
    assert_eq!(AuthorizationCode::parse(&disguised).unwrap_err(), Malformed::Checksum);
}

#[test]
fn debug_shows_the_id_and_nothing_else() {
    let token = token::<super::Refresh>(2);
    let shown = format!("{token:?}");
    assert_eq!(shown, format!("RefreshToken {{ id: {:?}, .. }}", token.id()));
}

#[test]
fn a_successor_shares_the_lineage_and_nothing_else() {
    let token = token::<super::Refresh>(3);
    let next = token.successor(&mut Counter(4));
    assert_eq!(next.family(), token.family());
    assert_eq!(next.lineage_digest(), token.lineage_digest());
    assert_ne!(next.digest(), token.digest());
}

#[test]
fn two_families_share_no_lineage() {
    assert_ne!(token::<super::Refresh>(5).lineage_digest(), token::<super::Refresh>(6).lineage_digest());
}

proptest! {
    #[test]
    fn what_was_shown_is_understood(seed: u64) {
        let token = token::<super::Refresh>(seed);
        let (id, digest, lineage) = (token.id(), token.digest(), token.lineage_digest());
        let text = token.reveal();
        let again = RefreshToken::parse(&text).unwrap();
        prop_assert_eq!((again.id(), again.digest(), again.lineage_digest()), (id, digest, lineage));
        prop_assert_eq!(&*again.reveal(), &*text);
    }

    #[test]
    fn a_token_with_one_other_character_is_refused(seed: u64, place in 0..77_usize, other in "[!-~]") {
        let text = token::<super::Access>(seed).reveal();
        let mut changed = text.to_string();
        changed.replace_range(place..=place, &other);
        prop_assume!(changed != *text);
        prop_assert!(AccessToken::parse(&changed).is_err());
    }

    #[test]
    fn a_cut_or_prolonged_token_is_refused(seed: u64, length in 0..77_usize, tail in "[ -~]{1,8}") {
        let text = token::<super::Access>(seed).reveal();
        prop_assert!(AccessToken::parse(&text[..length]).is_err());
        let prolonged = format!("{}{tail}", *text);
        prop_assert!(AccessToken::parse(&prolonged).is_err());
    }

    #[test]
    fn garbage_is_refused(text in any::<String>()) {
        prop_assert!(AccessToken::parse(&text).is_err());
        let prefixed = format!("ath_at_{text}");
        prop_assert!(AccessToken::parse(&prefixed).is_err());
    }

    #[test]
    fn base64url_with_a_wrong_checksum_is_refused(body in "[A-Za-z0-9_-]{70}") {
        // One in 2^32 would pass, which these cases do not meet.
        let text = format!("ath_at_{body}");
        prop_assert!(AccessToken::parse(&text).is_err());
    }
}
