use std::time::Duration;

use authority_migration::runner::{Options, Runner};
use clap::Args;

use crate::context::{Connected, Context};

/// How a run behaves towards other sessions.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Longest time that a statement waits for a lock, holding up others; then it is tried again
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "500ms")]
    lock_timeout: Duration,
    /// Longest time that a statement runs
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    statement_timeout: Duration,
    /// How long to wait for another run, and for sessions that hold locks
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    wait: Duration,
}

impl RunOptions {
    pub(super) fn runner(&self, context: &Context, database: &Connected) -> Runner {
        Runner::new(database.pool().clone()).with_options(Options {
            lock_timeout: self.lock_timeout,
            statement_timeout: self.statement_timeout,
            wait: self.wait,
            serving_role: context.serving_role(),
        })
    }
}

/// A whole number with a unit: `500ms`, `30s`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err("a number with the unit ms, s, m or h, such as 500ms".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "a number with a unit, such as 500ms".to_owned())?;
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for bad in ["", "5", "ms", "-1s", "1.5s", "5 s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
