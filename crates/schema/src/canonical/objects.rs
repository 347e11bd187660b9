use super::table::{check, column};
use super::text::{Text, inline_grants};
use crate::model::{Domain, Enum, Function, Grant, Sequence, View};

pub(super) fn enums(enums: &[Enum]) -> String {
    let mut text = Text::default();
    for one in enums {
        text.title(&format!("enum {}", one.name));
        text.comment(4, one.comment.as_deref());
        one.labels.iter().for_each(|label| text.line(2, &literal(label)));
        usage(&mut text, &one.grants);
    }
    text.finish()
}

pub(super) fn domains(domains: &[Domain]) -> String {
    let mut text = Text::default();
    for domain in domains {
        let mut title = vec![format!("domain {} as {}", domain.name, domain.data_type)];
        title.extend(domain.collation.as_ref().map(|collation| format!("collate \"{collation}\"")));
        title.extend(domain.not_null.then(|| "not null".to_owned()));
        title.extend(domain.default.as_ref().map(|default| format!("default {default}")));
        text.title(&title.join(" "));
        text.comment(4, domain.comment.as_deref());
        domain.checks.iter().for_each(|one| check(&mut text, one));
        usage(&mut text, &domain.grants);
    }
    text.finish()
}

pub(super) fn functions(functions: &[Function]) -> String {
    let mut text = Text::default();
    for function in functions {
        text.title(&format!("function {}({})", function.name, function.arguments));
        text.comment(4, function.comment.as_deref());
        text.lines(2, &function.definition);
        if !Grant::are_default(&function.grants, Grant::PUBLIC_EXECUTE) {
            text.line(2, &format!("grants {}", inline_grants(&function.grants)));
        }
    }
    text.finish()
}

pub(super) fn sequences(sequences: &[Sequence]) -> String {
    let mut text = Text::default();
    for sequence in sequences {
        let Sequence { name, data_type, start, increment, minimum, maximum, cache, .. } = sequence;
        text.title(&format!("sequence {name}"));
        text.comment(4, sequence.comment.as_deref());
        let cycle = if sequence.cycle { " cycle" } else { "" };
        text.line(
            2,
            &format!(
                "{data_type} start {start} by {increment} from {minimum} to {maximum} cache {cache}{cycle}"
            ),
        );
        if let Some(owner) = &sequence.owned_by {
            text.line(2, &format!("owned by {owner}"));
        }
        if !sequence.grants.is_empty() {
            text.line(2, &format!("grants {}", inline_grants(&sequence.grants)));
        }
    }
    text.finish()
}

pub(super) fn views(views: &[View]) -> String {
    let mut text = Text::default();
    for view in views {
        let kind = if view.materialized { "materialized view" } else { "view" };
        text.title(&format!("{kind} {}", view.name));
        text.comment(4, view.comment.as_deref());
        view.columns.iter().for_each(|one| column(&mut text, one));
        if !view.options.is_empty() {
            text.line(2, &format!("with {}", view.options.join(", ")));
        }
        if !view.grants.is_empty() {
            text.line(2, &format!("grants {}", inline_grants(&view.grants)));
        }
        for column in view.columns.iter().filter(|column| !column.grants.is_empty()) {
            text.line(2, &format!("grants on {} {}", column.name, inline_grants(&column.grants)));
        }
    }
    text.finish()
}

pub(super) fn access(grants: &[Grant]) -> String {
    let mut text = Text::default();
    if !Grant::are_default(grants, Grant::PUBLIC_USAGE) {
        text.title("schema public");
        text.line(2, &format!("grants {}", inline_grants(grants)));
    }
    text.finish()
}

fn usage(text: &mut Text, grants: &[Grant]) {
    if !Grant::are_default(grants, Grant::PUBLIC_USAGE) {
        text.line(2, &format!("grants {}", inline_grants(grants)));
    }
}

/// A label as it is, in quotes only where it could be taken for something else.
fn literal(label: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:+".contains(&byte);
    if !label.is_empty() && label.bytes().all(plain) {
        label.to_owned()
    } else {
        format!("'{}'", label.replace('\'', "''"))
    }
}
