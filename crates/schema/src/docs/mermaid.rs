//! `erDiagram` (<https://mermaid.js.org/syntax/entityRelationshipDiagram.html>).

use std::fmt::Write as _;

use crate::model::{Column, ForeignKey, Table};

/// How much of a table a diagram shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its name.
    Name,
    /// The columns of its keys.
    Keys,
    /// All columns.
    Columns,
}

/// The tables, and the foreign keys between those that show columns and any of them.
pub(super) fn diagram<'a>(tables: impl Iterator<Item = (&'a Table, Detail)>) -> String {
    let tables: Vec<_> = tables.collect();
    let mut text = String::from("erDiagram\n");
    for (table, detail) in &tables {
        entity(&mut text, table, *detail);
    }
    for (table, detail) in &tables {
        for key in &table.foreign_keys {
            let target = tables.iter().find(|(target, _)| target.name == key.references_table);
            let Some((target, target_detail)) = target else { continue };
            if *detail != Detail::Name || *target_detail != Detail::Name {
                relation(&mut text, table, key, target);
            }
        }
    }
    text
}

fn entity(text: &mut String, table: &Table, detail: Detail) {
    let shown = |column: &&Column| match detail {
        Detail::Name => false,
        Detail::Keys => !keys(table, column).is_empty(),
        Detail::Columns => true,
    };
    let columns: Vec<_> = table.columns.iter().filter(shown).collect();
    if columns.is_empty() {
        let _ = writeln!(text, "    {}", entity_name(&table.name));
        return;
    }
    let _ = writeln!(text, "    {} {{", entity_name(&table.name));
    for column in columns {
        let keys = keys(table, column).join(", ");
        let line = format!("{} {} {keys}", type_word(&column.data_type), attribute_name(&column.name));
        let _ = writeln!(text, "        {}", line.trim_end());
    }
    text.push_str("    }\n");
}

/// `parent ||--o{ child : "columns"`: a reference that may be null has `|o` at the parent, and one of
/// which each value occurs once has `o|` at the child.
fn relation(text: &mut String, child: &Table, key: &ForeignKey, parent: &Table) {
    let required = key.columns.iter().all(|name| child.column(name).is_some_and(|column| column.not_null));
    let parent_end = if required { "||" } else { "|o" };
    let child_end = if child.is_unique_by(&key.columns) { "o|" } else { "o{" };
    let (parent, child) = (entity_name(&parent.name), entity_name(&child.name));
    let label = key.columns.join(", ").replace('"', "'");
    let _ = writeln!(text, "    {parent} {parent_end}--{child_end} {child} : \"{label}\"");
}

/// `PK`, `FK` and `UK`: the last for a column that is unique by itself.
fn keys(table: &Table, column: &Column) -> Vec<&'static str> {
    let part_of_primary = table.primary_key.as_ref().is_some_and(|key| key.columns.contains(&column.name));
    let part_of_foreign = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    let alone_primary = table.primary_key.as_ref().is_some_and(|key| key.columns == [column.name.clone()]);
    let unique = !alone_primary && table.is_unique_by(std::slice::from_ref(&column.name));
    [(part_of_primary, "PK"), (part_of_foreign, "FK"), (unique, "UK")]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect()
}

/// In quotes where it is not a plain word, or is one of the grammar's.
fn entity_name(name: &str) -> String {
    const RESERVED: [&str; 13] = [
        "class",
        "classdef",
        "direction",
        "end",
        "erdiagram",
        "many",
        "one",
        "only",
        "optionally",
        "style",
        "subgraph",
        "title",
        "to",
    ];
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if plain && letter && name.len() > 1 && !RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace(['"', '%', '\\'], "_"))
    }
}

/// One word that is no key: the grammar would take a column `pk` for one.
fn attribute_name(name: &str) -> String {
    let word = word(name);
    if ["pk", "fk", "uk"].contains(&word.to_ascii_lowercase().as_str()) { format!("{word}_") } else { word }
}

/// A type as one word: `timestamptz`, `text_array`, `varchar`.
fn type_word(data_type: &str) -> String {
    let (element, array) = match data_type.strip_suffix("[]") {
        Some(element) => (element, "_array"),
        None => (data_type, ""),
    };
    let bare: String = match element.split_once('(') {
        Some((before, after)) => format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest)),
        None => element.to_owned(),
    };
    let short = match bare.as_str() {
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        "character varying" => "varchar",
        "character" => "char",
        "bit varying" => "varbit",
        "double precision" => "float8",
        other => other,
    };
    attribute_name(&format!("{short}{array}"))
}

fn word(name: &str) -> String {
    let safe =
        |character: char| if character.is_ascii_alphanumeric() || character == '_' { character } else { '_' };
    let word: String = name.chars().map(safe).collect();
    if word.starts_with(|first: char| first.is_ascii_alphabetic()) { word } else { format!("x{word}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_names_are_single_words() {
        assert_eq!(type_word("timestamp with time zone"), "timestamptz");
        assert_eq!(type_word("timestamp(3) with time zone"), "timestamptz");
        assert_eq!(type_word("text[]"), "text_array");
        assert_eq!(type_word("character varying(20)[]"), "varchar_array");
        assert_eq!(type_word("numeric(10,2)"), "numeric");
        assert_eq!(type_word("other.\"odd type\""), "other__odd_type_");
        assert_eq!(attribute_name("PK"), "PK_");
        assert_eq!(attribute_name("2fa"), "x2fa");
    }

    #[test]
    fn entity_names_that_the_grammar_knows_are_quoted() {
        assert_eq!(entity_name("tokens"), "tokens");
        assert_eq!(entity_name("end"), "\"end\"");
        assert_eq!(entity_name("u"), "\"u\"");
        assert_eq!(entity_name("odd name"), "\"odd name\"");
    }
}
