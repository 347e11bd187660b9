//! How long rows are kept.
//!
//! - **Access tokens** live for 24 hours at the most (`ck_access_tokens_expires_at`), and an unknown one is as inactive
//!   as an expired one.
//! - **Authorization codes** live for ten minutes. A used one is kept until what it issued has run out, so that a replay
//!   still finds what to revoke (RFC 6749 section 4.1.2): for the life of an access token, and for as long as a refresh
//!   token may lie unused, by `tokens.refresh_token_ttl` or by the longest of what clients have instead. A replay after
//!   that is refused as unknown. What the grant may live in all (`tokens.refresh_token_absolute_ttl`) is not waited for:
//!   a grant that is still alive then has been refreshed by whom it was given to, and who comes with a code of so long
//!   ago could not have used it for anything since its first ten minutes.
//! - **Audit logs** are kept for `audit.log_retention_days`, and for ever when that is 0 or null.
//! - **Device codes** are kept for a day, so that a device that comes back hears `expired_token` (RFC 8628 section 3.5).
//! - **Refresh token families** are kept for a week after they expired or were revoked, however long they live: longer
//!   than any access token that they issued, and a thief's or a slow client's next attempt is still told from garbage.
//! - **Sessions** are kept for thirty days after they ended, for lists of recent sign-ins, and longer while a family, a
//!   code or a valid access token belongs to them, which would go with them.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

/// The settings that have a say, in the order of [`Retention::new`].
pub(crate) const AUDIT_LOG_RETENTION_DAYS: &str = "audit.log_retention_days";
pub(crate) const REFRESH_TOKEN_TTL: &str = "tokens.refresh_token_ttl";

/// What the seed would make them.
const DEFAULT_AUDIT_DAYS: i64 = 90;
const DEFAULT_REFRESH_SECONDS: i64 = 2_592_000;

/// The clocks of machines differ, and a row's id is made a moment before its times.
const TOLERANCE: TimeDelta = TimeDelta::hours(1);
const ACCESS_TOKENS: TimeDelta = TimeDelta::hours(24);
const DEVICE_CODES: TimeDelta = TimeDelta::days(1);
const REFRESH_TOKENS: TimeDelta = TimeDelta::days(7);
const SESSIONS: TimeDelta = TimeDelta::days(30);

/// Until when rows are past their retention at a certain time: partitioned ones by the time in their id, others by
/// their end. Nothing where they are kept for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) access_tokens: Option<DateTime<Utc>>,
    pub(crate) audit_logs: Option<DateTime<Utc>>,
    pub(crate) authorization_codes: Option<DateTime<Utc>>,
    pub(crate) device_codes: Option<DateTime<Utc>>,
    pub(crate) refresh_tokens: Option<DateTime<Utc>>,
    pub(crate) sessions: Option<DateTime<Utc>>,
}

impl Retention {
    /// What the settings say, by key, as JSON, and the longest time in seconds for which a client's own setting lets a
    /// refresh token lie unused; a setting that is not there has its default.
    pub(crate) fn new(
        now: DateTime<Utc>,
        settings: &BTreeMap<String, String>,
        of_clients: Option<i64>,
    ) -> Self {
        // Anything but a number, above all null, is no number of days to keep something.
        let number = |key: &str, default: i64| match settings.get(key) {
            None => Some(default),
            Some(value) => value.parse::<i64>().ok(),
        };
        let days = number(AUDIT_LOG_RETENTION_DAYS, DEFAULT_AUDIT_DAYS);
        let days = days.and_then(|days| u64::try_from(days).ok()).filter(|days| *days > 0);
        let refresh = number(REFRESH_TOKEN_TTL, DEFAULT_REFRESH_SECONDS).unwrap_or(DEFAULT_REFRESH_SECONDS);
        let refresh = refresh.max(of_clients.unwrap_or(0));
        let codes = TimeDelta::try_seconds(refresh).map(|refresh| refresh.max(ACCESS_TOKENS));
        let ago = |kept: TimeDelta| now.checked_sub_signed(kept);
        Self {
            access_tokens: ago(ACCESS_TOKENS + TOLERANCE),
            audit_logs: days
                .and_then(|days| now.date_naive().checked_sub_days(Days::new(days)))
                .map(|first_kept| first_kept.and_time(NaiveTime::MIN).and_utc()),
            authorization_codes: codes.and_then(|codes| codes.checked_add(&TOLERANCE)).and_then(ago),
            device_codes: ago(DEVICE_CODES),
            refresh_tokens: ago(REFRESH_TOKENS),
            sessions: ago(SESSIONS),
        }
    }

    /// That of a partitioned table.
    pub(crate) fn of_partitioned(&self, table: &str) -> Option<DateTime<Utc>> {
        match table {
            "access_tokens" => self.access_tokens,
            "authorization_codes" => self.authorization_codes,
            "audit_logs" => self.audit_logs,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn with(settings: &[(&str, &str)]) -> Retention {
        with_clients(settings, None)
    }

    fn with_clients(settings: &[(&str, &str)], of_clients: Option<i64>) -> Retention {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Retention::new(at("2027-03-31T12:00:00Z"), &settings, of_clients)
    }

    #[test]
    fn without_settings_the_defaults_of_the_seed_count() {
        let retention = with(&[]);
        assert_eq!(retention.audit_logs, Some(at("2026-12-31T00:00:00Z")));
        assert_eq!(retention.access_tokens, Some(at("2027-03-30T11:00:00Z")));
        assert_eq!(retention.authorization_codes, Some(at("2027-03-01T11:00:00Z")));
    }

    #[test]
    fn audit_logs_can_be_kept_for_ever() {
        for forever in ["0", "-1", "null", "999999999999999999"] {
            assert_eq!(with(&[(AUDIT_LOG_RETENTION_DAYS, forever)]).audit_logs, None, "{forever}");
        }
    }

    #[test]
    fn codes_are_kept_as_long_as_the_longer_lived_of_what_they_issue() {
        let codes = |ttl| with(&[(REFRESH_TOKEN_TTL, ttl)]).authorization_codes;
        assert_eq!(codes("60"), Some(at("2027-03-30T11:00:00Z")));
        assert_eq!(codes("864000"), Some(at("2027-03-21T11:00:00Z")));
        assert_eq!(codes("null"), Some(at("2027-03-01T11:00:00Z")));
        assert_eq!(codes("999999999999999999"), None);
    }

    #[test]
    fn codes_are_kept_for_the_client_whose_refresh_tokens_live_longest() {
        let codes =
            |seconds| with_clients(&[(REFRESH_TOKEN_TTL, "864000")], Some(seconds)).authorization_codes;
        assert_eq!(codes(60), Some(at("2027-03-21T11:00:00Z")));
        assert_eq!(codes(5_184_000), Some(at("2027-01-30T11:00:00Z")));
    }
}
