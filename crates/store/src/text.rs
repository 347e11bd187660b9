//! Text from outside, made fit for a column that takes one line.

/// The first `most` characters without control characters; nothing when none is left.
pub(crate) fn one_line(text: &str, most: usize) -> Option<String> {
    let line: String = text.chars().filter(|c| !c.is_control()).take(most).collect();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn control_characters_and_what_is_too_long_are_left_out() {
        assert_eq!(one_line("a\r\nb\u{0}\u{85}c", 9).as_deref(), Some("abc"));
        assert_eq!(one_line("äöü", 2).as_deref(), Some("äö"));
        assert_eq!(one_line("\u{0}\n", 9), None);
    }
}
