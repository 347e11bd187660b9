//! Whether maintenance keeps up with the calendar.
//!
//! A table without dated partitions works as well, only that its rows leave by DELETE; so their absence is no fault
//! until there is a first one.

use std::collections::BTreeMap;

use authority_maintenance::partitions::{self, Dated, Period, Range, day_of, smallest_id};
use chrono::{Days, Months};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::schema::TABLES;

pub(super) const GROUP: Group = Group {
    title: "Partitions",
    checks: &[
        Check {
            id: "partitions-ahead",
            finds: "partitions that the next seven days, or the next month, will need",
            well: "the partitions that are needed soon exist",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/partitions-ahead.sql"), ahead),
        },
        Check {
            id: "rows-in-default-partitions",
            finds: "rows that came when their partition did not exist",
            well: "the default partitions are empty",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/rows-in-default-partitions.sql"), in_default),
        },
        Check {
            id: "retention-overdue",
            finds: "audit logs that are older than the setting audit.log_retention_days says",
            well: "no audit log is older than it should be",
            needs: &[TABLES],
            look: Look::Ask(include_str!("sql/retention-overdue.sql"), retention),
        },
    ],
};

/// How many days ahead partitions have to exist: long enough for somebody to notice and to act.
const DAYS_AHEAD: Days = Days::new(7);

/// What mends all of it.
const MAINTAIN: &str = "maintain";

fn ahead(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut ranges: BTreeMap<String, Vec<Range>> = BTreeMap::new();
    for row in rows {
        let relation: String = row.try_get("relation")?;
        ranges.entry(relation).or_default().extend(Range::parse(row.try_get("bound")?));
    }
    let today = facts.today();
    let symptom = |&(table, period): &(&'static str, Period)| {
        let Some(ranges) = ranges.get(table).filter(|ranges| !ranges.is_empty()) else {
            let message =
                "has no dated partition yet: all rows go to the default one, and leave it by DELETE only";
            return Some(Symptom::info(table, message).fix(facts.command(MAINTAIN)));
        };
        let last = match period {
            Period::Day => today.checked_add_days(DAYS_AHEAD),
            Period::Month => today.checked_add_months(Months::new(1)),
        };
        let mut missing = Dated::between(table, period, today, last.unwrap_or(today));
        missing.retain(|dated| !ranges.iter().any(|range| range.covers(dated)));
        let first = missing.first()?;
        let message = format!("{} partitions are missing, the first is {}", missing.len(), first.name);
        Some(Symptom::warning(table, message).fix(facts.command(MAINTAIN)))
    };
    Ok(partitions::TABLES.iter().filter_map(symptom).collect())
}

fn in_default(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut symptoms = Vec::new();
    for row in rows {
        let (table, count): (String, i64) = (row.try_get("relation")?, row.try_get("rows")?);
        if count == 0 {
            continue;
        }
        let count = match count {
            1 => "1 row".to_owned(),
            2..=10_000 => format!("{count} rows"),
            _ => "more than 10000 rows".to_owned(),
        };
        let subject = format!("{table}_default");
        if !row.try_get::<bool, _>("dated")? {
            let message = format!("holds {count}, as long as there is no dated partition");
            symptoms.push(Symptom::info(subject, message).fix(facts.command(MAINTAIN)));
            continue;
        }
        let message = format!("holds {count} that came when their partition did not exist");
        symptoms.push(Symptom::warning(subject, message).fix(facts.command(MAINTAIN)));
    }
    Ok(Verdict::Found(symptoms))
}

fn retention(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else {
        return Ok(Verdict::skipped("there is no setting audit.log_retention_days"));
    };
    let days: i64 = row.try_get("days")?;
    let kept = u64::try_from(days).ok().filter(|days| *days > 0).map(Days::new);
    let Some(first_kept) = kept.and_then(|kept| facts.today().checked_sub_days(kept)) else {
        return Ok(Verdict::skipped("audit.log_retention_days is 0: audit logs are kept for ever"));
    };
    let limit = smallest_id(first_kept);
    let names: Vec<String> = row.try_get("partitions")?;
    let bounds: Vec<String> = row.try_get("bounds")?;
    let past = names
        .iter()
        .zip(&bounds)
        .filter(|(_, bound)| Range::parse(bound).is_some_and(|range| range.ends_by(&limit)));
    let mut symptoms: Vec<_> = past
        .map(|(name, _)| {
            let message =
                format!("holds only audit logs from before {first_kept}, the first day that is kept");
            Symptom::warning(name, message).fix(facts.command(MAINTAIN))
        })
        .collect();
    let oldest: Option<String> = row.try_get("oldest_in_default")?;
    if let Some(oldest) = oldest.filter(|oldest| *oldest < limit) {
        let since = day_of(&oldest).map(|day| format!(", the oldest from {day}")).unwrap_or_default();
        let message = format!("holds audit logs from before {first_kept}, the first day that is kept{since}");
        symptoms.push(Symptom::warning("audit_logs_default", message).fix(facts.command(MAINTAIN)));
    }
    Ok(Verdict::Found(symptoms))
}
