//! The one clock of this program.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// The time of day, to the microsecond, as the database keeps it.
pub(crate) fn now() -> DateTime<Utc> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(0);
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
