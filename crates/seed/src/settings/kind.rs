use serde_json::Value;

/// The longest text that a setting takes, in characters.
const MOST_CHARACTERS: usize = 500;

/// What values a setting takes. How a variable writes them, too.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A whole number of something.
    Integer { least: i64, most: i64, unit: &'static str },
    /// One line of text.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An email address.
    Email,
    /// An address on the web, or a path on this server. Nothing else that a browser would follow.
    Link,
    /// `#rrggbb`.
    Colour,
}

impl Kind {
    /// The value that a text stands for; `None` when it stands for none of this kind.
    pub(super) fn value(self, text: &str) -> Option<Value> {
        let is_line = text.chars().count() <= MOST_CHARACTERS && !text.contains(char::is_control);
        let is_word = is_line && !text.contains(char::is_whitespace);
        let fits = match self {
            Self::Integer { least, most, .. } => {
                let is_number = text.bytes().all(|octet| octet.is_ascii_digit());
                let number: i64 = text.parse().ok().filter(|_| is_number)?;
                return (least..=most).contains(&number).then(|| number.into());
            }
            Self::Text => is_line && !text.trim().is_empty(),
            Self::OneOf(words) => words.contains(&text),
            Self::Email => {
                is_word && text.split('@').count() == 2 && text.split('@').all(|part| !part.is_empty())
            }
            Self::Link => is_word && is_link(text),
            Self::Colour => {
                let digits = text.strip_prefix('#')?;
                digits.len() == 6 && digits.bytes().all(|octet| octet.is_ascii_hexdigit())
            }
        };
        fits.then(|| text.into())
    }

    /// What a variable has to be, to end a sentence.
    pub(super) fn wanted(self) -> String {
        match self {
            Self::Integer { least, most, unit } => {
                format!("a whole number of {unit} from {least} to {most}, without a sign or unit")
            }
            Self::Text => format!("one line of at most {MOST_CHARACTERS} characters"),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Email => "an email address of the form name@domain".to_owned(),
            Self::Link => {
                "an address that begins with https:// or http://, or a path that begins with /".to_owned()
            }
            Self::Colour => "a colour of the form #rrggbb".to_owned(),
        }
    }

    /// The label of the enum `setting_type`.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Integer { .. } => "integer",
            Self::Text | Self::OneOf(_) | Self::Email | Self::Link | Self::Colour => "string",
        }
    }
}

fn is_link(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let path = text.strip_prefix('/');
    // Two slashes, or a slash and a backslash, name another server.
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        || path.is_some_and(|path| !path.starts_with(['/', '\\']))
}
