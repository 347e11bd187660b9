//! What the page calls requirements, and what the schema takes for granted.

use chrono::NaiveDate;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::{Arrival, Facts};
use super::finding::Symptom;
use super::reachability::CONNECTION;
use crate::quote::{identifier, shell};

pub(super) const GROUP: Group = Group {
    title: "Requirements",
    checks: &[
        Check {
            id: VERSION,
            finds: "the server is older than PostgreSQL 13",
            well: "the server is PostgreSQL 13 or newer",
            needs: &[CONNECTION],
            look: Look::Arrival(version),
        },
        Check {
            id: "server-end-of-life",
            finds: "the server's major version gets no security fixes any more",
            well: "the server's version gets security fixes",
            needs: &[VERSION],
            look: Look::Facts(end_of_life),
        },
        Check {
            id: "disk-space",
            finds: "less disk is free than --min-free-mb says, where that can be known",
            well: "enough disk is free",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/disk-space.sql"), disk_space),
        },
        Check {
            id: "encoding",
            finds: "the database is not in UTF8",
            well: "the database is in UTF8",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/encoding.sql"), encoding),
        },
        Check {
            id: "standard-conforming-strings",
            finds: "backslashes are special in ordinary string constants",
            well: "string constants are standard",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/standard-conforming-strings.sql"), strings),
        },
    ],
};

/// What every question to the server needs.
pub(super) const VERSION: &str = "server-version";

/// `server_version_num` of the oldest server that works.
const OLDEST: u32 = 130_000;

/// When each major version gets its last release (<https://www.postgresql.org/support/versioning/>).
const LAST_RELEASES: [(u32, i32, u32, u32); 6] = [
    (13, 2025, 11, 13),
    (14, 2026, 11, 12),
    (15, 2027, 11, 11),
    (16, 2028, 11, 9),
    (17, 2029, 11, 8),
    (18, 2030, 11, 14),
];

fn version(arrival: &Arrival) -> Verdict {
    let number = arrival.server.version;
    if number >= OLDEST {
        return Verdict::well();
    }
    let name = match number {
        0 => "of an unknown version".to_owned(),
        number => format!("PostgreSQL {}.{}", number / 10_000, number % 10_000),
    };
    let message = format!("is {name}, and Authority needs PostgreSQL 13 or newer");
    let fix = "upgrade the server with pg_upgrade, or name a newer one in DATABASE_URL";
    Symptom::error(arrival.server.host.to_string(), message).fix(fix).into()
}

fn end_of_life(facts: &Facts) -> Verdict {
    let major = facts.arrival.server.version / 10_000;
    let Some(last) = last_release(major).filter(|last| *last < facts.today()) else { return Verdict::well() };
    let message = format!("got its last security fixes on {last}");
    let newest = LAST_RELEASES[LAST_RELEASES.len() - 1].0;
    let fix = format!("upgrade to PostgreSQL {newest} with pg_upgrade");
    Symptom::info(format!("PostgreSQL {}", facts.session.version), message).fix(fix).into()
}

fn last_release(major: u32) -> Option<NaiveDate> {
    let (_, year, month, day) = LAST_RELEASES.iter().find(|(one, ..)| *one == major)?;
    NaiveDate::from_ymd_opt(*year, *month, *day)
}

fn disk_space(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let directory: Option<String> = row.try_get("directory")?;
    let size: i64 = row.try_get("size")?;
    let holds = format!("the database holds {}", megabytes(size.unsigned_abs()));
    let Some(directory) = directory else {
        let role = identifier(&facts.session.role);
        let hidden = Symptom::hidden(&format!("where the server keeps its data; {holds}"));
        return Ok(hidden.fix(format!("GRANT pg_read_all_settings TO {role};")).into());
    };
    if !facts.arrival.config.is_local() || facts.arrival.server.pooled {
        return Ok(Verdict::skipped(format!("the disk is on another machine; {holds}")));
    }
    let Ok(disk) = nix::sys::statvfs::statvfs(directory.as_str()) else {
        return Ok(Verdict::skipped(format!("{directory} cannot be reached from here; {holds}")));
    };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    if free >= facts.arrival.args.min_free_mb.saturating_mul(MEGABYTE) {
        return Ok(Symptom::ok(format!("{} are free; {holds}", megabytes(free))).into());
    }
    let message = format!(
        "has {} free, and {} MB are wanted; {holds}",
        megabytes(free),
        facts.arrival.args.min_free_mb
    );
    let fix = format!("make room, or enlarge the file system: df -h {}", shell(&directory));
    Ok(Symptom::error(directory, message).fix(fix).into())
}

fn encoding(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let encoding: String = row.try_get("encoding")?;
    if encoding == "UTF8" {
        return Ok(Verdict::well());
    }
    let database = facts.arrival.config.database();
    let message = format!("is in {encoding}, which cannot hold every name that people have");
    let fix = format!(
        "make another one and move the data there: createdb --encoding UTF8 --template template0 {}",
        shell(&format!("{database}_utf8"))
    );
    Ok(Symptom::error(database, message).fix(fix).into())
}

fn strings(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let off =
        rows.first().map(|row| row.try_get::<String, _>("value")).transpose()?.is_some_and(|it| it == "off");
    let (database, role) = (identifier(facts.arrival.config.database()), identifier(&facts.session.role));
    let symptom = Symptom::warning(
        "standard_conforming_strings",
        "is off, so that statements of libraries mean something else than they say",
    );
    let fix = format!(
        "ALTER DATABASE {database} SET standard_conforming_strings = on; \
         ALTER ROLE {role} RESET standard_conforming_strings;"
    );
    Ok(off.then(|| symptom.fix(fix)).into())
}

const MEGABYTE: u64 = 1 << 20;

fn megabytes(octets: u64) -> String {
    format!("{} MB", octets / MEGABYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_outlives_the_one_before() {
        let dates: Vec<_> = LAST_RELEASES.iter().map(|(major, ..)| last_release(*major).unwrap()).collect();
        assert!(dates.is_sorted());
        assert_eq!(last_release(15), NaiveDate::from_ymd_opt(2027, 11, 11));
        assert_eq!(last_release(99), None);
    }
}
