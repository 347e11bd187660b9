//! Lays out the one-line SQL of `sea-query` so that a person can read it.

/// Puts each item of a `CREATE TABLE` on a line of its own; leaves every other statement alone.
pub(super) fn lay_out(sql: &str) -> String {
    if !sql.starts_with("CREATE TABLE") {
        return sql.to_owned();
    }
    let mut out = String::with_capacity(sql.len() + 64);
    let mut depth = 0_u32;
    let mut quote = None;
    let mut skip_space = false;
    for c in sql.chars() {
        if std::mem::take(&mut skip_space) && c == ' ' {
            continue;
        }
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        let structural = quote.is_none();
        match c {
            '(' if structural && depth == 1 && !out.contains('\n') => {
                out.push_str("(\n    ");
                skip_space = true;
            }
            ',' if structural && depth == 1 => {
                out.push_str(",\n    ");
                skip_space = true;
            }
            ')' if structural && depth == 0 && !out.ends_with(')') && out.ends_with(' ') => {
                out.truncate(out.trim_end().len());
                out.push_str("\n)");
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::lay_out;

    #[test]
    fn each_item_of_a_create_table_gets_a_line() {
        let sql = r#"CREATE TABLE "t" ( "a" text DEFAULT 'x, (y', CONSTRAINT "ck" CHECK (f("a", 1) > 0) ) PARTITION BY RANGE ("a")"#;
        assert_eq!(
            lay_out(sql),
            "CREATE TABLE \"t\" (\n    \"a\" text DEFAULT 'x, (y',\n    CONSTRAINT \"ck\" CHECK (f(\"a\", 1) > 0)\n) PARTITION BY RANGE (\"a\")"
        );
    }

    #[test]
    fn other_statements_stay_as_they_are() {
        assert_eq!(lay_out("DROP TABLE a, b"), "DROP TABLE a, b");
    }
}
