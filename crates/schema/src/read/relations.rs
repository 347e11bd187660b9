use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{ReadError, ReadOptions, catalog::Catalog, constraints, grants::Grants};
use crate::expression::{reread, without_parentheses};
use crate::model::{
    Column, Generated, Identity, Partition, Partitioning, Policy, RowSecurity, Table, Trigger, View,
};

/// The tables and views by name.
pub(super) struct Relations {
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) views: BTreeMap<String, View>,
}

impl Relations {
    /// Puts together what the queries answered. Rows about a relation that was left out are dropped.
    pub(super) fn assemble(
        catalog: &Catalog,
        grants: &Grants,
        options: ReadOptions<'_>,
    ) -> Result<Self, ReadError> {
        let mut relations = Self { tables: BTreeMap::new(), views: BTreeMap::new() };
        catalog.relations.each(|row| {
            let name: String = row.try_get("name")?;
            if !options.exclude_tables.contains(&name.as_str()) {
                relations.add(row, name, grants)?;
            }
            Ok(())
        })?;
        catalog.columns.each(|row| {
            let relation: &str = row.try_get("relation")?;
            let mut column = column(row)?;
            column.grants = grants.column(relation, &column.name);
            if let Some(table) = relations.tables.get_mut(relation) {
                table.columns.push(column);
            } else if let Some(view) = relations.views.get_mut(relation) {
                view.columns.push(column);
            }
            Ok(())
        })?;
        let tables = &mut relations.tables;
        catalog.constraints.each(|row| on_table(tables, row, constraints::constraint))?;
        catalog.indexes.each(|row| on_table(tables, row, constraints::index))?;
        catalog.triggers.each(|row| on_table(tables, row, trigger))?;
        catalog.policies.each(|row| on_table(tables, row, policy))?;
        catalog.partitions.each(|row| {
            on_table(tables, row, |table, row| partition(table, row, options.default_partitions_only))
        })?;
        Ok(relations)
    }

    fn add(&mut self, row: &PgRow, name: String, grants: &Grants) -> Result<(), sqlx::Error> {
        let (comment, options) = (row.try_get("comment")?, row.try_get("options")?);
        let grants = grants.relation(&name);
        let kind: &str = row.try_get("kind")?;
        if matches!(kind, "v" | "m") {
            let view = View {
                name: name.clone(),
                materialized: kind == "m",
                columns: Vec::new(),
                options,
                comment,
                grants,
            };
            self.views.insert(name, view);
            return Ok(());
        }
        let partition_key: Option<String> = row.try_get("partition_key")?;
        let table = Table {
            name: name.clone(),
            comment,
            unlogged: row.try_get("unlogged")?,
            partitioning: partition_key.map(|key| Partitioning { key, partitions: Vec::new() }),
            options,
            row_security: RowSecurity {
                enabled: row.try_get("row_security")?,
                forced: row.try_get("row_security_forced")?,
                policies: Vec::new(),
            },
            grants,
            ..Table::default()
        };
        self.tables.insert(name, table);
        Ok(())
    }
}

fn on_table(
    tables: &mut BTreeMap<String, Table>,
    row: &PgRow,
    add: impl FnOnce(&mut Table, &PgRow) -> Result<(), sqlx::Error>,
) -> Result<(), sqlx::Error> {
    tables.get_mut(row.try_get::<&str, _>("relation")?).map_or(Ok(()), |table| add(table, row))
}

fn column(row: &PgRow) -> Result<Column, sqlx::Error> {
    let expression: Option<String> = row.try_get("expression")?;
    let generated: &str = row.try_get("generated")?;
    let (default, generated) = match expression {
        Some(expression) if !generated.is_empty() => {
            let expression = reread(without_parentheses(&expression));
            (None, Some(Generated { expression, stored: generated == "s" }))
        }
        default => (default.map(|default| reread(&default)), None),
    };
    Ok(Column {
        name: row.try_get("name")?,
        data_type: row.try_get("data_type")?,
        not_null: row.try_get("not_null")?,
        default,
        identity: match row.try_get("identity")? {
            "a" => Some(Identity::Always),
            "d" => Some(Identity::ByDefault),
            _ => None,
        },
        generated,
        collation: row.try_get("collation")?,
        enum_name: row.try_get("enum_name")?,
        is_array: row.try_get("is_array")?,
        comment: row.try_get("comment")?,
        grants: Vec::new(),
    })
}

fn trigger(table: &mut Table, row: &PgRow) -> Result<(), sqlx::Error> {
    table.triggers.push(Trigger {
        name: row.try_get("name")?,
        definition: reread(row.try_get("definition")?),
        state: row.try_get("state")?,
        comment: row.try_get("comment")?,
    });
    Ok(())
}

fn policy(table: &mut Table, row: &PgRow) -> Result<(), sqlx::Error> {
    table.row_security.policies.push(Policy {
        name: row.try_get("name")?,
        permissive: row.try_get("permissive")?,
        command: row.try_get("command")?,
        roles: row.try_get("roles")?,
        using: row.try_get::<Option<&str>, _>("using_expression")?.map(reread),
        with_check: row.try_get::<Option<&str>, _>("with_check")?.map(reread),
        comment: row.try_get("comment")?,
    });
    Ok(())
}

fn partition(table: &mut Table, row: &PgRow, default_only: bool) -> Result<(), sqlx::Error> {
    let partition = Partition {
        name: row.try_get("name")?,
        parent: row.try_get("parent")?,
        bound: row.try_get("bound")?,
        key: row.try_get("key")?,
        options: row.try_get("options")?,
    };
    if let Some(partitioning) = &mut table.partitioning
        && (partition.is_default() || !default_only)
    {
        partitioning.partitions.push(partition);
    }
    Ok(())
}
