//! The `options` of a connection: server settings, written as arguments of `postgres`.
//!
//! PostgreSQL manual, "Parameter Key Words": `-c name=value` or `--name=value`, separated by spaces; a backslash
//! takes the meaning from a space or a backslash.

use crate::ConfigError;

/// The settings in their order. Fails on anything but `-c name=value` and `--name=value`.
pub(super) fn parse(parameter: &'static str, text: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let wrong = || ConfigError::value(parameter, text, "settings of the form -c name=value or --name=value");
    let mut settings = Vec::new();
    let mut words = words(text).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.as_str() {
            "-c" => words.next().ok_or_else(wrong)?,
            _ => match word.strip_prefix("--").or_else(|| word.strip_prefix("-c")) {
                Some(setting) => setting.to_owned(),
                None => return Err(wrong()),
            },
        };
        let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
        let name = name.replace('-', "_");
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$')) {
            return Err(wrong());
        }
        // The driver escapes spaces and backslashes, no other separator.
        if value.contains(char::is_control) {
            return Err(wrong());
        }
        settings.push((name, value.to_owned()));
    }
    Ok(settings)
}

/// The settings as [`parse`] reads them.
pub(crate) fn print(settings: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in settings {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str("-c ");
        for c in format!("{name}={value}").chars() {
            if matches!(c, ' ' | '\\') {
                text.push('\\');
            }
            text.push(c);
        }
    }
    text
}

/// Puts `over` on top of `under`: of one name, the upper value remains.
pub(super) fn merge(under: Vec<(String, String)>, over: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut merged: Vec<(String, String)> = Vec::new();
    for (name, value) in under.into_iter().chain(over) {
        merged.retain(|(seen, _)| *seen != name);
        merged.push((name, value));
    }
    merged
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c.is_ascii_whitespace() {
            words.extend(word.take());
        } else {
            let c = if c == '\\' { characters.next().unwrap_or(c) } else { c };
            word.get_or_insert_with(String::new).push(c);
        }
    }
    words.extend(word);
    words
}
