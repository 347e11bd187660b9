//! What a check has to say.

use serde::Serialize;

/// How much a finding matters. From `Warning` on, the command ends with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The check found nothing.
    Ok,
    /// Good to know; nothing has to be done, or this role may not see more.
    Info,
    /// Works today, and should be mended.
    Warning,
    /// Broken, or unsafe.
    Error,
}

/// One thing that a check has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check, by its stable name.
    pub check: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about: a table, a role, a setting; empty where that is the whole database.
    pub subject: String,
    /// What is so, in one sentence.
    pub message: String,
    /// The statements or the command that mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What the finding rests on, in several lines: a difference, the words of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// A [`Finding`] that does not know yet which check it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Symptom {
    severity: Severity,
    subject: String,
    message: String,
    fix: Option<String>,
    evidence: Option<String>,
    blocks: bool,
}

impl Symptom {
    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self::new(Severity::Ok, "", message)
    }

    pub(super) fn info(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, subject, message)
    }

    pub(super) fn warning(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, subject, message)
    }

    pub(super) fn error(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, subject, message)
    }

    /// Something that the role may not look at.
    pub(super) fn hidden(what: &str) -> Self {
        Self { blocks: true, ..Self::info("", format!("not visible to this role: {what}")) }
    }

    /// The same, and checks that build on this one cannot be made.
    pub(super) fn blocking(self) -> Self {
        Self { blocks: true, ..self }
    }

    pub(super) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    pub(super) fn evidence(self, evidence: impl Into<String>) -> Self {
        Self { evidence: Some(evidence.into()).filter(|text| !text.is_empty()), ..self }
    }

    /// Whether checks that build on this one cannot be made.
    pub(super) fn blocks(&self) -> bool {
        self.severity == Severity::Error || self.blocks
    }

    pub(super) fn of(self, check: &'static str) -> Finding {
        let Self { severity, subject, message, fix, evidence, blocks: _ } = self;
        Finding { check, severity, subject, message, fix, evidence }
    }

    fn new(severity: Severity, subject: impl Into<String>, message: impl Into<String>) -> Self {
        let (subject, message) = (subject.into(), message.into());
        Self { severity, subject, message, fix: None, evidence: None, blocks: false }
    }
}
