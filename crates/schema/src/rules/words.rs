use super::Finding;
use crate::Schema;
use crate::model::{Column, Table};

/// Columns that hold a time of day of nowhere: `timestamp without time zone`, arrays of it included.
#[must_use]
pub fn timestamps_without_time_zone(schema: &Schema) -> Vec<Finding> {
    let rule = "timestamps-without-time-zone";
    columns(schema)
        .filter(|(_, column)| {
            column.data_type.starts_with("timestamp") && column.data_type.contains("without time zone")
        })
        .map(|(table, column)| Finding::new(name(table, column), rule, "should be timestamptz"))
        .collect()
}

/// Tables that do not say what they hold.
#[must_use]
pub fn tables_without_comment(schema: &Schema) -> Vec<Finding> {
    let silent = schema.tables.iter().filter(|table| is_blank(table.comment.as_deref()));
    silent
        .map(|table| Finding::new(&table.name, "tables-without-comment", "has no COMMENT ON TABLE"))
        .collect()
}

/// Columns that do not say what they hold. Those whose names say it need not, so who calls this decides
/// which of the findings count.
#[must_use]
pub fn columns_without_comment(schema: &Schema) -> Vec<Finding> {
    columns(schema)
        .filter(|(_, column)| is_blank(column.comment.as_deref()))
        .map(|(table, column)| {
            Finding::new(name(table, column), "columns-without-comment", "has no COMMENT ON COLUMN")
        })
        .collect()
}

fn columns(schema: &Schema) -> impl Iterator<Item = (&Table, &Column)> {
    schema.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)))
}

fn name(table: &Table, column: &Column) -> String {
    format!("{}.{}", table.name, column.name)
}

fn is_blank(comment: Option<&str>) -> bool {
    comment.is_none_or(|comment| comment.trim().is_empty())
}
