//! The very statement of the store, for `pgbench`.

use authority_store::Statement;
use chrono::{DateTime, Utc};

use crate::credentials;

/// The text of a statement with each parameter replaced by an expression.
///
/// `pgbench` has numbers only, so an id is made of a constant and a number, and whatever is the same in every call
/// is a constant: the server evaluates a few conversions more and receives a few parameters less. Comments are left
/// out, whose words could look like variables.
pub(crate) fn script(statement: &Statement, values: &[String]) -> String {
    let lines = statement.sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let sql = lines.collect::<Vec<_>>().join("\n");
    let mut script = String::with_capacity(sql.len() * 2);
    let mut rest = sql.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        script.push_str(before);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = after[..digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(value) = number.and_then(|number| values.get(number)) {
            script.push_str(value);
        } else {
            script.push('$');
            script.push_str(&after[..digits]);
        }
        rest = &after[digits..];
    }
    script.push_str(rest);
    script.push_str(";\n");
    script
}

/// The id of the row whose number, [`credentials::FIRST`] included, is in a variable.
pub(crate) fn id(instant: DateTime<Utc>, variable: &str) -> String {
    format!("('{}' || :{variable}::text)::uuid", credentials::id_prefix(instant))
}

pub(crate) fn octets(octets: &[u8]) -> String {
    let digits = octets.iter().fold(String::new(), |digits, octet| format!("{digits}{octet:02x}"));
    format!("'\\x{digits}'::bytea")
}

/// Without colons, which would look like variables.
pub(crate) fn time(time: DateTime<Utc>) -> String {
    format!("'{}'::timestamptz", time.format("%Y%m%dT%H%M%S%.6f+00"))
}

pub(crate) fn nothing(kind: &str) -> String {
    format!("NULL::{kind}")
}

#[cfg(test)]
mod tests {
    use authority_store::STATEMENTS;

    use super::script;

    #[test]
    fn every_parameter_is_replaced_and_nothing_else_is_changed() {
        for statement in STATEMENTS {
            let values: Vec<String> =
                (1..=statement.types.len()).map(|number| format!("<{number}>")).collect();
            let script = script(statement, &values);
            assert!(!script.contains('$'), "{}: {script}", statement.name);
            let last = format!("<{}>", values.len());
            assert!(script.contains(&last), "{}", statement.name);
        }
    }
}
