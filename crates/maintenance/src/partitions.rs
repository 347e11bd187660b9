//! How the partitioned tables are divided: the one place that knows periods, names and bounds.
//!
//! A row belongs to the period of the time in its `UUIDv7` (RFC 9562 section 5.7: the first 48 bits are
//! milliseconds since 1970). So the bounds of a partition are the smallest ids of two instants, and each
//! partition is named after the first day of its period, in UTC.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};

/// The partitioned tables, each with its period.
pub const TABLES: [(&str, Period); 3] =
    [("access_tokens", Period::Day), ("audit_logs", Period::Month), ("authorization_codes", Period::Day)];

/// The time that one partition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A calendar month.
    Month,
}

/// A dated partition, which may or may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The partitioned table.
    pub table: &'static str,
    /// `<table>_pYYYYMMDD`, or `<table>_pYYYYMM`.
    pub name: String,
    /// The first day of its period.
    pub start: NaiveDate,
    /// The smallest id that belongs to it.
    pub from: String,
    /// The smallest id that does not belong to it any more.
    pub to: String,
}

/// The range of ids that a partition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    from: String,
    to: String,
}

impl Period {
    /// The first day of the period that a day is in.
    #[must_use]
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// The first day of the next period.
    #[must_use]
    pub fn next(self, day: NaiveDate) -> NaiveDate {
        let start = self.start(day);
        let next = match self {
            Self::Day => start.checked_add_days(Days::new(1)),
            Self::Month => start.checked_add_months(Months::new(1)),
        };
        next.unwrap_or(start)
    }
}

impl Dated {
    /// The partition of a table for the period that a day is in.
    #[must_use]
    pub fn new(table: &'static str, period: Period, day: NaiveDate) -> Self {
        let start = period.start(day);
        let date = match period {
            Period::Day => start.format("%Y%m%d"),
            Period::Month => start.format("%Y%m"),
        };
        Self {
            table,
            name: format!("{table}_p{date}"),
            start,
            from: smallest_id(start),
            to: smallest_id(period.next(day)),
        }
    }

    /// The partitions for every period from the one that `first` is in to the one that `last` is in.
    #[must_use]
    pub fn between(table: &'static str, period: Period, first: NaiveDate, last: NaiveDate) -> Vec<Self> {
        let starts = std::iter::successors(Some(period.start(first)), |start| {
            Some(period.next(*start)).filter(|next| next > start)
        });
        starts.take_while(|start| *start <= last).map(|start| Self::new(table, period, start)).collect()
    }
}

impl Range {
    /// The range of a bound as `pg_get_expr` prints it, `FOR VALUES FROM ('…') TO ('…')`; nothing for that of the
    /// default partition.
    #[must_use]
    pub fn parse(bound: &str) -> Option<Self> {
        let (from, to) = bound.strip_prefix("FOR VALUES FROM (")?.strip_suffix(')')?.split_once(") TO (")?;
        // The ends of all ids sort before and after every id.
        let value = |text: &str| match text {
            "MINVALUE" => String::new(),
            "MAXVALUE" => "g".to_owned(),
            text => text.trim_matches('\'').to_owned(),
        };
        Some(Self { from: value(from), to: value(to) })
    }

    /// Whether every id of a dated partition is in it.
    #[must_use]
    pub fn covers(&self, dated: &Dated) -> bool {
        self.from <= dated.from && dated.to <= self.to
    }

    /// Whether an id is in it.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.from.as_str() <= id && id < self.to.as_str()
    }

    /// Whether every id in it is smaller than this one.
    #[must_use]
    pub fn ends_by(&self, id: &str) -> bool {
        self.to.as_str() <= id
    }
}

/// The smallest `UUIDv7` of a day.
#[must_use]
pub fn smallest_id(day: NaiveDate) -> String {
    smallest_id_at(day.and_time(NaiveTime::MIN).and_utc())
}

/// The smallest `UUIDv7` of an instant, with its version and variant left zero, so that nothing from then on is
/// smaller.
#[must_use]
pub fn smallest_id_at(instant: DateTime<Utc>) -> String {
    let milliseconds = instant.timestamp_millis().max(0);
    let high = milliseconds >> 16;
    let low = milliseconds & 0xffff;
    format!("{high:08x}-{low:04x}-0000-0000-000000000000")
}

/// The day of the time in a `UUIDv7`, or nothing when the text is no UUID.
#[must_use]
pub fn day_of(id: &str) -> Option<NaiveDate> {
    let digits: String = id.chars().filter(|c| *c != '-').take(12).collect();
    let milliseconds = i64::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 12)?;
    DateTime::<Utc>::from_timestamp_millis(milliseconds).map(|time| time.date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_day_is_named_after_itself_and_ends_where_the_next_begins() {
        let one = Dated::new("access_tokens", Period::Day, day(2026, 12, 31));
        let next = Dated::new("access_tokens", Period::Day, day(2027, 1, 1));
        assert_eq!(one.name, "access_tokens_p20261231");
        assert_eq!(one.to, next.from);
        assert_eq!(day_of(&one.from), Some(day(2026, 12, 31)));
    }

    #[test]
    fn a_month_begins_on_its_first_day() {
        let month = Dated::new("audit_logs", Period::Month, day(2027, 12, 24));
        assert_eq!(month.name, "audit_logs_p202712");
        assert_eq!(day_of(&month.from), Some(day(2027, 12, 1)));
        assert_eq!(day_of(&month.to), Some(day(2028, 1, 1)));
    }

    #[test]
    fn the_time_of_an_id_is_in_its_first_48_bits() {
        // The example of RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
        assert_eq!(day_of("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), Some(day(2022, 2, 22)));
        assert_eq!(smallest_id(day(2022, 2, 22)), "017f1eba-4c00-0000-0000-000000000000");
        assert_eq!(day_of("no-uuid"), None);
    }

    #[test]
    fn both_ends_of_a_range_of_days_are_in_it() {
        let days = Dated::between("access_tokens", Period::Day, day(2027, 2, 27), day(2027, 3, 1));
        let names: Vec<_> = days.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["access_tokens_p20270227", "access_tokens_p20270228", "access_tokens_p20270301"]);
        let months = Dated::between("audit_logs", Period::Month, day(2027, 1, 31), day(2027, 2, 1));
        assert_eq!(months.len(), 2);
    }

    #[test]
    fn bounds_are_read_as_the_server_prints_them() {
        let range = |from: &str, to: &str| Some(Range { from: from.into(), to: to.into() });
        assert_eq!(Range::parse("FOR VALUES FROM ('0a') TO ('0b')"), range("0a", "0b"));
        assert_eq!(Range::parse("FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"), range("", "g"));
        assert_eq!(Range::parse("DEFAULT"), None);
    }

    #[test]
    fn a_range_holds_its_first_id_and_not_its_end() {
        let one = Dated::new("access_tokens", Period::Day, day(2026, 12, 31));
        let range = Range { from: one.from.clone(), to: one.to.clone() };
        assert!(range.covers(&one) && range.holds(&one.from) && !range.holds(&one.to));
        assert!(range.ends_by(&one.to) && !range.ends_by(&one.from));
        assert!(!range.covers(&Dated::new("access_tokens", Period::Day, day(2027, 1, 1))));
    }
}
