//! Comma-separated values (RFC 4180), for people with spreadsheets.

use chrono::SecondsFormat;

use super::AuditRecord;
use crate::label::label;

/// The first line.
pub(super) const HEADER: &str = "id,created_at,event,outcome,actor_kind,actor_id,resource_kind,resource_id,client_id,session_id,ip_address,user_agent,request_id,details\r\n";

pub(super) fn write(record: &AuditRecord, into: &mut Vec<u8>) {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let fields = [
        &record.id.to_string(),
        &record.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        &record.event,
        &*label(&record.outcome),
        &*label(&record.actor.kind),
        &id(record.actor.id),
        record.resource_kind.as_deref().unwrap_or_default(),
        record.resource_id.as_deref().unwrap_or_default(),
        &id(record.client.map(crate::ClientId::uuid)),
        &id(record.session.map(crate::SessionId::uuid)),
        record.ip_address.as_deref().unwrap_or_default(),
        record.user_agent.as_deref().unwrap_or_default(),
        record.request_id.as_deref().unwrap_or_default(),
        &record.details.to_string(),
    ];
    for (number, text) in fields.into_iter().enumerate() {
        if number > 0 {
            into.push(b',');
        }
        field(text, into);
    }
    into.extend_from_slice(b"\r\n");
}

/// A field in quotation marks where it needs them, and with an apostrophe first where a spreadsheet would take it for a
/// formula: a user agent is whatever somebody sends. One that has an apostrophe first gets another, so whoever takes
/// one away has every field as it was.
fn field(text: &str, into: &mut Vec<u8>) {
    let is_quoted = text.contains(['"', ',', '\r', '\n']);
    if is_quoted {
        into.push(b'"');
    }
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠']) {
        into.push(b'\'');
    }
    into.extend_from_slice(if is_quoted { text.replace('"', "\"\"") } else { text.to_owned() }.as_bytes());
    if is_quoted {
        into.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::field;

    /// Reads a line as RFC 4180 says, and takes the apostrophe away.
    fn read(text: &str) -> Vec<String> {
        let mut fields = vec![String::new()];
        let (mut characters, mut quoted) = (text.chars().peekable(), false);
        while let Some(character) = characters.next() {
            let last = fields.last_mut().unwrap();
            match (character, quoted) {
                ('"', true) if characters.peek() == Some(&'"') => last.extend(characters.next()),
                ('"', _) => quoted = !quoted,
                (',', false) => fields.push(String::new()),
                ('\r' | '\n', false) => panic!("the line has ended"),
                (other, _) => last.push(other),
            }
        }
        assert!(!quoted, "the field has not ended");
        fields.iter().map(|field| field.strip_prefix('\'').unwrap_or(field).to_owned()).collect()
    }

    fn write(fields: &[String]) -> String {
        let mut line = Vec::new();
        for (number, text) in fields.iter().enumerate() {
            if number > 0 {
                line.push(b',');
            }
            field(text, &mut line);
        }
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn nothing_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "=\"a\",\"b\""] {
            let written = write(&[text.to_owned()]);
            assert!(written.trim_start_matches('"').starts_with('\''), "{written}");
        }
        assert_eq!(write(&["Mozilla/5.0".to_owned(), "a, \"b\"".to_owned()]), "Mozilla/5.0,\"a, \"\"b\"\"\"");
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(
            fields in proptest::collection::vec(prop_oneof!["[=+'@,\"\r\n\t ;-]{0,6}", any::<String>()], 1..5),
        ) {
            prop_assert_eq!(read(&write(&fields)), fields);
        }
    }
}
