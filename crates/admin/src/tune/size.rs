use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// An amount of memory, as `postgresql.conf` writes it (PostgreSQL manual, "Parameter Names and Values": units are
/// multiples of 1024).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    bytes: u64,
}

/// The units of PostgreSQL with their bytes, largest first.
const UNITS: [(&str, u64); 5] =
    [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)];

impl Size {
    /// So many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self { bytes }
    }

    /// So many times 1024 bytes.
    #[must_use]
    pub const fn from_kb(kb: u64) -> Self {
        Self { bytes: kb << 10 }
    }

    /// So many times 1024² bytes.
    #[must_use]
    pub const fn from_mb(mb: u64) -> Self {
        Self { bytes: mb << 20 }
    }

    /// So many times 1024³ bytes.
    #[must_use]
    pub const fn from_gb(gb: u64) -> Self {
        Self { bytes: gb << 30 }
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.bytes
    }

    /// In whole times 1024 bytes.
    #[must_use]
    pub const fn kb(self) -> u64 {
        self.bytes >> 10
    }

    /// In whole times 1024² bytes.
    #[must_use]
    pub const fn mb(self) -> u64 {
        self.bytes >> 20
    }
}

impl fmt::Display for Size {
    /// In the largest unit of which it is a whole number: `768MB`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, unit)| self.bytes > 0 && self.bytes.is_multiple_of(*unit));
        let (unit, bytes) = whole.unwrap_or(&("B", 1));
        formatter.pad(&format!("{}{unit}", self.bytes / bytes))
    }
}

impl FromStr for Size {
    type Err = String;

    /// A whole number with a unit; people write `1g` and `1 GiB` as well as PostgreSQL's `1GB`.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "a whole number with kB, MB, GB or TB, such as 16GB".to_owned();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| expected())?;
        let unit = match unit.trim_start().to_ascii_lowercase().as_str() {
            "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            "t" | "tb" | "tib" => 1_u64 << 40,
            _ => return Err(expected()),
        };
        number.checked_mul(unit).map(Self::from_bytes).ok_or_else(|| "too much".to_owned())
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Size;

    #[test]
    fn a_size_is_a_whole_number_with_a_unit() {
        for text in ["1GB", "1gb", "1G", "1 GiB", "1024MB", "1048576kB"] {
            assert_eq!(text.parse(), Ok(Size::from_gb(1)), "{text}");
        }
        for bad in ["", "1", "GB", "-1GB", "1.5GB", "1PB", "1 G B", "99999999999TB", "99999999999999999999GB"]
        {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_size_prints_as_postgresql_conf_has_it() {
        let printed = [Size::from_bytes(0), Size::from_kb(64), Size::from_mb(768), Size::from_gb(1)];
        assert_eq!(printed.map(|size| size.to_string()), ["0B", "64kB", "768MB", "1GB"]);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same_size(bytes: u64, shift in 0_u32..50) {
            let size = Size::from_bytes(bytes >> shift << shift);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Size>();
        }
    }
}
