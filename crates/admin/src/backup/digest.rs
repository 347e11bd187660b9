use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksum([u8; 32]);

/// The digest of all rows of a table, whatever their order: the SHA-256 of each row's text, of which the first
/// sixteen octets are two numbers, added up over the rows modulo 2^64. Unlike an XOR it notices a row that is
/// there twice. It finds accidents; it is no proof against somebody who forges a backup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RowsDigest([u64; 2]);

impl Checksum {
    /// The checksum of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// The checksum of what a hasher has seen.
    pub(super) fn from_hasher(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }
}

impl RowsDigest {
    /// From two sums of signed 64-bit numbers, in decimal. `None` when they are something else.
    pub(super) fn from_sums(first: &str, second: &str) -> Option<Self> {
        let modulo = |sum: &str| sum.parse::<i128>().ok().map(|sum| sum.rem_euclid(1 << 64));
        let number = |sum: &str| modulo(sum).and_then(|sum| u64::try_from(sum).ok());
        Some(Self([number(first)?, number(second)?]))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(formatter, "{octet:02x}"))
    }
}

impl FromStr for Checksum {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut octets = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("a SHA-256 has 64 hexadecimal digits");
        }
        for (octet, at) in octets.iter_mut().zip((0..64).step_by(2)) {
            *octet = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| "not hexadecimal")?;
        }
        Ok(Self(octets))
    }
}

impl fmt::Display for RowsDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}{:016x}", self.0[0], self.0[1])
    }
}

impl FromStr for RowsDigest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 32 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("the digest of a table has 32 hexadecimal digits");
        }
        let half = |text| u64::from_str_radix(text, 16).map_err(|_| "not hexadecimal");
        Ok(Self([half(&text[..16])?, half(&text[16..])?]))
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(Checksum);
as_text!(RowsDigest);

#[cfg(test)]
mod tests {
    use super::{Checksum, RowsDigest};

    #[test]
    fn digests_survive_being_written() {
        let checksum = Checksum::of(b"abc");
        assert_eq!(checksum.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(checksum.to_string().parse(), Ok(checksum));
        let rows = RowsDigest::from_sums("-1", "18446744073709551617").unwrap();
        assert_eq!(rows.to_string(), "ffffffffffffffff0000000000000001");
        assert_eq!(rows.to_string().parse(), Ok(rows));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in ["", "ba7816", "+a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"] {
            assert!(text.parse::<Checksum>().is_err(), "{text}");
        }
        for text in ["", "+fffffffffffffff0000000000000001", "ffffffffffffffff000000000000000é"] {
            assert!(text.parse::<RowsDigest>().is_err(), "{text}");
        }
        assert!(RowsDigest::from_sums("", "0").is_none());
    }
}
