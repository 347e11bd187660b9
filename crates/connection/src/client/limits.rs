//! How long connections live: as in the pool of sqlx.

use std::time::Duration;

use crate::connect::{IDLE_TIMEOUT, MAX_LIFETIME, TEST_AFTER};

/// How long a server may take to answer that it is there.
pub(super) const TEST_TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is looked for connections that are too old.
pub(super) const HOUSEKEEPING: Duration = Duration::from_secs(30);

/// By how much older than it is a connection is taken for, so that those that were made together do not all have to
/// be made anew together.
pub(super) fn head_start(number: u64) -> Duration {
    Duration::from_secs(30 * (number % 10))
}

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
    fn connections_that_were_made_together_end_one_after_the_other() {
        let all: std::collections::BTreeSet<_> = (40..50).map(head_start).collect();
        assert_eq!(all.len(), 10);
        assert!(all.iter().all(|start| *start < MAX_LIFETIME / 2));
    }

    #[test]
    fn only_a_number_or_ten_minutes_limit_what_lies_idle() {
        let minute = Duration::from_mins(1);
        assert!(is_worth_keeping(11 * minute, 11 * minute, false));
        assert!(!is_worth_keeping(11 * minute, 11 * minute, true));
        assert!(!is_worth_keeping(30 * minute, minute, false));
    }

    #[test]
    fn a_connection_is_tested_when_it_lay_idle_and_closed_when_it_is_old() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_mins(1));
        assert_eq!(verdict(29 * minute, 30 * second), Verdict::Good);
        assert_eq!(verdict(29 * minute, 31 * second), Verdict::Doubtful);
        assert_eq!(verdict(29 * minute, 10 * minute), Verdict::TooOld);
        assert_eq!(verdict(30 * minute, second), Verdict::TooOld);
    }
}
