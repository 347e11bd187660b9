//! The settings as a fragment of `postgresql.conf`, and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Live, Machine, Setting};

/// How wide the comments are.
const WIDTH: usize = 110;

/// Everything that `tune` finds out.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    /// Whether there was a server to compare with.
    pub(super) compared: bool,
    pub(super) settings: Vec<Compared>,
}

/// A setting, beside what the server has.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    #[serde(flatten)]
    pub(super) setting: Setting,
    /// Absent where there is no server to compare with, or where it does not know the setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<Live>,
}

impl Report {
    pub(super) fn new(
        machine: Machine,
        settings: Vec<Setting>,
        live: Option<BTreeMap<&'static str, Live>>,
    ) -> Self {
        let compared = live.is_some();
        let mut live = live.unwrap_or_default();
        let settings = settings
            .into_iter()
            .map(|setting| Compared { current: live.remove(setting.name), setting })
            .collect();
        Self { machine, compared, settings }
    }

    /// The settings that the server has otherwise, and could have as recommended.
    pub(super) fn differing(&self) -> impl Iterator<Item = (&Setting, &Live)> {
        self.settings.iter().filter_map(|compared| {
            let live = compared.current.as_ref()?;
            live.differs().then_some((&compared.setting, live))
        })
    }

    /// A fragment of `postgresql.conf`. What the server has now stands in comments, so that the whole remains one.
    pub(super) fn fragment(&self) -> String {
        let mut text = format!("# For PostgreSQL on a machine of its own: {}.\n", self.machine);
        let mut group = "";
        for Compared { setting, current } in &self.settings {
            if setting.group != group {
                group = setting.group;
                // Writing to a String does not fail.
                let _ = write!(text, "\n# {group}\n");
            }
            text.push('\n');
            comment(&mut text, &format!("{} (PostgreSQL manual, \"{}\")", setting.reason, setting.manual));
            if let Some(note) = self.note(setting, current.as_ref()) {
                comment(&mut text, &note);
            }
            let possible = current.as_ref().is_none_or(Live::is_possible);
            let _ = writeln!(text, "{}{} = {}", if possible { "" } else { "#" }, setting.name, setting.value);
        }
        text
    }

    fn note(&self, setting: &Setting, current: Option<&Live>) -> Option<String> {
        let Some(live) = current else {
            return self.compared.then(|| "The server does not know this setting.".to_owned());
        };
        if !live.is_possible() {
            return Some("The server's operating system does not support this.".to_owned());
        }
        if live.as_recommended {
            return None;
        }
        let mut note = format!("Now {} ({})", live.value, live.source);
        if live.pending_restart {
            note.push_str("; another value waits for a restart");
        } else if setting.needs_restart {
            note.push_str("; a change needs a restart");
        }
        if live.is_overridden() {
            note.push_str("; wins over this file");
        }
        note.push('.');
        Some(note)
    }
}

fn comment(text: &mut String, words: &str) {
    let mut length = WIDTH;
    for word in words.split_whitespace() {
        if length + 1 + word.len() > WIDTH {
            text.push_str(if text.ends_with('\n') { "#" } else { "\n#" });
            length = 1;
        }
        text.push(' ');
        text.push_str(word);
        length += 1 + word.len();
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::tune::{Machine, Size, Storage, recommend};

    #[test]
    fn every_line_of_the_fragment_is_a_comment_or_a_setting() {
        let machine = Machine::new(Size::from_gb(1), 2, Storage::Ssd, 100).unwrap();
        let fragment = Report::new(machine, recommend(&machine), None).fragment();
        let settings: Vec<_> =
            fragment.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
        assert_eq!(settings.len(), recommend(&machine).len());
        assert!(settings.iter().all(|line| line.split_once(" = ").is_some()), "{settings:?}");
        assert!(settings.contains(&"shared_buffers = 256MB"));
        assert!(fragment.lines().all(|line| line.len() <= super::WIDTH));
    }
}
