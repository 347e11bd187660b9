//! Text from outside, made fit for a column.

use serde_json::Value;

/// The first `most` characters without control characters; nothing when none is left.
pub(crate) fn one_line(text: &str, most: usize) -> Option<String> {
    let line: String = text.chars().filter(|c| !c.is_control()).take(most).collect();
    (!line.is_empty()).then_some(line)
}

/// The text; or, when it has a character that PostgreSQL has no text with, one that equals nothing in a table.
pub(crate) fn comparable(text: &str) -> &str {
    if text.contains('\0') { "" } else { text }
}

/// The texts, each as [`comparable`] has it. A list with an empty one is refused wherever a list is checked.
pub(crate) fn comparable_list(texts: &[String]) -> Vec<&str> {
    texts.iter().map(|text| comparable(text)).collect()
}

/// The resources that a token request narrows its token to; one without any does not narrow it.
pub(crate) fn narrowing(resources: Option<&[String]>) -> Option<Vec<&str>> {
    resources.filter(|resources| !resources.is_empty()).map(comparable_list)
}

/// The document; or, when PostgreSQL could not hold it or it is deeper or larger than anybody needs, JSON null, which is
/// refused wherever a document is checked.
pub(crate) fn document(value: &Value) -> &Value {
    static NULL: Value = Value::Null;
    let mut room = LARGEST;
    if fits(value, DEEPEST, &mut room) { value } else { &NULL }
}

/// How many arrays and objects of a document may hold one another.
const DEEPEST: usize = 64;

/// How many octets a document may have, not counting spaces and escapes.
const LARGEST: usize = 65_536;

fn fits(value: &Value, depth: usize, room: &mut usize) -> bool {
    match value {
        Value::String(text) => has_room(text, room),
        Value::Array(all) => {
            depth > 0 && all.iter().all(|value| fits(value, depth - 1, room)) && has_room("", room)
        }
        Value::Object(all) => {
            depth > 0
                && all.iter().all(|(name, value)| has_room(name, room) && fits(value, depth - 1, room))
                && has_room("", room)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => has_room("", room),
    }
}

/// Takes the room that a text needs, with what stands around it.
fn has_room(text: &str, room: &mut usize) -> bool {
    let left = room.checked_sub(text.len() + 2);
    *room = left.unwrap_or_default();
    left.is_some() && !text.contains('\0')
}

/// A document without the character that PostgreSQL has no document with.
pub(crate) fn storable(value: Value) -> Value {
    let clean = |text: String| if text.contains('\0') { text.replace('\0', "") } else { text };
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(all) => Value::Array(all.into_iter().map(storable).collect()),
        Value::Object(all) => {
            Value::Object(all.into_iter().map(|(name, value)| (clean(name), storable(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DEEPEST, LARGEST, comparable, comparable_list, document, one_line, storable};

    #[test]
    fn what_postgresql_cannot_hold_equals_nothing_or_is_left_out() {
        assert_eq!((comparable("a"), comparable("a\0")), ("a", ""));
        assert_eq!(comparable_list(&["a".to_owned(), "a\0".to_owned()]), ["a", ""]);
        let document = json!({"a\0": ["b\0c", {"d": "\0"}], "e": 1});
        assert_eq!(storable(document), json!({"a": ["bc", {"d": ""}], "e": 1}));
    }

    #[test]
    fn a_document_that_postgresql_cannot_hold_or_nobody_needs_is_null() {
        let nested = |depth| {
            (0..depth).fold(
                json!(1),
                |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) },
            )
        };
        for good in [
            json!({}),
            json!([{"a": "b", "c": [1.5, true, null]}]),
            nested(DEEPEST),
            json!("x".repeat(LARGEST - 2)),
        ] {
            assert_eq!(document(&good), &good);
        }
        for bad in [
            json!("\0"),
            json!({"a": ["b\0"]}),
            json!({"a\0": 1}),
            nested(DEEPEST + 1),
            json!("x".repeat(LARGEST - 1)),
            json!({"x".repeat(LARGEST): 1}),
            json!(vec![0; LARGEST]),
        ] {
            assert!(document(&bad).is_null());
        }
    }

    #[test]
    fn control_characters_and_what_is_too_long_are_left_out() {
        assert_eq!(one_line("a\r\nb\u{0}\u{85}c", 9).as_deref(), Some("abc"));
        assert_eq!(one_line("äöü", 2).as_deref(), Some("äö"));
        assert_eq!(one_line("\u{0}\n", 9), None);
    }
}
