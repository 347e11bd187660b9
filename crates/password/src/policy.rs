use std::ops::RangeInclusive;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::guess::cost;
use crate::{MAX_CHARACTERS, Password};

/// Names shorter than this are in too many passwords by chance.
const SHORTEST_NAME: usize = 3;

/// A password has to hold as much that cannot be foreseen as this many random characters: three common words
/// are too few, and four common words, or one with five random characters, are enough.
const SURPRISE: u32 = 7;

/// What a password has to be (NIST SP 800-63B section 5.1.1.2): long, not the owner's name, and not one that
/// somebody would guess. It asks for no mixture of kinds of characters, and takes all of them but control
/// characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    minimum_length: usize,
}

/// Whose password it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The name that the person signs in with.
    pub username: &'a str,
    /// The email address.
    pub email: &'a str,
}

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Too few characters.
    #[error("it has to be at least {minimum} characters long")]
    TooShort {
        /// How many it takes, in Unicode code points after NFKC.
        minimum: usize,
    },
    /// More than [`MAX_CHARACTERS`].
    #[error("it may be at most {MAX_CHARACTERS} characters long")]
    TooLong,
    /// It holds a line end, a tabulator or the like, which a login page cannot take.
    #[error("it holds a control character")]
    ControlCharacter,
    /// The username is in it, in whatever case.
    #[error("it contains the username")]
    ContainsUsername,
    /// The email address, or what stands before the @ in it, is in it, in whatever case.
    #[error("it contains the email address")]
    ContainsEmail,
    /// A common password or word, a sequence, a row of keys, a repetition, or a few of them in a row.
    #[error("it is made of common words, sequences or repetitions, and so easy to guess")]
    Guessable,
}

impl Default for Policy {
    /// At least 12 characters.
    fn default() -> Self {
        Self { minimum_length: 12 }
    }
}

impl Policy {
    /// The minimum lengths that a policy can have: NIST asks for 8, and for 64 to be possible.
    pub const MINIMUM_LENGTHS: RangeInclusive<usize> = 8..=64;

    /// A policy with this minimum length in Unicode code points, or the nearest of [`Policy::MINIMUM_LENGTHS`].
    #[must_use]
    pub fn new(minimum_length: usize) -> Self {
        let (least, most) = (*Self::MINIMUM_LENGTHS.start(), *Self::MINIMUM_LENGTHS.end());
        Self { minimum_length: minimum_length.clamp(least, most) }
    }

    /// The least number of Unicode code points.
    #[must_use]
    pub fn minimum_length(self) -> usize {
        self.minimum_length
    }

    /// Fails with the first reason why the password is not good enough for this person.
    pub fn check(self, password: &Password, owner: &Owner<'_>) -> Result<(), Refusal> {
        if password.is_too_long() {
            return Err(Refusal::TooLong);
        }
        let text = password.normalized();
        if text.chars().count() < self.minimum_length {
            return Err(Refusal::TooShort { minimum: self.minimum_length });
        }
        if text.chars().any(char::is_control) {
            return Err(Refusal::ControlCharacter);
        }
        let lower = Zeroizing::new(text.to_lowercase());
        let contains =
            |name: &str| name.chars().count() >= SHORTEST_NAME && lower.contains(&normalized(name));
        let local_part = owner.email.split('@').next().unwrap_or_default();
        if contains(owner.username) {
            return Err(Refusal::ContainsUsername);
        }
        if contains(owner.email) || contains(local_part) {
            return Err(Refusal::ContainsEmail);
        }
        let words: Vec<String> = owner.email.split(['@', '.', '+', '-', '_']).map(normalized).collect();
        let words: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| word.len() >= SHORTEST_NAME).collect();
        if cost(&text, &words) < SURPRISE {
            return Err(Refusal::Guessable);
        }
        Ok(())
    }
}

