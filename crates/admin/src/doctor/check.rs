//! What a check is made of.

use sqlx::postgres::PgRow;

use super::facts::{Arrival, Facts};
use super::finding::Symptom;

/// Checks that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) checks: &'static [Check],
}

/// One thing to look at.
#[derive(Debug)]
pub(super) struct Check {
    /// Its name, which programs rely on: it is never given to another check.
    pub(super) id: &'static str,
    /// What it finds, for the list of checks: a phrase, beginning with a lower-case letter.
    pub(super) finds: &'static str,
    /// What is said when it finds nothing.
    pub(super) well: &'static str,
    /// The checks without whose success this one makes no sense.
    pub(super) needs: &'static [&'static str],
    pub(super) look: Look,
}

/// How a check looks. It can do nothing but judge, so no check can change a database, and each can be read alone.
#[derive(Debug)]
pub(super) enum Look {
    /// Connecting decides it: the fault is one that connecting failed with.
    Connecting,
    /// Judges what connecting showed.
    Arrival(fn(&Arrival) -> Verdict),
    /// Judges what every examination finds out.
    Facts(fn(&Facts) -> Verdict),
    /// Asks the server one question, in a read-only transaction of its own, and judges the answer.
    Ask(&'static str, fn(&Facts, &[PgRow]) -> sqlx::Result<Verdict>),
}

/// What came of a look.
#[derive(Debug)]
pub(super) enum Verdict {
    /// What there is to say; nothing when all is well.
    Found(Vec<Symptom>),
    /// The question makes no sense here, or cannot be answered from here.
    Skipped(String),
}

impl Verdict {
    pub(super) fn well() -> Self {
        Self::Found(Vec::new())
    }

    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }
}

impl From<Option<Symptom>> for Verdict {
    fn from(symptom: Option<Symptom>) -> Self {
        Self::Found(symptom.into_iter().collect())
    }
}

impl From<Symptom> for Verdict {
    fn from(symptom: Symptom) -> Self {
        Self::Found(vec![symptom])
    }
}

impl FromIterator<Symptom> for Verdict {
    fn from_iter<T: IntoIterator<Item = Symptom>>(symptoms: T) -> Self {
        Self::Found(symptoms.into_iter().collect())
    }
}
