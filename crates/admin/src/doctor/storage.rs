//! Whether the server cleans up behind the writes.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::{identifier, shell};

pub(super) const GROUP: Group = Group {
    title: "Storage",
    checks: &[
        Check {
            id: "dead-tuples",
            finds: "tables with more than 10000 dead rows that are more than 40 % of the live ones",
            well: "no table is full of dead rows",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/dead-tuples.sql"), dead_tuples),
        },
        Check {
            id: "bloat",
            finds: "tables over 10 MB that would take less than half of that, by the statistics of the planner",
            well: "no table is much larger than its rows",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/bloat.sql"), bloat),
        },
        Check {
            id: "transaction-id-wraparound",
            finds: "databases whose oldest transaction id is twice as old as autovacuum should let it become",
            well: "transaction ids are frozen in time",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/transaction-id-wraparound.sql"), transaction_ids),
        },
        Check {
            id: "multixact-wraparound",
            finds: "the same for multixact ids, which rows have that several transactions lock",
            well: "multixact ids are frozen in time",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/multixact-wraparound.sql"), multixacts),
        },
        Check {
            id: "sequences",
            finds: "sequences that used more than 80 % of their numbers",
            well: "no sequence is near its end",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/sequences.sql"), sequences),
        },
        Check {
            id: "left-over-databases",
            finds: "databases that a backup, restore or generate made and could not drop, because it was killed",
            well: "no run has left a database behind",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/left-over-databases.sql"), left_over),
        },
    ],
};

/// The server stops taking writes at about 2.1 thousand million, and gives up all courtesy of vacuum here
/// (`vacuum_failsafe_age`).
const FAILSAFE_AGE: i64 = 1_600_000_000;

/// However late autovacuum is configured to begin, this is worth a warning.
const WARNING_AGE: i64 = 1_200_000_000;

fn dead_tuples(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (table, dead, live): (String, i64, i64) =
            (row.try_get("relation")?, row.try_get("dead")?, row.try_get("live")?);
        let fix = format!("VACUUM (ANALYZE) {};", identifier(&table));
        Ok(Symptom::warning(
            table,
            format!("has {dead} dead rows beside {live} live ones: vacuum does not keep up"),
        )
        .fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn bloat(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (table, size, needed): (String, i64, i64) =
            (row.try_get("relation")?, row.try_get("size")?, row.try_get("needed")?);
        let message = format!("takes {} MB, and its rows need about {} MB", size >> 20, needed >> 20);
        // Nobody can use the table meanwhile; where that hurts, pg_repack does the same without the lock.
        let fix = format!(
            "while nobody needs the table, as it is locked: VACUUM (FULL, ANALYZE) {};",
            identifier(&table)
        );
        Ok(Symptom::info(table, message).fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn transaction_ids(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    wraparound(rows, "transaction id")
}

fn multixacts(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    wraparound(rows, "multixact id")
}

fn wraparound(rows: &[PgRow], what: &str) -> sqlx::Result<Verdict> {
    let mut symptoms = Vec::new();
    for row in rows {
        let (database, age, limit): (String, i64, i64) =
            (row.try_get("database")?, row.try_get("age")?, row.try_get("limit")?);
        if age < alarming(limit) {
            continue;
        }
        let message = format!(
            "has a {what} of age {age}, where autovacuum should act at {limit}: a long transaction, a prepared one or \
             a replication slot holds it back, or vacuum is too slow"
        );
        let fix = format!("vacuumdb --freeze {}", shell(&database));
        let found = if age >= FAILSAFE_AGE { Symptom::error } else { Symptom::warning };
        symptoms.push(found(database, message).fix(fix));
    }
    Ok(Verdict::Found(symptoms))
}

fn alarming(limit: i64) -> i64 {
    (2 * limit).min(WARNING_AGE)
}

fn sequences(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (schema, name): (String, String) = (row.try_get("schema")?, row.try_get("name")?);
        let (used, kind): (i32, String) = (row.try_get("used")?, row.try_get("kind")?);
        let quoted = format!("{}.{}", identifier(&schema), identifier(&name));
        let symptom =
            Symptom::warning(format!("{schema}.{name}"), format!("has used {used} % of its numbers"));
        Ok(if kind == "bigint" {
            symptom.fix(format!("ALTER SEQUENCE {quoted} CYCLE; if old numbers may come again"))
        } else {
            symptom.fix(format!("ALTER SEQUENCE {quoted} AS bigint NO MAXVALUE;"))
        })
    };
    rows.iter().map(symptom).collect()
}

fn left_over(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let database: String = row.try_get("database")?;
        let fix = format!("DROP DATABASE {};", identifier(&database));
        // Of a restore that was killed in the middle of exchanging two databases, this may be the only one of the old.
        let message = if database.starts_with("authority_replaced_") {
            "holds what a restore replaced; drop it when that is where it should be"
        } else {
            "is of a backup, restore or generate, and may hold all data; unless one runs now, nobody needs it"
        };
        Ok(Symptom::info(database, message).fix(fix))
    };
    rows.iter().map(symptom).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_autovacuum_that_begins_very_late_does_not_silence_the_alarm() {
        assert_eq!(alarming(200_000_000), 400_000_000);
        assert_eq!(alarming(2_000_000_000), WARNING_AGE);
    }
}
