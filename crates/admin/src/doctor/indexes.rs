//! Whether the indexes are there, work, and are worth their writes.

use authority_schema::Schema;
use authority_schema::model::{ForeignKey, Table};
use authority_schema::rules;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::expected;
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::identifier;

pub(super) const GROUP: Group = Group {
    title: "Indexes",
    checks: &[
        Check {
            id: "invalid-indexes",
            finds: "indexes that CREATE INDEX CONCURRENTLY did not finish",
            well: "every index is valid",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/invalid-indexes.sql"), invalid),
        },
        Check {
            id: "duplicate-indexes",
            finds: "indexes, besides those of the migrations, that another one makes superfluous",
            well: "no index is superfluous beside another",
            needs: &[VERSION],
            look: Look::Facts(duplicate),
        },
        Check {
            id: "unindexed-foreign-keys",
            finds: "foreign keys that no index serves",
            well: "an index serves every foreign key, or a comment says why not",
            needs: &[VERSION],
            look: Look::Facts(unindexed),
        },
        Check {
            id: "unused-indexes",
            finds: "indexes over 1 MB, besides those of the migrations, that nothing has read while their tables were \
                    read a thousand times",
            well: "every larger index is used, or had no occasion yet",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/unused-indexes.sql"), unused),
        },
    ],
};

fn invalid(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (index, table): (String, String) = (row.try_get("index")?, row.try_get("relation")?);
        let name = identifier(&index);
        // REINDEX CONCURRENTLY leaves the half-made copy under such a name when it fails.
        let leftover = index.contains("_ccnew") || index.contains("_ccold");
        let fix = if leftover {
            format!("DROP INDEX CONCURRENTLY {name};")
        } else if row.try_get("partitioned")? {
            format!(
                "create the index on each partition of {table} and attach it: ALTER INDEX {name} ATTACH PARTITION …"
            )
        } else {
            format!("REINDEX INDEX CONCURRENTLY {name};")
        };
        Ok(Symptom::warning(
            index,
            format!("is invalid: it slows down writes to {table} and serves no query"),
        )
        .fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn duplicate(facts: &Facts) -> Verdict {
    with_schema(facts, |schema| {
        let migrated = |table: &str, index: &str| expected::has_index(table, index);
        let findings = rules::duplicate_indexes_except(schema, migrated).into_iter();
        findings
            .map(|finding| {
                let fix = format!("DROP INDEX {};", identifier(&finding.object));
                Symptom::warning(finding.object, finding.message).fix(fix)
            })
            .collect()
    })
}

fn unindexed(facts: &Facts) -> Verdict {
    with_schema(facts, |schema| {
        let mut findings = rules::unindexed_foreign_keys(schema);
        for cascade in rules::cascades_without_index(schema) {
            if !findings.iter().any(|finding| finding.object == cascade.object) {
                findings.push(cascade);
            }
        }
        let with_fix = |finding: rules::Finding| {
            let fix = foreign_key(schema, &finding.object).map(|(table, key)| {
                let (name, definition) = expected::index_on(&table.name, &key.columns).unwrap_or_else(|| {
                    let columns: Vec<_> = key.columns.iter().map(|column| identifier(column)).collect();
                    let name = format!("idx_{}_{}", table.name, key.columns.join("_"));
                    (name, format!("btree ({})", columns.join(", ")))
                });
                // A partitioned table refuses CONCURRENTLY.
                let how = if table.partitioning.is_some() { "" } else { " CONCURRENTLY" };
                let (name, table) = (identifier(&name), identifier(&table.name));
                format!("CREATE INDEX{how} {name} ON {table} USING {definition};")
            });
            let symptom = Symptom::warning(finding.object, finding.message);
            fix.into_iter().fold(symptom, Symptom::fix)
        };
        findings.into_iter().map(with_fix).collect()
    })
}

fn foreign_key<'a>(schema: &'a Schema, name: &str) -> Option<(&'a Table, &'a ForeignKey)> {
    let mut keys =
        schema.tables.iter().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
    keys.find(|(_, key)| key.name == name)
}

fn unused(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Option<Symptom>> {
        let (index, table): (String, String) = (row.try_get("index")?, row.try_get("relation")?);
        // Authority needs it, if only for what it has not yet been asked for here.
        if expected::has_index(&table, &index) {
            return Ok(None);
        }
        let (size, reads): (i64, i64) = (row.try_get("size")?, row.try_get("reads")?);
        let message = format!(
            "was never read, while {table} was read {reads} times; it takes {} MB, and every write maintains it",
            size >> 20
        );
        let fix = format!(
            "no migration of Authority made it; if nothing reads it on any replica either: DROP INDEX {};",
            identifier(&index)
        );
        Ok(Some(Symptom::info(index, message).fix(fix)))
    };
    rows.iter().filter_map(|row| symptom(row).transpose()).collect()
}

fn with_schema(facts: &Facts, judge: impl FnOnce(&Schema) -> Verdict) -> Verdict {
    match &facts.schema {
        Ok(schema) => judge(schema),
        Err(reading) => Verdict::skipped(format!("the schema could not be read: {}", reading.reason())),
    }
}
