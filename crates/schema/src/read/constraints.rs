use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::expression::{first_group, items, reread, without_parentheses};
use crate::model::{Check, Deferral, Exclusion, ForeignKey, Index, IndexKey, Key, ReferentialAction, Table};

/// Adds a row of `constraints.sql` to its table.
pub(super) fn constraint(table: &mut Table, row: &PgRow) -> Result<(), sqlx::Error> {
    match row.try_get("kind")? {
        "p" => table.primary_key = Some(key(row)?),
        "u" => table.uniques.push(key(row)?),
        "f" => table.foreign_keys.push(foreign_key(row)?),
        "c" => table.checks.push(check(row)?),
        _ => table.exclusions.push(Exclusion {
            name: row.try_get("name")?,
            definition: reread(row.try_get("definition")?),
            comment: row.try_get("comment")?,
        }),
    }
    Ok(())
}

/// Adds a row of `indexes.sql` to its table.
pub(super) fn index(table: &mut Table, row: &PgRow) -> Result<(), sqlx::Error> {
    let definition = reread(row.try_get("definition")?);
    let columns: Vec<Option<String>> = row.try_get("columns")?;
    let predicate: Option<&str> = row.try_get("predicate")?;
    table.indexes.push(Index {
        name: row.try_get("name")?,
        method: row.try_get("method")?,
        unique: row.try_get("is_unique")?,
        nulls_not_distinct: row.try_get("nulls_not_distinct")?,
        keys: first_group(&definition)
            .map(items)
            .unwrap_or_default()
            .into_iter()
            .zip(columns)
            .map(|(definition, column)| IndexKey { column, definition: definition.to_owned() })
            .collect(),
        include: row.try_get("include")?,
        predicate: predicate.map(|predicate| reread(without_parentheses(predicate))),
        options: row.try_get("options")?,
        valid: row.try_get("is_valid")?,
        comment: row.try_get("comment")?,
        definition,
    });
    Ok(())
}

fn key(row: &PgRow) -> Result<Key, sqlx::Error> {
    Ok(Key {
        name: row.try_get("name")?,
        columns: row.try_get("columns")?,
        include: row.try_get("include")?,
        nulls_not_distinct: row.try_get("nulls_not_distinct")?,
        deferral: deferral(row)?,
        comment: row.try_get("comment")?,
    })
}

fn foreign_key(row: &PgRow) -> Result<ForeignKey, sqlx::Error> {
    Ok(ForeignKey {
        name: row.try_get("name")?,
        columns: row.try_get("columns")?,
        references_table: row.try_get("references_table")?,
        references_columns: row.try_get("references_columns")?,
        on_delete: action(row.try_get("on_delete")?),
        on_delete_columns: row.try_get("on_delete_columns")?,
        on_update: action(row.try_get("on_update")?),
        match_full: row.try_get("match_full")?,
        deferral: deferral(row)?,
        validated: row.try_get("validated")?,
        enforced: row.try_get("enforced")?,
        comment: row.try_get("comment")?,
        definition: row.try_get("definition")?,
    })
}

fn check(row: &PgRow) -> Result<Check, sqlx::Error> {
    Ok(Check {
        name: row.try_get("name")?,
        expression: reread(without_parentheses(row.try_get("expression")?)),
        validated: row.try_get("validated")?,
        enforced: row.try_get("enforced")?,
        no_inherit: row.try_get("no_inherit")?,
        comment: row.try_get("comment")?,
    })
}

/// `pg_constraint.confdeltype` and `confupdtype`
/// (<https://www.postgresql.org/docs/current/catalog-pg-constraint.html>).
fn action(code: &str) -> ReferentialAction {
    match code {
        "r" => ReferentialAction::Restrict,
        "c" => ReferentialAction::Cascade,
        "n" => ReferentialAction::SetNull,
        "d" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}

fn deferral(row: &PgRow) -> Result<Deferral, sqlx::Error> {
    Ok(match (row.try_get("is_deferrable")?, row.try_get("is_deferred")?) {
        (false, _) => Deferral::NotDeferrable,
        (true, false) => Deferral::Deferrable,
        (true, true) => Deferral::InitiallyDeferred,
    })
}
