//! What was found, for people and for programs.

use std::collections::BTreeSet;

use anstream::println;
use anstyle::{AnsiColor, Style};
use authority_connection::{Config, Server};
use serde::Serialize;

use super::check::{Check, Look};
use super::finding::{Finding, Severity, Symptom};
use super::registry;
use crate::{Failure, Outcome};

/// The outcome of an examination.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The database.
    database: String,
    /// Where it is.
    host: String,
    /// `server_version_num`, as in 150008 for 15.8; absent when nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_version: Option<u32>,
    /// Whether nothing has to be mended.
    healthy: bool,
    /// How many findings there are of each severity, and how many checks were skipped.
    counts: Counts,
    /// What was found, in the order of the checks.
    findings: Vec<Finding>,
    /// The checks that could not be made.
    skipped: Vec<Skipped>,
    #[serde(skip)]
    blocked: BTreeSet<&'static str>,
    /// Why the examination ended early, and how many checks it did not come to.
    #[serde(skip)]
    ended: Option<(String, usize)>,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    ok: usize,
    info: usize,
    warning: usize,
    error: usize,
    skipped: usize,
}

/// A check that could not be made.
#[derive(Debug, Serialize)]
struct Skipped {
    check: &'static str,
    reason: String,
}

impl Report {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            database: config.database().to_owned(),
            host: config.host().to_string(),
            server_version: None,
            healthy: true,
            counts: Counts::default(),
            findings: Vec::new(),
            skipped: Vec::new(),
            blocked: BTreeSet::new(),
            ended: None,
        }
    }

    pub(super) fn server(&mut self, server: &Server) {
        self.host = server.host.to_string();
        self.server_version = Some(server.version);
    }

    pub(super) fn connection_failed(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.add(finding);
        }
    }

    pub(super) fn found(&mut self, check: &Check, symptoms: Vec<Symptom>) {
        for symptom in symptoms {
            if symptom.blocks() {
                self.blocked.insert(check.id);
            }
            self.add(symptom.of(check.id));
        }
    }

    pub(super) fn skipped(&mut self, check: &Check, reason: impl Into<String>) {
        self.blocked.insert(check.id);
        self.counts.skipped += 1;
        self.skipped.push(Skipped { check: check.id, reason: reason.into() });
    }

    /// What has not been looked at cannot be, for want of one thing.
    pub(super) fn ends(&mut self, needed: &str) {
        let before = self.skipped.len();
        for (_, check) in registry::checks() {
            if !matches!(check.look, Look::Connecting) && !self.has(check) {
                self.skipped(check, format!("needs {needed}"));
            }
        }
        self.ended = Some((needed.to_owned(), self.skipped.len() - before));
    }

    /// Whether checks that need this one make no sense.
    pub(super) fn blocked(&self, id: &str) -> bool {
        self.blocked.contains(id)
    }

    /// The first check that this one needs and that did not succeed.
    pub(super) fn blocker(&self, check: &Check) -> Option<&'static str> {
        check.needs.iter().copied().find(|needed| self.blocked(needed))
    }

    /// Whether there is a word on this check already.
    pub(super) fn has(&self, check: &Check) -> bool {
        self.findings.iter().any(|finding| finding.check == check.id)
            || self.skipped.iter().any(|skipped| skipped.check == check.id)
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// `1 error, 2 warnings`.
    pub(super) fn summary(&self) -> String {
        let Counts { ok, info, warning, error, skipped } = self.counts;
        let parts = [
            (error, "error", "errors"),
            (warning, "warning", "warnings"),
            (info, "note", "notes"),
            (ok, "check ok", "checks ok"),
            (skipped, "skipped", "skipped"),
        ];
        let said = parts.iter().filter(|(number, ..)| *number > 0);
        let said =
            said.map(|(number, one, many)| format!("{number} {}", if *number == 1 { one } else { many }));
        said.collect::<Vec<_>>().join(", ")
    }

    /// Fails when the report cannot be written as JSON.
    pub(super) fn print_json(&self) -> Outcome {
        let json = serde_json::to_string_pretty(self).map_err(|error| Failure::new(&error))?;
        println!("{json}");
        Ok(())
    }

    pub(super) fn print(&self) {
        let bold = Style::new().bold();
        let version = match self.server_version {
            None | Some(0) => String::new(),
            Some(number) => format!(", PostgreSQL {}.{}", number / 10_000, number % 10_000),
        };
        println!("database {} at {}{version}", self.database, self.host);
        let grey = Style::new().dimmed();
        // Those that an early end left out are for programs; people are told how many they are.
        let (cut, left_out) = match &self.ended {
            Some((needed, number)) => (self.skipped.len() - number, Some((needed, number))),
            None => (self.skipped.len(), None),
        };
        let skipped = &self.skipped[..cut];
        for group in registry::GROUPS {
            let found = |check: &Check| self.findings.iter().any(|finding| finding.check == check.id);
            let passed = |check: &Check| skipped.iter().any(|skipped| skipped.check == check.id);
            if !group.checks.iter().any(|check| found(check) || passed(check)) {
                continue;
            }
            println!("\n{bold}{}{bold:#}", group.title);
            for check in group.checks {
                self.findings.iter().filter(|finding| finding.check == check.id).for_each(print_finding);
                for skipped in skipped.iter().filter(|skipped| skipped.check == check.id) {
                    println!("  {grey}{:<8} {:<28} {}{grey:#}", "skipped", check.id, skipped.reason);
                }
            }
        }
        if let Some((needed, number)) = left_out {
            println!("\n{grey}{number} checks were skipped: they need {needed}{grey:#}");
        }
        println!("\n{}", self.summary());
    }

    fn add(&mut self, finding: Finding) {
        let count = match finding.severity {
            Severity::Ok => &mut self.counts.ok,
            Severity::Info => &mut self.counts.info,
            Severity::Warning => &mut self.counts.warning,
            Severity::Error => &mut self.counts.error,
        };
        *count += 1;
        self.healthy &= finding.severity < Severity::Warning;
        self.findings.push(finding);
    }
}

fn print_finding(finding: &Finding) {
    let (colour, word) = match finding.severity {
        Severity::Ok => (AnsiColor::Green, "ok"),
        Severity::Info => (AnsiColor::Cyan, "note"),
        Severity::Warning => (AnsiColor::Yellow, "warning"),
        Severity::Error => (AnsiColor::Red, "error"),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let bold = Style::new().bold();
    let subject = if finding.subject.is_empty() {
        String::new()
    } else {
        format!("{bold}{}{bold:#}: ", finding.subject)
    };
    println!("  {style}{word:<8}{style:#} {:<28} {subject}{}", finding.check, finding.message);
    for line in finding.evidence.iter().flat_map(|evidence| evidence.lines()) {
        println!("             {line}");
    }
    for (at, line) in finding.fix.iter().flat_map(|fix| fix.lines()).enumerate() {
        let label = if at == 0 { "fix:" } else { "" };
        println!("           {bold}{label:<4}{bold:#} {line}");
    }
}