fn normalized(name: &str) -> String {
    Password::new(name).normalized().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Owner, Policy, Refusal};
    use crate::{MAX_CHARACTERS, Password};

    const ADA: Owner<'_> = Owner { username: "lovelace", email: "Ada.Byron@example.org" };

    fn check(text: &str) -> Result<(), Refusal> {
        Policy::default().check(&Password::new(text), &ADA)
    }

    #[test]
    fn a_long_phrase_or_a_random_text_is_good_in_any_script() {
        for good in [
            "vivid otter drums on marble",
            "q7$Lm2!vRx9pTz",
            "пчела рисует медленный закат",
            "\u{1f511}\u{1f9ca}\u{1f33b}\u{1f40c}\u{1f3bb}\u{1f9f2}\u{1f6f6}\u{1f95d}\u{1f4ef}\u{1f9ed}\u{1f997}\u{1fa81}",
            "k3m9-w7fq-x2ra",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_people_try_first_is_refused() {
        for bad in [
            "changeme123changeme123",
            "passwordpassword",
            "Password1234!",
            "P@ssw0rd12345",
            "qwertyuiop12345",
            "123456789012",
            "abcdefghijklmnop",
            "zyxwvutsrqponm",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "letmeinletmein",
            "administrator1",
            "authority2026",
            "iloveyou12345",
            "Summer2026!!",
            "1qaz2wsx3edc",
            "monkeydragonshadow",
            "correcthorse",
            "            ",
        ] {
            assert_eq!(check(bad), Err(Refusal::Guessable), "{bad}");
        }
        assert_eq!(check("changeme123"), Err(Refusal::TooShort { minimum: 12 }));
    }

    #[test]
    fn the_names_of_the_owner_are_refused_in_whatever_case() {
        assert_eq!(check("vivid LoveLace drums 71"), Err(Refusal::ContainsUsername));
        assert_eq!(check("vivid ada.byron drums 71"), Err(Refusal::ContainsEmail));
        assert_eq!(check("x7 ADA.BYRON@EXAMPLE.ORG q!"), Err(Refusal::ContainsEmail));
        let full_width = "vivid \u{ff4c}\u{ff4f}\u{ff56}\u{ff45}\u{ff4c}\u{ff41}\u{ff43}\u{ff45} drums";
        assert_eq!(check(full_width), Err(Refusal::ContainsUsername));
    }

    #[test]
    fn a_name_of_two_letters_is_in_many_a_password_by_chance() {
        let owner = Owner { username: "vi", email: "vi@example.org" };
        let password = Password::new("vivid otter drums on marble");
        assert_eq!(Policy::default().check(&password, &owner), Ok(()));
    }

    #[test]
    fn length_is_measured_after_normalization() {
        // One code point that NFKC spells out as eighteen.
        let policy = Policy::new(18);
        let refused = policy.check(&Password::new("\u{fdfa}"), &ADA);
        assert_ne!(refused, Err(Refusal::TooShort { minimum: 18 }));
        // Eleven letters, each with an accent of its own, that NFKC joins.
        assert_eq!(check(&"e\u{301}".repeat(11)), Err(Refusal::TooShort { minimum: 12 }));
    }

    #[test]
    fn a_policy_is_never_weaker_than_the_standard_or_impossible() {
        assert_eq!(Policy::new(0).minimum_length(), 8);
        assert_eq!(Policy::new(12), Policy::default());
        assert_eq!(Policy::new(usize::MAX).minimum_length(), 64);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_short_long_and_control_are_refused(text in prop::collection::vec(any::<char>(), 0..300)) {
            let text: String = text.into_iter().collect();
            let outcome = check(&text);
            if text.chars().count() > MAX_CHARACTERS {
                prop_assert_eq!(outcome, Err(Refusal::TooLong));
            } else if text.chars().any(char::is_control) {
                prop_assert!(outcome.is_err());
            }
        }

        #[test]
        fn a_repetition_is_refused_however_long(part in "[a-z0-9]{1,3}", times in 12..80_usize) {
            prop_assert_eq!(check(&part.repeat(times)), Err(Refusal::Guessable));
        }

        #[test]
        fn random_letters_are_accepted(text in "[b-df-hj-np-tv-xz2-9]{24}") {
            prop_assert_eq!(check(&text), Ok(()));
        }
    }
}
