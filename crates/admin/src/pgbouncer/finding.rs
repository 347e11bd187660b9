use anstream::println;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// What a check found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    check: &'static str,
    pub(super) verdict: Verdict,
    /// What is so, in one sentence.
    says: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Good,
    /// It works; there is something to know.
    Note,
    /// It does not work.
    Problem,
}

impl Finding {
    pub(super) fn good(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Good, says: says.into(), fix: None }
    }

    pub(super) fn note(check: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Note, says: says.into(), fix: Some(fix.into()) }
    }

    pub(super) fn problem(check: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Problem, says: says.into(), fix: Some(fix.into()) }
    }

    pub(super) fn print(&self) {
        let (word, color) = match self.verdict {
            Verdict::Good => ("good", AnsiColor::Green),
            Verdict::Note => ("note", AnsiColor::Yellow),
            Verdict::Problem => ("problem", AnsiColor::Red),
        };
        let style = Style::new().fg_color(Some(color.into()));
        println!("{style}{word:<8}{style:#} {:<20} {}", self.check, self.says);
        if let Some(fix) = &self.fix {
            println!("{:<8} {:<20} fix: {fix}", "", "");
        }
    }
}
