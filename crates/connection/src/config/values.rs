//! Numbers, durations and names, each with the limits that hold for it.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ConfigError;

/// PostgreSQL cuts identifiers to `NAMEDATALEN - 1` bytes.
const LONGEST_NAME: usize = 63;
/// One day: beyond it, a timeout is a mistake.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// `statement_timeout` is a 32-bit number of milliseconds.
const LONGEST_STATEMENT: u64 = i32::MAX as u64;

/// A name that PostgreSQL takes as it is.
pub(super) fn name(what: &'static str, text: &str) -> Result<String, ConfigError> {
    no_nul(what, text)?;
    if text.is_empty() {
        return Err(ConfigError::Empty { what });
    }
    if text.len() > LONGEST_NAME {
        return Err(ConfigError::TooLong { what });
    }
    Ok(text.to_owned())
}

pub(super) fn no_nul(what: &str, text: &str) -> Result<(), ConfigError> {
    if text.contains('\0') { Err(ConfigError::Nul(what.to_owned())) } else { Ok(()) }
}

/// A whole number within limits.
pub(super) fn number(
    parameter: &'static str,
    text: &str,
    range: RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(|| {
        ConfigError::value(
            parameter,
            text,
            format!("a whole number from {} to {}", range.start(), range.end()),
        )
    })
}

/// Seconds, with a decimal fraction if need be, up to a day.
pub(super) fn seconds(
    parameter: &'static str,
    text: &str,
    zero_allowed: bool,
) -> Result<Duration, ConfigError> {
    let duration = decimal(text).filter(|it| *it <= LONGEST_WAIT && (zero_allowed || !it.is_zero()));
    duration.ok_or_else(|| {
        let from = if zero_allowed { "0" } else { "more than 0" };
        ConfigError::value(parameter, text, format!("a number of seconds, {from} and up to 86400, as in 2.5"))
    })
}

/// Seconds as [`seconds`] reads them, without a loss.
pub(super) fn print_seconds(duration: Duration) -> String {
    let fraction = format!("{:09}", duration.subsec_nanos());
    format!("{}.{}", duration.as_secs(), fraction).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Milliseconds, or a number with a unit of PostgreSQL (`ms`, `s`, `min`, `h`, `d`); 0 is no limit.
pub(super) fn statement_timeout(text: &str) -> Result<Option<Duration>, ConfigError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" | "ms" => Some(1),
        "s" => Some(1000),
        "min" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let milliseconds = factor.and_then(|factor| number.parse::<u64>().ok()?.checked_mul(factor));
    match milliseconds.filter(|it| *it <= LONGEST_STATEMENT) {
        Some(0) => Ok(None),
        Some(milliseconds) => Ok(Some(Duration::from_millis(milliseconds))),
        None => Err(ConfigError::value(
            "statement_timeout",
            text,
            "a number of milliseconds, or a number with a unit (ms, s, min, h, d), below 25 days",
        )),
    }
}

fn decimal(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    Some(Duration::new(whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}
