//! Types of columns that nobody may see by accident: `Debug` shows that there is a value and not
//! which, and none of them can be serialized. Digests and hashes compare in constant time.

use std::fmt;

use sea_orm::DeriveValueType;
use subtle::ConstantTimeEq;

/// SHA-256 of a secret: 32 octets, which a CHECK of the table makes sure of.
#[derive(Clone, DeriveValueType)]
pub struct Digest(Vec<u8>);

/// SHA-256 digests of a set of secrets, in no order.
#[derive(Clone, DeriveValueType)]
pub struct Digests(Vec<Vec<u8>>);

/// A secret that the application has encrypted; the database does not know the key.
#[derive(Clone, DeriveValueType)]
pub struct Sealed(Vec<u8>);

/// A password hash as a PHC string, or `bcrypt`.
#[derive(Clone, DeriveValueType)]
pub struct PasswordHash(String);

/// Password hashes, newest first.
#[derive(Clone, DeriveValueType)]
pub struct PasswordHashes(Vec<String>);

impl Digest {
    /// A digest of these 32 octets.
    #[must_use]
    pub fn new(octets: [u8; 32]) -> Self {
        Self(octets.to_vec())
    }

    /// The octets; 32 of them in a row that the database has accepted.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl Digests {
    /// These digests.
    #[must_use]
    pub fn new(digests: impl IntoIterator<Item = Digest>) -> Self {
        Self(digests.into_iter().map(|digest| digest.0).collect())
    }

    /// Whether the digest is among them. The time it takes depends on how many there are, not on
    /// whether one matches.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        let none = subtle::Choice::from(0);
        self.0.iter().fold(none, |found, one| found | one.ct_eq(&digest.0)).into()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Sealed {
    /// What the application has encrypted.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(octets)
    }

    /// The encrypted octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl PasswordHash {
    /// This PHC string. The database refuses what is none.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the function that verifies a password.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl PasswordHashes {
    /// These hashes, newest first.
    #[must_use]
    pub fn new(hashes: impl IntoIterator<Item = PasswordHash>) -> Self {
        Self(hashes.into_iter().map(|hash| hash.0).collect())
    }

    /// The PHC strings, newest first.
    pub fn reveal(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Equality in constant time, and a `Debug` that keeps the secret.
macro_rules! keep_secret {
    ($($name:ident => |$value:ident| $octets:expr;)*) => {$(
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                let octets = |$value: &Self| -> Vec<u8> { $octets };
                octets(self).ct_eq(&octets(other)).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([hidden])"))
            }
        }
    )*};
}

keep_secret! {
    Digest => |value| value.0.clone();
    Digests => |value| value.0.concat();
    Sealed => |value| value.0.clone();
    PasswordHash => |value| value.0.clone().into_bytes();
    PasswordHashes => |value| value.0.join("\n").into_bytes();
}

#[cfg(test)]
mod tests {
    use super::{Digest, Digests, PasswordHash, PasswordHashes, Sealed};

    #[test]
    fn debug_keeps_every_secret() {
        let hash = PasswordHash::new("$argon2id$marker".to_owned());
        let shown = format!(
            "{:?}",
            (
                Digest::new([77; 32]),
                Digests::new([Digest::new([77; 32])]),
                Sealed::new(vec![77; 48]),
                hash.clone(),
                PasswordHashes::new([hash]),
            )
        );
        let expected = "(Digest([hidden]), Digests([hidden]), Sealed([hidden]), PasswordHash([hidden]), PasswordHashes([hidden]))";
        assert_eq!(shown, expected);
    }

    #[test]
    fn digests_are_equal_by_content() {
        assert_eq!(Digest::new([1; 32]), Digest::new([1; 32]));
        assert_ne!(Digest::new([1; 32]), Digest::new([2; 32]));
        assert!(Digests::new([Digest::new([1; 32]), Digest::new([2; 32])]).contains(&Digest::new([2; 32])));
        assert!(!Digests::new([Digest::new([1; 32])]).contains(&Digest::new([2; 32])));
        assert!(!Digests::new([]).contains(&Digest::new([2; 32])));
    }
}
