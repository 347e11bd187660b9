//! User codes (RFC 8628 section 6.1).

use std::fmt;
use std::str::FromStr;

use rand_core::CryptoRng;
use thiserror::Error;

/// Consonants: no words come about, and none of them is taken for a digit or for another.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// What a person types to find the device that they want to let in: eight of twenty letters, so one of 2.56 · 10^10.
///
/// `Display` shows it as `WDJB-MJHT`; whoever sees it may answer for the device, so `Debug` does not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserCode([u8; LENGTH]);

/// Not eight letters of `BCDFGHJKLMNPQRSTVWXZ`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a user code has eight letters, and none of them is a vowel or a Y")]
pub struct BadUserCode;

impl UserCode {
    /// A new one, each as likely as any other.
    #[must_use]
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        Self([(); LENGTH].map(|()| letter(random)))
    }

    /// As the column holds it.
    pub(crate) fn to_column(self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

/// One of the twelve rounds that fit into an octet; the sixteen values beyond them would favour some letters.
fn letter(random: &mut impl CryptoRng) -> u8 {
    let most = u8::MAX - u8::MAX % 20;
    loop {
        let mut octet = [0];
        random.fill_bytes(&mut octet);
        if octet[0] < most {
            return ALPHABET[usize::from(octet[0] % 20)];
        }
    }
}

/// As a person types it: in capitals or not, with spaces and dashes of any kind wherever they like.
impl FromStr for UserCode {
    type Err = BadUserCode;

    fn from_str(text: &str) -> Result<Self, BadUserCode> {
        let mut code = [0; LENGTH];
        let mut letters = text.chars().filter(|letter| !separates(*letter));
        for place in &mut code {
            let letter = letters.next().and_then(|letter| u8::try_from(letter.to_ascii_uppercase()).ok());
            *place = letter.filter(|letter| ALPHABET.contains(letter)).ok_or(BadUserCode)?;
        }
        if letters.next().is_some() { Err(BadUserCode) } else { Ok(Self(code)) }
    }
}

/// Keyboards of phones make dashes of their own out of `-`.
fn separates(letter: char) -> bool {
    letter.is_whitespace() || letter == '-' || matches!(letter, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.to_column();
        let (first, second) = code.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_core::{TryCryptoRng, TryRng};

    use super::{ALPHABET, BadUserCode, LENGTH, UserCode};

    /// Gives every octet in turn.
    struct Octets(u8);

    impl TryRng for Octets {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            let mut octets = [0; 4];
            self.try_fill_bytes(&mut octets)?;
            Ok(u32::from_le_bytes(octets))
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            let mut octets = [0; 8];
            self.try_fill_bytes(&mut octets)?;
            Ok(u64::from_le_bytes(octets))
        }

        fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
            for octet in octets {
                *octet = self.0;
                self.0 = self.0.wrapping_add(1);
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Octets {}

    #[test]
    fn every_letter_comes_as_often_as_every_other() {
        let mut octets = Octets(0);
        let mut counts = [0; 256];
        // Every octet once is 240 letters: 30 codes.
        for _ in 0..30 {
            for letter in UserCode::generate(&mut octets).0 {
                counts[usize::from(letter)] += 1;
            }
        }
        assert_eq!(octets.0, 240);
        assert!(ALPHABET.iter().all(|letter| counts[usize::from(*letter)] == 12), "{counts:?}");
    }

    #[test]
    fn it_is_shown_in_two_halves_and_not_for_debugging() {
        let code: UserCode = "wdjbmjht".parse().unwrap();
        assert_eq!(code.to_string(), "WDJB-MJHT");
        assert_eq!(format!("{code:?}"), "UserCode(..)");
    }

    #[test]
    fn what_is_no_user_code_is_refused() {
        for text in
            ["", "WDJB-MJH", "WDJB-MJHTW", "WDJA-MJHT", "WDJB-MJH1", "WDJB_MJHT", "WDJB-MJHÜ", "ẆDJB-MJHT"]
        {
            assert_eq!(text.parse::<UserCode>(), Err(BadUserCode), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_shown_is_understood_however_it_is_typed(
            letters in "[BCDFGHJKLMNPQRSTVWXZ]{8}",
            lower in proptest::collection::vec(any::<bool>(), LENGTH),
            between in proptest::collection::vec("[ \t\u{a0}\u{2010}-\u{2015}\u{2212}-]{0,2}", LENGTH + 1),
        ) {
            let code: UserCode = letters.parse().unwrap();
            prop_assert_eq!(code.to_string().parse(), Ok(code));
            let mut typed = between[0].clone();
            for (place, letter) in letters.chars().enumerate() {
                typed.push(if lower[place] { letter.to_ascii_lowercase() } else { letter });
                typed.push_str(&between[place + 1]);
            }
            prop_assert_eq!(typed.parse(), Ok(code));
        }

        #[test]
        fn another_text_is_another_code_or_none(text in any::<String>()) {
            if let Ok(code) = text.parse::<UserCode>() {
                prop_assert_eq!(code.to_column().len(), LENGTH);
                prop_assert!(code.to_column().bytes().all(|letter| ALPHABET.contains(&letter)));
            }
        }
    }
}
