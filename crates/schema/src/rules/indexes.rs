use super::Finding;
use crate::Schema;
use crate::expression::without_parentheses;
use crate::model::{ForeignKey, Table};

/// How the comment of a foreign key begins that has no index for a reason.
const EXCUSE: &str = "Unindexed:";

/// Foreign keys that no index serves, unless the comment on the constraint begins with `Unindexed:`.
///
/// An index serves one if it begins with its columns, in any order, and holds all rows that refer to
/// something: it has no predicate, or just `<column> IS NOT NULL`. Without such an index, to delete or to change a
/// referenced row is to read the whole referencing table
/// (<https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK>).
#[must_use]
pub fn unindexed_foreign_keys(schema: &Schema) -> Vec<Finding> {
    let excused = |key: &ForeignKey| key.comment.as_ref().is_some_and(|comment| comment.starts_with(EXCUSE));
    foreign_keys(schema)
        .filter(|(table, key)| !is_served(table, key) && !excused(key))
        .map(|(table, key)| {
            let columns = key.columns.join(", ");
            let message = format!(
                "has no index on {} ({columns}), nor a comment that begins with \"{EXCUSE}\"",
                table.name
            );
            Finding::new(&key.name, "unindexed-foreign-keys", message)
        })
        .collect()
}

/// Foreign keys whose deletion or update writes the referencing rows, which it has to find without an index. No
/// comment excuses that.
#[must_use]
pub fn cascades_without_index(schema: &Schema) -> Vec<Finding> {
    foreign_keys(schema)
        .filter(|(table, key)| (key.on_delete.writes() || key.on_update.writes()) && !is_served(table, key))
        .map(|(table, key)| {
            let (event, action) =
                if key.on_delete.writes() { ("delete", key.on_delete) } else { ("update", key.on_update) };
            let message = format!("is on {event} {action}, which reads all of {} for every row", table.name);
            Finding::new(&key.name, "cascades-without-index", message)
        })
        .collect()
}

/// Indexes that `CREATE INDEX CONCURRENTLY` or an `ON ONLY` left invalid.
#[must_use]
pub fn invalid_indexes(schema: &Schema) -> Vec<Finding> {
    let indexes = schema.tables.iter().flat_map(|table| &table.indexes);
    indexes
        .filter(|index| !index.valid)
        .map(|index| {
            let message = "is invalid: it costs writes and serves no query; drop it and create it again";
            Finding::new(&index.name, "invalid-indexes", message)
        })
        .collect()
}

/// Indexes that another of the same table makes superfluous: it begins with the same keys, has the same
/// predicate and holds the included columns, and no uniqueness would be lost.
#[must_use]
pub fn duplicate_indexes(schema: &Schema) -> Vec<Finding> {
    duplicate_indexes_except(schema, |_, _| false)
}

/// As [`duplicate_indexes`], but never those of which `kept` says so, by the names of table and index: of two that are
/// the same, the other one is superfluous.
#[must_use]
pub fn duplicate_indexes_except(schema: &Schema, kept: impl Fn(&str, &str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in &schema.tables {
        let mut all = accesses(table);
        for access in &mut all {
            access.stays |= kept(&table.name, access.name);
        }
        for one in all.iter().filter(|one| !one.stays) {
            if let Some(other) = all.iter().find(|other| one.is_superfluous_beside(other)) {
                let message = format!("is superfluous beside {}", other.name);
                findings.push(Finding::new(one.name, "duplicate-indexes", message));
            }
        }
    }
    findings
}

fn foreign_keys(schema: &Schema) -> impl Iterator<Item = (&Table, &ForeignKey)> {
    schema.tables.iter().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)))
}

fn is_served(table: &Table, key: &ForeignKey) -> bool {
    accesses(table).iter().any(|access| access.serves(&key.columns))
}

/// An index, of a constraint or not.
struct Access<'a> {
    name: &'a str,
    method: &'a str,
    unique: bool,
    /// Whether it is a constraint's, or has to stay for another reason.
    stays: bool,
    valid: bool,
    columns: Vec<Option<&'a str>>,
    definitions: Vec<String>,
    include: &'a [String],
    predicate: Option<&'a str>,
}

fn accesses(table: &Table) -> Vec<Access<'_>> {
    let keys = table.primary_key.iter().chain(&table.uniques).map(|key| Access {
        name: &key.name,
        method: "btree",
        unique: true,
        stays: true,
        valid: true,
        columns: key.columns.iter().map(|column| Some(column.as_str())).collect(),
        definitions: key.columns.iter().map(|column| quoted(column)).collect(),
        include: &key.include,
        predicate: None,
    });
    let indexes = table.indexes.iter().map(|index| Access {
        name: &index.name,
        method: &index.method,
        unique: index.unique,
        stays: false,
        valid: index.valid,
        columns: index.keys.iter().map(|key| key.column.as_deref()).collect(),
        definitions: index.keys.iter().map(|key| key.definition.clone()).collect(),
        include: &index.include,
        predicate: index.predicate.as_deref(),
    });
    keys.chain(indexes).collect()
}

impl Access<'_> {
    fn serves(&self, columns: &[String]) -> bool {
        let leading = self.columns.get(..columns.len()).unwrap_or_default();
        let has = |column: &String| leading.contains(&Some(column.as_str()));
        let predicate = self.predicate.map(without_parentheses);
        self.valid
            && matches!(self.method, "btree" | "hash")
            && columns.iter().all(has)
            && predicate.is_none_or(|predicate| {
                columns.iter().any(|column| predicate == format!("{} IS NOT NULL", quoted(column)))
            })
    }

    /// Of two that are the same, one is superfluous: the one that does not have to stay, or else the later name.
    fn is_superfluous_beside(&self, other: &Self) -> bool {
        let same = self.definitions == other.definitions;
        let includes = |column: &String| {
            other.include.contains(column) || other.columns.contains(&Some(column.as_str()))
        };
        self.name != other.name
            && other.valid
            && self.method == other.method
            && self.predicate == other.predicate
            && (same || (self.method == "btree" && other.definitions.starts_with(&self.definitions)))
            && self.include.iter().all(includes)
            && (!self.unique || (same && other.unique))
            && !(same
                && self.unique == other.unique
                && !other.stays
                && self.include.len() == other.include.len()
                && self.name < other.name)
    }
}

/// A column as PostgreSQL prints it, apart from its reserved words.
fn quoted(column: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if column.bytes().all(plain) && !column.starts_with(|first: char| first.is_ascii_digit()) {
        column.to_owned()
    } else {
        format!("\"{}\"", column.replace('"', "\"\""))
    }
}
