use std::collections::BTreeSet;

use super::case::{Case, Expected, Table};
use super::catalog::{Kind, Object};
use super::engine::Bench;
use super::tables;

#[tokio::test]
async fn every_table_has_cases() {
    let bench = Bench::prepare().await;
    let covered: BTreeSet<_> = tables().iter().map(|table| table.name.to_owned()).collect();
    let existing: BTreeSet<_> = bench.catalog.tables.into_keys().collect();
    assert_eq!(covered, existing);
}

#[tokio::test]
async fn every_constraint_partial_index_and_trigger_has_a_case_on_either_side() {
    let bench = Bench::prepare().await;
    let tables = bench.tables();
    let objects = bench.catalog.objects.iter();
    let missing: Vec<_> = objects.flat_map(|object| missing_cases(object, &tables)).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[tokio::test]
async fn no_case_is_about_something_that_does_not_exist() {
    let bench = Bench::prepare().await;
    let mut unknown = BTreeSet::new();
    for table in bench.tables() {
        let keys = table.foreign_keys.iter().map(|(name, _)| *name);
        for name in table.cases.iter().map(|case| &case.about[..]).chain(keys) {
            if bench.catalog.object(table.name, name).is_none() {
                unknown.insert(format!("{}: {name}", table.name));
            }
        }
        for case in &table.cases {
            if !table.rows.iter().any(|(name, _)| *name == case.row) {
                unknown.insert(format!("{}: the row \"{}\"", table.name, case.row));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// What no case is about. Not-null columns, primary keys and the columns of enums have generated cases.
fn missing_cases(object: &Object, tables: &[Table]) -> Vec<String> {
    let Some(its_table) = &object.table else { return vec![] };
    // `every_table_has_cases` reports it.
    let Some(table) = tables.iter().find(|table| table.name == its_table) else { return vec![] };
    let has = |expected: Expected, which: fn(&Case) -> bool| {
        table.cases.iter().any(|case| case.about == object.name && case.expected == expected && which(case))
    };
    let needed = match object.kind {
        Kind::Check => vec![
            ("refuses a row", has(Expected::Refused, |_| true)),
            ("accepts a row", has(Expected::Accepted, |_| true)),
        ],
        Kind::Unique => vec![
            ("refuses a second row", has(Expected::Refused, |case| case.beside.is_some())),
            ("accepts a second row", has(Expected::Accepted, |case| case.beside.is_some())),
        ],
        Kind::PartialIndex => vec![
            ("holds a row", has(Expected::Indexed, |_| true)),
            ("leaves a row out", has(Expected::LeftOut, |_| true)),
        ],
        Kind::Trigger => vec![
            ("refuses a statement", has(Expected::Refused, |case| case.then.is_some())),
            ("accepts a statement", has(Expected::Accepted, |case| case.then.is_some())),
        ],
        Kind::ForeignKey => {
            vec![("says what a delete does", table.foreign_keys.iter().any(|(name, _)| *name == object.name))]
        }
        Kind::PrimaryKey => vec![("has the name of its table", object.name == format!("pk_{its_table}"))],
        Kind::Enum => vec![],
        Kind::Other => vec![("is of a kind that these tests know", false)],
    };
    let missing = needed.into_iter().filter(|(_, there)| !there);
    missing.map(|(what, _)| format!("{its_table}: no case in which {} {what}", object.name)).collect()
}
