//! Where the parts of an expression are, in SQL as PostgreSQL prints it: quotes doubled, never escaped
//! by a backslash.

/// The text without the parentheses that enclose all of it.
pub(crate) fn without_parentheses(sql: &str) -> &str {
    let mut sql = sql.trim();
    while let Some(inner) = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        if group_end(sql, 0) != Some(sql.len() - 1) {
            break;
        }
        sql = inner.trim();
    }
    sql
}

/// The text as PostgreSQL prints it once it has read its own print, as it does when a backup is restored.
///
/// `(a AND b) AND c` becomes `a AND b AND c`, which `BETWEEN` is the usual reason for: the parser joins such
/// conditions when it meets the parentheses, and not when it makes two of one.
pub(crate) fn reread(sql: &str) -> String {
    let mut sql = sql.to_owned();
    while let Some((start, end)) = joinable(&sql) {
        sql = [&sql[..start], &sql[start + 1..end], &sql[end + 1..]].concat();
    }
    sql
}

/// The parentheses around the first of several conditions that are joined by one word, around conditions that
/// the same word joins.
fn joinable(sql: &str) -> Option<(usize, usize)> {
    let mut quote = None;
    let mut before = b'(';
    for (start, byte) in sql.bytes().enumerate() {
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'(') if before == b'(' => {
                let end = start + group_end(&sql[start..], 0)?;
                let inner = conditions(&sql[start + 1..end]);
                let word = [" AND ", " OR "].into_iter().find(|word| sql[end + 1..].starts_with(word));
                let same =
                    |word: &str| inner[1..].iter().all(|condition| condition.starts_with(word.trim_start()));
                if inner.len() > 1 && word.is_some_and(same) {
                    return Some((start, end));
                }
            }
            _ => {}
        }
        before = byte;
    }
    None
}

/// The conditions that `AND` or `OR` joins at the outermost level, each but the first beginning with that word.
pub(crate) fn conditions(sql: &str) -> Vec<&str> {
    split(sql, &[" AND ", " OR "]).into_iter().map(str::trim).collect()
}

/// The items of a list, split at its outermost commas.
pub(crate) fn items(sql: &str) -> Vec<&str> {
    split(sql, &[", "]).into_iter().map(|item| item.trim_start_matches(',').trim()).collect()
}

/// What stands in the first pair of parentheses.
pub(crate) fn first_group(sql: &str) -> Option<&str> {
    let start = outermost(sql).find(|&(_, byte)| byte == b'(').map(|(index, _)| index)?;
    sql.get(start + 1..group_end(sql, start)?)
}

/// The index of the parenthesis that closes the one at `start`.
fn group_end(sql: &str, start: usize) -> Option<usize> {
    outermost(sql).find(|&(index, byte)| index > start && byte == b')').map(|(index, _)| index)
}

/// Splits before each of the separators that is neither in parentheses nor in quotes.
fn split<'a>(sql: &'a str, separators: &[&str]) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, _) in outermost(sql) {
        if separators.iter().any(|separator| sql.as_bytes()[index..].starts_with(separator.as_bytes())) {
            parts.push(&sql[start..index]);
            start = index;
        }
    }
    parts.push(&sql[start..]);
    parts
}

/// The bytes that are neither in parentheses nor in quotes, the outermost parentheses themselves included.
fn outermost(sql: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut depth = 0_usize;
    let mut quote = None;
    sql.bytes().enumerate().filter(move |&(_, byte)| {
        let mut visible = depth == 0 && quote.is_none();
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'(' | b'[') => depth += 1,
            (None, b')' | b']') => {
                depth = depth.saturating_sub(1);
                visible = depth == 0;
            }
            _ => {}
        }
        visible
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parentheses_that_enclose_everything_are_removed() {
        assert_eq!(without_parentheses("((a > 1))"), "a > 1");
        assert_eq!(without_parentheses("((a > 1) AND (b > 2))"), "(a > 1) AND (b > 2)");
        assert_eq!(without_parentheses("(a > 1) AND (b > 2)"), "(a > 1) AND (b > 2)");
        assert_eq!(without_parentheses("(a = ')')"), "a = ')'");
        assert_eq!(without_parentheses(""), "");
    }

    #[test]
    fn conditions_are_joined_as_they_are_when_postgresql_reads_them_again() {
        for (sql, again) in [
            ("((a >= 1) AND (a <= 2)) AND (b)", "(a >= 1) AND (a <= 2) AND (b)"),
            ("CHECK ((((a) AND (b)) AND (c)))", "CHECK (((a) AND (b) AND (c)))"),
            ("(((a) OR (b)) OR (c)) OR (d)", "(a) OR (b) OR (c) OR (d)"),
            ("(a) AND ((b) AND (c))", "(a) AND ((b) AND (c))"),
            ("((a) OR (b)) AND (c)", "((a) OR (b)) AND (c)"),
            ("((a) AND (b)) = c", "((a) AND (b)) = c"),
            ("(x = '((a) AND (b)) AND (c)') AND (d)", "(x = '((a) AND (b)) AND (c)') AND (d)"),
            ("(a) OR (((b) AND (c)) AND (d))", "(a) OR ((b) AND (c) AND (d))"),
        ] {
            assert_eq!(reread(sql), again);
        }
    }

    #[test]
    fn conditions_are_split_at_the_outermost_level_only() {
        let sql = "(a = ' AND ') AND (b OR (c AND d)) OR (e = '''' AND f)";
        assert_eq!(conditions(sql), ["(a = ' AND ')", "AND (b OR (c AND d))", "OR (e = '''' AND f)"]);
        assert_eq!(conditions("a ~ 'é (' AND b"), ["a ~ 'é ('", "AND b"]);
        assert_eq!(conditions("a"), ["a"]);
    }

    #[test]
    fn the_items_of_an_index_keep_their_own_commas() {
        let sql = r#"btree (user_id, coalesce(a, ')'::text) DESC, "odd, name") INCLUDE (x)"#;
        let group = first_group(sql).unwrap();
        assert_eq!(items(group), ["user_id", "coalesce(a, ')'::text) DESC", r#""odd, name""#]);
        assert_eq!(first_group("none"), None);
        assert_eq!(first_group("(open"), None);
    }
}
