//! What a SeaORM entity cannot say. A loss that is not known here stops the generation.

use authority_admin::{Failure, Outcome};
use authority_schema::Schema;
use authority_schema::model::{Column, Identity, Table};

/// Types of columns that arrive in an entity as they are. The entity of any other type would lose
/// the column or compare it differently.
const TYPES: &[&str] = &[
    "bigint",
    "boolean",
    "bytea",
    "inet",
    "integer",
    "jsonb",
    "numeric",
    "smallint",
    "text",
    "timestamp with time zone",
    "uuid",
];

/// Known, and accepted, because the database itself enforces or provides them, and the schema
/// snapshots and `docs/schema` show them: checks, defaults, triggers, functions, grants, storage
/// parameters, partitions, referential actions, indexes that are not unique, and unique indexes
/// over expressions or over a part of the rows, which are left out of the entities.
///
/// Everything else that an entity cannot say is refused here.
pub(super) fn require_known(schema: &Schema) -> Outcome {
    let mut losses: Vec<String> = schema.tables.iter().flat_map(of_table).collect();
    losses.extend(
        schema.domains.iter().map(|domain| format!("domain {} would become its base type", domain.name)),
    );
    losses.extend(schema.views.iter().map(|view| format!("view {} would have no entity", view.name)));
    losses.extend(
        schema.sequences.iter().map(|sequence| format!("sequence {} would be unknown", sequence.name)),
    );
    if losses.is_empty() {
        return Ok(());
    }
    Err(Failure::saying(format!("the entities would lose something: {}", losses.join("; ")))
        .with_fix("change the migration, or teach xtask/src/generate to keep it".to_owned()))
}

fn of_table(table: &Table) -> Vec<String> {
    let name = &table.name;
    let mut losses: Vec<_> = table.columns.iter().flat_map(|column| of_column(name, column)).collect();
    losses
        .extend(table.exclusions.iter().map(|exclusion| format!("exclusion constraint {}", exclusion.name)));
    losses.extend(
        table
            .foreign_keys
            .iter()
            .filter(|key| key.columns.len() > 1)
            .map(|key| format!("composite foreign key {}", key.name)),
    );
    let keys = table.primary_key.iter().chain(&table.uniques);
    losses.extend(
        keys.filter(|key| !key.include.is_empty())
            .map(|key| format!("{} has INCLUDE columns, which would become key columns", key.name)),
    );
    let indexes = table.indexes.iter().filter(|index| index.unique && !index.include.is_empty());
    losses.extend(
        indexes.map(|index| format!("{} has INCLUDE columns, which would become key columns", index.name)),
    );
    if table.primary_key.is_none() {
        losses.push(format!("{name} has no primary key, and so could have no entity"));
    }
    losses
}

fn of_column(table: &str, column: &Column) -> Vec<String> {
    let name = format!("{table}.{}", column.name);
    let base = column.data_type.strip_suffix("[]").unwrap_or(&column.data_type);
    let mut losses = Vec::new();
    if column.enum_name.is_none() && !TYPES.contains(&base) {
        losses.push(format!("{name} has the type {}", column.data_type));
    }
    if column.generated.is_some() {
        losses.push(format!("{name} is a generated column"));
    }
    if column.identity == Some(Identity::Always) {
        losses.push(format!("{name} is GENERATED ALWAYS AS IDENTITY"));
    }
    if let Some(collation) = &column.collation {
        losses.push(format!("{name} has the collation {collation}"));
    }
    losses
}

#[cfg(test)]
mod tests {
    use authority_schema::Schema;
    use authority_schema::model::{Column, Key, Table};

    use super::require_known;

    fn schema_with(column: Column) -> Schema {
        let primary_key =
            Some(Key { name: "pk_t".to_owned(), columns: vec!["id".to_owned()], ..Key::default() });
        let table = Table { name: "t".to_owned(), columns: vec![column], primary_key, ..Table::default() };
        Schema { tables: vec![table], ..Schema::default() }
    }

    fn column(data_type: &str) -> Column {
        Column { name: "c".to_owned(), data_type: data_type.to_owned(), ..Column::default() }
    }

    #[test]
    fn a_type_that_an_entity_cannot_hold_stops_the_generation() {
        for unknown in ["interval", "citext", "int4range", "timestamp without time zone", "json", "citext[]"]
        {
            assert!(require_known(&schema_with(column(unknown))).is_err(), "{unknown}");
        }
        for known in ["text", "text[]", "bytea", "timestamp with time zone", "inet", "jsonb", "uuid"] {
            assert!(require_known(&schema_with(column(known))).is_ok(), "{known}");
        }
    }

    #[test]
    fn a_generated_column_stops_the_generation() {
        let generated = authority_schema::model::Generated { expression: "1".to_owned(), stored: true };
        let column = Column { generated: Some(generated), ..column("text") };
        assert!(require_known(&schema_with(column)).is_err());
    }
}
