//! Compares the generated entities with the catalog: what a tool drops silently is noticed here.

use std::collections::BTreeSet;

use authority_admin::{Failure, Outcome};
use authority_schema::Schema;
use authority_schema::model::{Column, Table};
use syn::{Field, File, Item, ItemEnum, ItemStruct};

use super::refine::{attribute_value, is_option, table_name};

/// Fails unless every table, column, key, foreign key and enum of the schema arrived.
pub(super) fn require_complete<'a>(schema: &Schema, files: impl Iterator<Item = &'a File>) -> Outcome {
    let items: Vec<&Item> = files.flat_map(|file| &file.items).collect();
    let models: Vec<&ItemStruct> = items
        .iter()
        .filter_map(|item| if let Item::Struct(model) = item { Some(model) } else { None })
        .collect();
    let enums: Vec<&ItemEnum> =
        items.iter().filter_map(|item| if let Item::Enum(one) = item { Some(one) } else { None }).collect();

    let mut missing = Vec::new();
    for table in &schema.tables {
        match models.iter().find(|model| table_name(model).as_ref() == Some(&table.name)) {
            Some(model) => missing.extend(missing_of_table(table, model)),
            None => missing.push(format!("table {}", table.name)),
        }
    }
    for wanted in &schema.enums {
        let found =
            enums.iter().find(|one| attribute_value(&one.attrs, "enum_name").as_ref() == Some(&wanted.name));
        let labels: Vec<_> = found
            .iter()
            .flat_map(|one| {
                one.variants.iter().filter_map(|variant| attribute_value(&variant.attrs, "string_value"))
            })
            .collect();
        let names: BTreeSet<_> =
            found.iter().flat_map(|one| one.variants.iter().map(|variant| &variant.ident)).collect();
        if labels != wanted.labels || names.len() != labels.len() {
            missing.push(format!("labels of enum {}", wanted.name));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::saying(format!("the generated entities lack: {}", missing.join("; "))))
}

fn missing_of_table(table: &Table, model: &ItemStruct) -> Vec<String> {
    let field = |name: &str| {
        model.fields.iter().find(|field| {
            field.ident.as_ref().is_some_and(|ident| ident.to_string().trim_start_matches("r#") == name)
        })
    };
    let mut missing = Vec::new();
    for column in &table.columns {
        let name = format!("{}.{}", table.name, column.name);
        match field(&column.name) {
            None => missing.push(format!("column {name}")),
            Some(field) => missing
                .extend(missing_of_column(table, column, field).map(|what| format!("{what} of {name}"))),
        }
    }
    for key in &table.foreign_keys {
        let arrived = model.fields.iter().any(|field| {
            attribute_value(&field.attrs, "from").as_ref() == key.columns.first()
                && attribute_value(&field.attrs, "to").as_ref() == key.references_columns.first()
                && type_text(field).contains(&format!("{} :: Entity", key.references_table))
        });
        if !arrived {
            missing.push(format!("foreign key {}", key.name));
        }
    }
    missing
}

fn missing_of_column(table: &Table, column: &Column, field: &Field) -> impl Iterator<Item = &'static str> {
    let has = |word: &str| {
        field.attrs.iter().any(|attribute| {
            attribute.path().is_ident("sea_orm")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.to_string().split(" , ").any(|part| part == word))
        })
    };
    let is_key = |columns: &[String]| columns == std::slice::from_ref(&column.name);
    let in_primary_key = table.primary_key.as_ref().is_some_and(|key| key.columns.contains(&column.name));
    let unique = table.uniques.iter().any(|key| is_key(&key.columns));
    [
        (is_option(&field.ty) == column.not_null).then_some("whether null is allowed"),
        (has("primary_key") != in_primary_key).then_some("the primary key"),
        (has("unique") != unique).then_some("uniqueness"),
    ]
    .into_iter()
    .flatten()
}

fn type_text(field: &Field) -> String {
    use quote::ToTokens;
    field.ty.to_token_stream().to_string()
}
