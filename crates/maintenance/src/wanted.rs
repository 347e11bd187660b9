//! Which partitions there should be.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::catalog::{self, default_of};
use crate::partitions::{Dated, Period, smallest_id_at};
use crate::{Maintenance, Report};

/// Monthly partitions are made at least this far ahead.
const MONTHS_AHEAD: Months = Months::new(2);

/// The partitions that do not exist, from this period to the last one ahead, and of the periods before that
/// rows in the default partition are from.
pub(crate) async fn missing(
    connection: &mut PgConnection,
    maintenance: &Maintenance,
    (table, period): (&'static str, Period),
    limit: Option<DateTime<Utc>>,
    report: &mut Report,
) -> sqlx::Result<Vec<Dated>> {
    let existing = catalog::partitions(connection, table).await?;
    let today = maintenance.now.date_naive();
    let last = last(maintenance, period);
    let first_kept = limit.map(smallest_id_at).unwrap_or_default();
    let mut wanted = Dated::between(table, period, today, last);
    for day in catalog::periods_in_default(connection, table, period).await? {
        let dated = Dated::new(table, period, day);
        if day > last {
            report.notes.push(format!(
                "{} holds rows whose ids are from {day} or later: the clock of who made them was wrong",
                default_of(table)
            ));
            break;
        }
        // Rows from before are deleted, or in use by somebody at this moment.
        if dated.to > first_kept && !wanted.contains(&dated) {
            wanted.push(dated);
        }
    }
    wanted.sort_by_key(|dated| dated.start);
    wanted.retain(|dated| !existing.iter().any(|one| one.range.covers(dated)));
    Ok(wanted)
}

/// The last day that needs a partition.
fn last(maintenance: &Maintenance, period: Period) -> NaiveDate {
    let today = maintenance.now.date_naive();
    let days = today.checked_add_days(Days::new(u64::from(maintenance.days_ahead))).unwrap_or(today);
    match period {
        Period::Day => days,
        Period::Month => today.checked_add_months(MONTHS_AHEAD).map_or(days, |months| months.max(days)),
    }
}
