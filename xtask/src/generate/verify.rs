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

#[cfg(test)]
mod tests {
    use authority_schema::Schema;
    use authority_schema::model::{Column, Enum, ForeignKey, Key, Table};
    use syn::{File, parse_quote};

    use super::require_complete;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn schema() -> Schema {
        let column = |name: &str, not_null| Column {
            name: text(name),
            data_type: text("uuid"),
            not_null,
            ..Column::default()
        };
        let key = ForeignKey {
            name: text("fk_t_u_id"),
            columns: vec![text("u_id")],
            references_table: text("u"),
            references_columns: vec![text("id")],
            ..ForeignKey::default()
        };
        let table = Table {
            name: text("t"),
            columns: vec![column("id", true), column("u_id", false)],
            primary_key: Some(Key { name: text("pk_t"), columns: vec![text("id")], ..Key::default() }),
            foreign_keys: vec![key],
            ..Table::default()
        };
        let colour =
            Enum { name: text("colour"), labels: vec![text("red"), text("blue")], ..Enum::default() };
        Schema { tables: vec![table], enums: vec![colour], ..Schema::default() }
    }

    fn complete() -> File {
        parse_quote! {
            #[sea_orm(table_name = "t")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: Uuid,
                pub u_id: Option<Uuid>,
                #[sea_orm(belongs_to, from = "u_id", to = "id")]
                pub u: BelongsTo<Option<super::u::Entity>>,
            }
            #[sea_orm(enum_name = "colour")]
            pub enum Colour {
                #[sea_orm(string_value = "red")]
                Red,
                #[sea_orm(string_value = "blue")]
                Blue,
            }
        }
    }

    /// The complete file with one piece of its text replaced.
    fn with(old: &str, new: &str) -> File {
        let complete = prettyplease::unparse(&complete());
        assert!(complete.contains(old), "{old}");
        syn::parse_file(&complete.replace(old, new)).unwrap()
    }

    #[test]
    fn complete_entities_pass() {
        require_complete(&schema(), [complete()].iter()).unwrap();
    }

    #[test]
    fn whatever_got_lost_is_noticed() {
        let damages = [
            ("table_name = \"t\"", "table_name = \"other\""),
            ("pub u_id: Option<Uuid>,", ""),
            ("pub u_id: Option<Uuid>,", "pub u_id: Uuid,"),
            ("#[sea_orm(primary_key, auto_increment = false)]", ""),
            ("from = \"u_id\"", "from = \"id\""),
            ("super::u::Entity", "super::other::Entity"),
            ("string_value = \"blue\"", "string_value = \"green\""),
            ("Blue", "Red"),
            ("pub u_id: Option<Uuid>,", "#[sea_orm(unique)] pub u_id: Option<Uuid>,"),
        ];
        for (old, new) in damages {
            assert!(require_complete(&schema(), [with(old, new)].iter()).is_err(), "{old} -> {new}");
        }
    }
}
