//! What SeaORM's code generation leaves out of the entities: the words of the schema's comments,
//! types that do not show a secret, and names that people can read.

use authority_schema::Schema;
use authority_schema::model::{Enum, Table};
use heck::ToUpperCamelCase;
use syn::{Attribute, Field, File, Ident, Item, ItemEnum, ItemStruct, LitStr, Type, parse_quote};

use super::secrets;

/// Adds to a generated file what its tables and enums lack.
pub(super) fn refine(file: &mut File, schema: &Schema) {
    let mut secret_types = Vec::new();
    for item in &mut file.items {
        match item {
            Item::Struct(model) => {
                if let Some(table) = table_name(model).and_then(|name| schema.table(&name)) {
                    secret_types.extend(refine_model(model, table));
                }
            }
            Item::Enum(generated) => {
                let name = attribute_value(&generated.attrs, "enum_name");
                if let Some(described) =
                    schema.enums.iter().find(|described| Some(&described.name) == name.as_ref())
                {
                    refine_enum(generated, described);
                }
            }
            _ => {}
        }
    }
    secret_types.sort_unstable();
    secret_types.dedup();
    for kind in secret_types {
        let kind = Ident::new(kind, proc_macro2::Span::call_site());
        file.items.insert(0, parse_quote!(use crate::secret::#kind;));
    }
}

/// The name of the table that a model stands for.
pub(super) fn table_name(model: &ItemStruct) -> Option<String> {
    attribute_value(&model.attrs, "table_name")
}

/// The text that `key = "text"` holds in a `sea_orm` attribute.
pub(super) fn attribute_value(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut value = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("sea_orm")) {
        // Members of other forms, such as `primary_key`, are passed over.
        let _ = attribute.parse_nested_meta(|meta| {
            if let Ok(text) = meta.value().and_then(syn::parse::ParseBuffer::parse::<LitStr>)
                && meta.path.is_ident(key)
            {
                value = Some(text.value());
            }
            Ok(())
        });
    }
    value
}

/// Documents a model and hides its secrets; the secret types that it uses.
fn refine_model(model: &mut ItemStruct, table: &Table) -> Vec<&'static str> {
    document(&mut model.attrs, table.comment.as_deref().unwrap_or_default());
    let taken: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let mut secret_types = Vec::new();
    for field in &mut model.fields {
        let Some(name) = field.ident.as_ref().map(ToString::to_string) else { continue };
        if let Some(column) = table.column(name.trim_start_matches("r#")) {
            document(&mut field.attrs, column.comment.as_deref().unwrap_or_default());
            if let Some(kind) = secrets::type_of(&table.name, &column.name) {
                hide(field, kind, !column.not_null);
                secret_types.push(kind);
            }
        } else if let Some(from) = attribute_value(&field.attrs, "from") {
            name_after_column(field, &from, &taken);
        }
    }
    secret_types
}

/// Gives the field a type that neither `Debug` nor serde shows.
fn hide(field: &mut Field, kind: &str, nullable: bool) {
    let kind = Ident::new(kind, proc_macro2::Span::call_site());
    field.ty = if nullable { parse_quote!(Option<#kind>) } else { parse_quote!(#kind) };
    // The type says which column type it has.
    field.attrs.retain(|attribute| !attribute.path().is_ident("sea_orm"));
    if nullable {
        field.attrs.push(parse_quote!(#[sea_orm(nullable)]));
    }
    field.attrs.push(parse_quote!(#[serde(skip)]));
}

/// A model belongs to its `user`, not to its `users`.
fn name_after_column(field: &mut Field, from: &str, taken: &[String]) {
    let name = from.strip_suffix("_id").unwrap_or(from);
    if !taken.iter().any(|column| column == name) {
        field.ident = Some(Ident::new(name, proc_macro2::Span::call_site()));
    }
}

/// The name of the variant for an enum's label. Extension grants are URIs (RFC 6749 §4.5), of which
/// the last part tells them apart.
pub(super) fn variant_name(label: &str) -> String {
    label.rsplit(':').next().unwrap_or(label).to_upper_camel_case()
}

fn refine_enum(generated: &mut ItemEnum, described: &Enum) {
    document(&mut generated.attrs, described.comment.as_deref().unwrap_or_default());
    for (variant, label) in generated.variants.iter_mut().zip(&described.labels) {
        variant.ident = Ident::new(&variant_name(label), proc_macro2::Span::call_site());
        let doc = format!(" `{label}`");
        variant.attrs = vec![
            parse_quote!(#[doc = #doc]),
            parse_quote!(#[sea_orm(string_value = #label)]),
            parse_quote!(#[serde(rename = #label)]),
        ];
    }
}

/// Puts a comment of the schema before the attributes, as Rust documentation.
fn document(attributes: &mut Vec<Attribute>, comment: &str) {
    let lines: Vec<Attribute> = comment
        .lines()
        .map(|line| {
            // A bracket would begin a link, and an angle bracket HTML.
            let text = format!(" {}", line.replace('[', "\\[").replace('<', "\\<"));
            parse_quote!(#[doc = #text])
        })
        .collect();
    attributes.splice(0..0, lines);
}

/// Whether a field's type is an `Option`.
pub(super) fn is_option(kind: &Type) -> bool {
    matches!(kind, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"))
}
