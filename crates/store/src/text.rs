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

    use super::{comparable, one_line, storable};

    #[test]
    fn what_postgresql_cannot_hold_equals_nothing_or_is_left_out() {
        assert_eq!((comparable("a"), comparable("a\0")), ("a", ""));
        let document = json!({"a\0": ["b\0c", {"d": "\0"}], "e": 1});
        assert_eq!(storable(document), json!({"a": ["bc", {"d": ""}], "e": 1}));
    }

    #[test]
    fn control_characters_and_what_is_too_long_are_left_out() {
        assert_eq!(one_line("a\r\nb\u{0}\u{85}c", 9).as_deref(), Some("abc"));
        assert_eq!(one_line("äöü", 2).as_deref(), Some("äö"));
        assert_eq!(one_line("\u{0}\n", 9), None);
    }
}
