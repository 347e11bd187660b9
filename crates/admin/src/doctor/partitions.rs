//! Whether maintenance keeps up with the calendar.
//!
//! A table without dated partitions works as well, only that its rows leave by DELETE; so their absence is no fault
//! until there is a first one.

use std::collections::BTreeMap;

use chrono::{Days, Months};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::schema::TABLES;
use crate::partitions::{self, Dated, Period, day_of, smallest_id};
use crate::quote::identifier;

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

/// More statements than that are not a fix that anybody reads.
const LONGEST_FIX: usize = 40;

/// The range of ids that a partition holds; `MINVALUE` and `MAXVALUE` are the ends of all ids.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    from: String,
    to: String,
}

fn ahead(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut ranges: BTreeMap<String, Vec<Range>> = BTreeMap::new();
    let mut newest_in_default: BTreeMap<String, Option<String>> = BTreeMap::new();
    for row in rows {
        let relation: String = row.try_get("relation")?;
        newest_in_default.insert(relation.clone(), row.try_get("newest_in_default")?);
        ranges.entry(relation).or_default().extend(parse(row.try_get("bound")?));
    }
    let today = facts.today();
    let symptom = |&(table, period): &(&'static str, Period)| {
        let Some(ranges) = ranges.get(table).filter(|ranges| !ranges.is_empty()) else {
            let message =
                "has no dated partition yet: all rows go to the default one, and leave it by DELETE only";
            return Some(Symptom::info(table, message));
        };
        let last = match period {
            Period::Day => today.checked_add_days(DAYS_AHEAD),
            Period::Month => today.checked_add_months(Months::new(1)),
        };
        let mut missing = Dated::between(table, period, today, last.unwrap_or(today));
        missing.retain(|dated| !ranges.iter().any(|range| range.from <= dated.from && dated.to <= range.to));
        let first = missing.first()?;
        let message = format!("{} partitions are missing, the first is {}", missing.len(), first.name);
        let newest = newest_in_default.get(table).and_then(Option::as_deref);
        let fix = if newest.is_some_and(|newest| newest >= first.from.as_str()) {
            moving(table, &missing)
        } else {
            missing.iter().map(Dated::creation).collect::<Vec<_>>().join("\n")
        };
        Some(Symptom::warning(table, message).fix(fix))
    };
    Ok(partitions::TABLES.iter().filter_map(symptom).collect())
}

/// `FOR VALUES FROM ('…') TO ('…')`, as `pg_get_expr` prints it; nothing for the default partition.
fn parse(bound: &str) -> Option<Range> {
    let (from, to) = bound.strip_prefix("FOR VALUES FROM (")?.strip_suffix(')')?.split_once(") TO (")?;
    let value = |text: &str| match text {
        "MINVALUE" => String::new(),
        "MAXVALUE" => "g".to_owned(),
        text => text.trim_matches('\'').to_owned(),
    };
    Some(Range { from: value(from), to: value(to) })
}

fn in_default(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
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
            symptoms.push(Symptom::info(
                subject,
                format!("holds {count}, as long as there is no dated partition"),
            ));
            continue;
        }
        let days = (day_of(row.try_get("oldest")?), day_of(row.try_get("newest")?));
        let symptom =
            Symptom::warning(subject, format!("holds {count} that came when their partition did not exist"));
        let table = partitions::TABLES.iter().find(|(name, _)| *name == table);
        let fix = table.zip(days.0.zip(days.1)).and_then(|((table, period), (oldest, newest))| {
            let missing = Dated::between(table, *period, oldest, newest);
            (missing.len() <= LONGEST_FIX).then(|| moving(table, &missing))
        });
        symptoms.push(fix.into_iter().fold(symptom, Symptom::fix));
    }
    Ok(Verdict::Found(symptoms))
}

/// A partition cannot be made while the default one holds rows that belong to it; so that one steps aside.
fn moving(table: &str, missing: &[Dated]) -> String {
    let (parent, default) = (identifier(table), identifier(&format!("{table}_default")));
    let mut statements =
        vec!["BEGIN;".to_owned(), format!("ALTER TABLE {parent} DETACH PARTITION {default};")];
    statements.extend(
        missing.iter().map(Dated::creation).map(|one| one.replacen("TABLE", "TABLE IF NOT EXISTS", 1)),
    );
    statements.push(format!("INSERT INTO {parent} SELECT * FROM {default};"));
    statements.push(format!("TRUNCATE {default};"));
    statements.push(format!("ALTER TABLE {parent} ATTACH PARTITION {default} DEFAULT;"));
    statements.push("COMMIT;".to_owned());
    statements.join("\n")
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
    let past =
        names.iter().zip(&bounds).filter(|(_, bound)| parse(bound).is_some_and(|range| range.to <= limit));
    let mut symptoms: Vec<_> = past
        .map(|(name, _)| {
            let message =
                format!("holds only audit logs from before {first_kept}, the first day that is kept");
            Symptom::warning(name, message).fix(format!("DROP TABLE {};", identifier(name)))
        })
        .collect();
    let oldest: Option<String> = row.try_get("oldest_in_default")?;
    if let Some(oldest) = oldest.filter(|oldest| *oldest < limit) {
        let since = day_of(&oldest).map(|day| format!(", the oldest from {day}")).unwrap_or_default();
        let message = format!("holds audit logs from before {first_kept}, the first day that is kept{since}");
        let fix = format!("DELETE FROM \"audit_logs_default\" WHERE id < '{limit}';");
        symptoms.push(Symptom::warning("audit_logs_default", message).fix(fix));
    }
    Ok(Verdict::Found(symptoms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_the_server_prints_them() {
        let range = |from: &str, to: &str| Some(Range { from: from.into(), to: to.into() });
        assert_eq!(parse("FOR VALUES FROM ('0a') TO ('0b')"), range("0a", "0b"));
        assert_eq!(parse("FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"), range("", "g"));
        assert_eq!(parse("DEFAULT"), None);
    }
}
