use zeroize::Zeroizing;

use crate::Password;

/// 32 characters that are not mistaken for each other when read or typed: no `l`, `o`, `0`, `1`, and no case.
/// Five bits of randomness choose one, without bias.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Characters between two hyphens.
const GROUP: usize = 5;

/// Groups of a password of usual length: 150 bits.
const GROUPS: usize = 6;

impl Password {
    /// A new password of 150 random bits or more from the operating system: groups of five letters and digits,
    /// joined by hyphens, in all at least `minimum_length` characters long.
    ///
    /// Fails when the operating system has no randomness to give.
    pub fn generate(minimum_length: usize) -> Result<Self, getrandom::Error> {
        // Groups and the hyphens between them take one character less than this for each.
        let groups = (minimum_length + 1).div_ceil(GROUP + 1).max(GROUPS);
        let mut octets = Zeroizing::new(vec![0; groups * GROUP]);
        getrandom::fill(&mut octets)?;
        Ok(spelled(&octets))
    }
}

/// One character for the lower five bits of each octet.
fn spelled(octets: &[u8]) -> Password {
    let mut text = String::with_capacity(octets.len() + octets.len() / GROUP);
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(octet % 32)]));
    }
    Password::new(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALPHABET, spelled};
    use crate::{Owner, Password, Policy};

    const NOBODY: Owner<'_> = Owner { username: "admin", email: "admin@authority.local" };

    #[test]
    fn every_octet_counts_and_each_character_is_as_likely_as_another() {
        let distinct: BTreeSet<_> = ALPHABET.iter().collect();
        assert_eq!(distinct.len(), 32);
        let all: Vec<u8> = (0..=255).collect();
        let text = spelled(&all).reveal().replace('-', "");
        for character in ALPHABET {
            let times = text.bytes().filter(|one| one == character).count();
            assert_eq!(times, 8, "{}", char::from(*character));
        }
    }

    #[test]
    fn the_usual_one_has_150_bits_in_six_groups() {
        let password = Password::generate(12).expect("randomness");
        let groups: Vec<_> = password.reveal().split('-').map(str::len).collect();
        assert_eq!(groups, [5; 6]);
    }

    #[test]
    fn one_is_as_long_as_the_policy_asks_and_never_the_same() {
        let mut seen = BTreeSet::new();
        for minimum in Policy::MINIMUM_LENGTHS {
            let password = Password::generate(minimum).expect("randomness");
            assert!(password.reveal().len() >= minimum, "{minimum}");
            assert_eq!(Policy::new(minimum).check(&password, &NOBODY), Ok(()));
            assert!(seen.insert(password.reveal().to_owned()));
        }
    }
}
