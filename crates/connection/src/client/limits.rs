//! How long connections live: as in the pool of sqlx.

use std::time::Duration;

use crate::connect::{IDLE_TIMEOUT, MAX_LIFETIME, TEST_AFTER};

/// How long a server may take to answer that it is there.
pub(super) const TEST_TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is looked for connections that are too old.
pub(super) const HOUSEKEEPING: Duration = Duration::from_secs(30);

/// What to think of an idle connection that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// To be tested first.
    Doubtful,
    TooOld,
}

pub(super) fn verdict(age: Duration, idle: Duration) -> Verdict {
    if age >= MAX_LIFETIME || idle >= IDLE_TIMEOUT {
        Verdict::TooOld
    } else if idle > TEST_AFTER {
        Verdict::Doubtful
    } else {
        Verdict::Good
    }
}

/// Whether a connection that nobody wants is kept; `closes_idle` unless their number is limited in another way.
pub(super) fn is_worth_keeping(age: Duration, idle: Duration, closes_idle: bool) -> bool {
    age < MAX_LIFETIME && (!closes_idle || idle < IDLE_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_tested_when_it_lay_idle_and_closed_when_it_is_old() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_mins(1));
        assert_eq!(verdict(29 * minute, 30 * second), Verdict::Good);
        assert_eq!(verdict(29 * minute, 31 * second), Verdict::Doubtful);
        assert_eq!(verdict(29 * minute, 10 * minute), Verdict::TooOld);
        assert_eq!(verdict(30 * minute, second), Verdict::TooOld);
    }
}
