//! Pages: plain HTML in which everything from outside is escaped.

use std::fmt;

use axum::response::Html;

/// A text that is no markup, also inside of a quoted attribute.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => write!(f, "{c}"),
        })
    }
}

/// A page. The body is markup.
pub(crate) fn page(title: &str, body: &str) -> Html<String> {
    let title = Escaped(title);
    Html(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n{body}</body></html>\n"
    ))
}

/// A paragraph of text.
pub(crate) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", Escaped(text))
}

/// A form that is posted, with fields that are markup. Without an action it goes to the address of the page.
pub(crate) fn form(action: Option<&str>, fields: &str) -> String {
    match action {
        Some(path) => format!("<form method=\"post\" action=\"{}\">\n{fields}</form>\n", Escaped(path)),
        None => format!("<form method=\"post\">\n{fields}</form>\n"),
    }
}

/// A field that nobody sees.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", Escaped(name), Escaped(value))
}

/// A field of a type that somebody fills in.
pub(crate) fn input(label: &str, name: &str, kind: &str, value: &str) -> String {
    format!(
        "<p><label>{} <input name=\"{}\" value=\"{}\" type=\"{}\" required></label></p>\n",
        Escaped(label),
        Escaped(name),
        Escaped(value),
        Escaped(kind)
    )
}

/// A button that says what is decided.
pub(crate) fn decision(value: &str, label: &str) -> String {
    format!("<button name=\"decision\" value=\"{}\">{}</button>\n", Escaped(value), Escaped(label))
}

/// A list of texts.
pub(crate) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| format!("<li>{}</li>", Escaped(item))).collect();
    format!("<ul>{}</ul>\n", items.concat())
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_of_an_escaped_text_is_markup() {
        assert_eq!(Escaped("<a href='\"&\"'>").to_string(), "&lt;a href=&#39;&quot;&amp;&quot;&#39;&gt;");
    }
}
