use std::fmt;

use serde::{Serialize, Serializer};

use super::Size;

/// A setting of PostgreSQL, and why it should have this value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name in `postgresql.conf`.
    pub name: &'static str,
    /// What it should be.
    pub value: Value,
    /// What it belongs to, as a heading.
    #[serde(skip)]
    pub group: &'static str,
    /// Why, in one sentence.
    pub reason: String,
    /// The page of the PostgreSQL manual that describes it.
    pub manual: &'static str,
    /// Whether a change waits for the server to be restarted (`context` is `postmaster` in `pg_settings`).
    pub needs_restart: bool,
}

/// The value of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// An amount of memory or of disk.
    Size(Size),
    /// A number of things.
    Count(u32),
    /// A fraction or a cost, in thousandths.
    Thousandths(u32),
    /// A time, in seconds.
    Seconds(u32),
    /// On or off.
    Switch(bool),
}

impl fmt::Display for Value {
    /// As `postgresql.conf` has it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => size.fmt(formatter),
            Self::Count(count) => count.fmt(formatter),
            Self::Thousandths(number) => (f64::from(*number) / 1000.0).fmt(formatter),
            Self::Seconds(seconds) => write!(formatter, "{seconds}s"),
            Self::Switch(true) => formatter.write_str("on"),
            Self::Switch(false) => formatter.write_str("off"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Value {
    /// Whether `setting` in `unit`, two columns of `pg_settings`, mean the same.
    pub(super) fn equals(self, setting: &str, unit: Option<&str>) -> bool {
        match self {
            Self::Switch(on) => setting == if on { "on" } else { "off" },
            Self::Size(size) => thousandths(setting, unit) == Some(i128::from(size.bytes()) * 1000),
            Self::Count(number) | Self::Seconds(number) => {
                thousandths(setting, unit) == Some(i128::from(number) * 1000)
            }
            Self::Thousandths(number) => {
                setting.parse::<f64>().is_ok_and(|is| (is * 1000.0 - f64::from(number)).abs() < 1e-6)
            }
        }
    }
}

/// In thousandths of bytes, seconds, or things; nothing when it is not a whole number or the unit is not known.
fn thousandths(setting: &str, unit: Option<&str>) -> Option<i128> {
    let number: i128 = setting.parse::<i64>().ok()?.into();
    let unit = match unit {
        None | Some("" | "s" | "B") => 1000,
        Some("ms") => 1,
        Some("min") => 60_000,
        Some("kB") => 1000 << 10,
        Some("8kB") => 1000 << 13,
        Some("MB") => 1000 << 20,
        Some(_) => return None,
    };
    Some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::{Size, Value};

    #[test]
    fn a_value_is_recognised_in_the_units_of_pg_settings() {
        let size = Value::Size(Size::from_mb(256));
        for (setting, unit) in [("32768", "8kB"), ("262144", "kB"), ("256", "MB")] {
            assert!(size.equals(setting, Some(unit)), "{setting} {unit}");
        }
        for (setting, unit) in [("32769", "8kB"), ("256", "8kB"), ("-1", "kB"), ("256", "s"), ("256", "TB")] {
            assert!(!size.equals(setting, Some(unit)), "{setting} {unit}");
        }
        assert!(Value::Seconds(15).equals("15", Some("s")) && Value::Seconds(15).equals("15000", Some("ms")));
        assert!(Value::Thousandths(1100).equals("1.1", None) && !Value::Thousandths(1100).equals("4", None));
        assert!(Value::Switch(false).equals("off", None) && !Value::Switch(false).equals("on", None));
        assert!(Value::Count(100).equals("100", None) && !Value::Count(100).equals("", None));
    }

    #[test]
    fn a_value_prints_as_postgresql_conf_has_it() {
        let values =
            [Value::Thousandths(900), Value::Thousandths(4000), Value::Seconds(15), Value::Switch(false)];
        assert_eq!(values.map(|value| value.to_string()), ["0.9", "4", "15s", "off"]);
    }
}
