//! GitHub Flavored Markdown (<https://github.github.com/gfm/>).

/// Prose that somebody wrote into a comment: code spans stay, everything else is shown as it is.
pub(super) fn text(prose: &str) -> String {
    let mut shown = String::with_capacity(prose.len());
    let mut rest = prose;
    while let Some(start) = rest.find('`') {
        let (before, from) = rest.split_at(start);
        escape(before, &mut shown);
        let fence = from.len() - from.trim_start_matches('`').len();
        let (ticks, inside) = from.split_at(fence);
        if let Some(end) = closing(inside, fence) {
            shown.push_str(&from[..fence + end + fence]);
            rest = &inside[end + fence..];
        } else {
            ticks.chars().for_each(|tick| shown.extend(['\\', tick]));
            rest = inside;
        }
    }
    escape(rest, &mut shown);
    shown
}

/// Prose of several lines as paragraphs: what would begin a heading, a quotation or a list does not.
pub(super) fn paragraphs(prose: &str) -> String {
    let lines = prose.lines().map(|line| {
        let line = text(line.trim());
        if line.starts_with(['#', '-', '+']) { format!("\\{line}") } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Prose in a cell of a table.
pub(super) fn cell(prose: &str) -> String {
    prose.lines().map(|line| text(line.trim())).collect::<Vec<_>>().join("<br>").replace('|', "\\|")
}

/// A code span, whatever is in it.
pub(super) fn code(code: &str) -> String {
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let longest = code.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{code}{space}{fence}")
}

/// A code span in a cell of a table.
pub(super) fn code_cell(sql: &str) -> String {
    if sql.trim().is_empty() { String::new() } else { code(sql).replace('|', "\\|") }
}

/// The first sentence of a comment, or its first paragraph if that ends earlier.
pub(super) fn first_sentence(prose: &str) -> String {
    let paragraph = prose.trim().lines().map(str::trim).take_while(|line| !line.is_empty());
    let mut paragraph = paragraph.collect::<Vec<_>>().join(" ");
    let end = paragraph.match_indices(['.', '!', '?', ';']).find(|(index, _)| {
        let mut after = paragraph[index + 1..].chars();
        after.next() == Some(' ') && after.next().is_some_and(|next| !next.is_lowercase())
    });
    if let Some((index, _)) = end {
        paragraph.truncate(index + 1);
    }
    paragraph
}

/// A table, or nothing if it has no rows. The cells are Markdown already.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut lines = vec![format!("| {} |", head.join(" | ")), format!("|{}", " --- |".repeat(N))];
    lines.extend(rows.iter().map(|row| format!("| {} |", row.join(" | "))));
    lines.join("\n") + "\n"
}

/// A section with its heading, or nothing if it is empty.
pub(super) fn section(heading: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("\n## {heading}\n\n{}\n", body.trim_end()) }
}

fn closing(inside: &str, fence: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = inside[at..].find('`').map(|found| at + found) {
        let run = inside[start..].len() - inside[start..].trim_start_matches('`').len();
        if run == fence {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// Escapes what Markdown would take for markup. An underscore within a word is none.
fn escape(prose: &str, shown: &mut String) {
    let mut before = ' ';
    let mut characters = prose.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        match character {
            '<' => shown.push_str("&lt;"),
            '&' if after == '#' || after.is_alphabetic() => shown.push_str("&amp;"),
            '\\' | '*' | '~' | '$' => shown.extend(['\\', character]),
            ']' if after == '(' || after == '[' => shown.extend(['\\', character]),
            '_' if !(before.is_alphanumeric() && after.is_alphanumeric()) => shown.push_str("\\_"),
            _ => shown.push(character),
        }
        before = character;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_cannot_become_markup_but_keeps_its_code() {
        assert_eq!(text("a `b_*|` c"), "a `b_*|` c");
        assert_eq!(
            text("snake_case _x_ *y* <b> ~z~ $1$"),
            "snake_case \\_x\\_ \\*y\\* &lt;b> \\~z\\~ \\$1\\$"
        );
        assert_eq!(text("an unclosed ` tick"), "an unclosed \\` tick");
        assert_eq!(text("``a ` b`` c"), "``a ` b`` c");
        assert_eq!(text("[x](y) &amp; R&D text[]"), "[x\\](y) &amp;amp; R&amp;D text[]");
    }

    #[test]
    fn a_cell_stays_one_cell_in_one_line() {
        assert_eq!(cell("a | b\n`c | d`"), "a \\| b<br>`c \\| d`");
        assert_eq!(code_cell("a || b"), "`a \\|\\| b`");
        assert_eq!(code_cell("  "), "");
    }

    #[test]
    fn code_with_backticks_has_a_longer_fence() {
        assert_eq!(code("a ~ '`'"), "`` a ~ '`' ``");
        assert_eq!(code("a\n  b"), "`a b`");
    }

    #[test]
    fn the_first_sentence_ends_at_a_stop_before_a_new_one() {
        assert_eq!(first_sentence("People, e.g. users. They log in."), "People, e.g. users.");
        assert_eq!(first_sentence("RFC 6749 §4.1.2 is\n where\n\nMore."), "RFC 6749 §4.1.2 is where");
        assert_eq!(first_sentence("One."), "One.");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn a_paragraph_is_no_heading() {
        assert_eq!(paragraphs("# one\n- two"), "\\# one\n\\- two");
    }
}
