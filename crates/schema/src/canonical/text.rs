use std::fmt::Write as _;

use crate::expression::conditions;
use crate::model::Grant;

/// How long a line may become before it is broken, where it can be.
const WIDTH: usize = 110;

/// A text that grows by items.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// Something of its own: `table users`, after an empty line unless it is the first.
    pub(super) fn title(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(0, title);
    }

    /// What belongs together: `columns`, after an empty line.
    pub(super) fn section<T>(&mut self, heading: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if !items.is_empty() {
            self.title(heading);
            for item in items {
                write(self, item);
            }
        }
    }

    /// A line without trailing spaces.
    pub(super) fn line(&mut self, indent: usize, line: &str) {
        let _ = writeln!(self.0, "{:indent$}{}", "", line.trim_end());
    }

    /// An item of a section: its name and the rest.
    pub(super) fn item(&mut self, name: &str, rest: &str) {
        self.line(2, &format!("{name:<32} {rest}"));
    }

    /// An item that goes on in further lines if it is too long for one.
    pub(super) fn item_in_parts(&mut self, name: &str, parts: &[String]) {
        let one = parts.join(" ");
        if fits(name, &one) {
            self.item(name, &one);
        } else {
            self.item(name, parts.first().map_or("", String::as_str));
            for part in parts.iter().skip(1) {
                self.line(6, part);
            }
        }
    }

    /// A named condition, broken before each `AND` and `OR` of its outermost level if it is too long.
    pub(super) fn condition(&mut self, name: &str, expression: &str, rest: &str) {
        let one = format!("{expression} {rest}");
        if fits(name, one.trim_end()) {
            return self.item(name, &one);
        }
        self.item(name, rest);
        for condition in conditions(expression) {
            self.lines(6, condition);
        }
    }

    /// Several lines, each as it is.
    pub(super) fn lines(&mut self, indent: usize, lines: &str) {
        for line in lines.lines() {
            self.line(indent, line);
        }
    }

    /// A comment beneath its item. Its line breaks are kept, long lines are wrapped between words.
    pub(super) fn comment(&mut self, indent: usize, comment: Option<&str>) {
        for paragraph in comment.unwrap_or_default().lines() {
            let mut line = String::from("--");
            for word in paragraph.split_whitespace() {
                if line.len() > 2 && indent + line.chars().count() + word.chars().count() >= WIDTH {
                    self.line(indent, &line);
                    line.truncate(2);
                }
                line.push(' ');
                line.push_str(word);
            }
            self.line(indent, &line);
        }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// `SELECT, UPDATE with grant option`, each followed by `of`: ` (column)`, for example.
pub(super) fn privileges(grant: &Grant, of: &str) -> String {
    let one = |privilege: &String| {
        let option = if grant.grantable.contains(privilege) { " with grant option" } else { "" };
        format!("{privilege}{of}{option}")
    };
    grant.privileges.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `owner: SELECT; reader: SELECT`, or `none`: for what has a default that these differ from.
pub(super) fn inline_grants(grants: &[Grant]) -> String {
    if grants.is_empty() {
        return "none".to_owned();
    }
    let one = |grant: &Grant| format!("{}: {}", grant.grantee, privileges(grant, ""));
    grants.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn fits(name: &str, rest: &str) -> bool {
    !rest.contains('\n') && 3 + name.chars().count().max(32) + rest.chars().count() <= WIDTH
}
