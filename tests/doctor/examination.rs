use std::process::Command;

use serde_json::Value;
use sqlx::PgPool;

use crate::support::{Outcome, authority_db, execute};

/// What `doctor --json` said.
#[derive(Debug)]
pub(super) struct Examination {
    json: Value,
    code: Option<i32>,
}

/// One finding of it.
#[derive(Clone, Debug)]
pub(super) struct Finding(Value);

/// Examines a database.
pub(super) fn examine(url: &str, arguments: &[&str]) -> Examination {
    examine_with(&mut authority_db(url, &[&["doctor", "--json"], arguments].concat()))
}

/// Examines a database whose requests another role than the usual one serves.
pub(super) fn examine_for(url: &str, serving_role: &str) -> Examination {
    examine_with(authority_db(url, &["doctor", "--json"]).env("AUTHORITY_SERVING_ROLE", serving_role))
}

fn examine_with(command: &mut Command) -> Examination {
    let outcome: Outcome = command.output().expect("authority-db runs").into();
    let json: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    let severities = || json["findings"].as_array().into_iter().flatten().map(|one| &one["severity"]);
    let ill = severities().any(|severity| severity == "warning" || severity == "error");
    assert_eq!(
        outcome.code,
        Some(i32::from(ill)),
        "1 exactly when there is a warning or an error: {outcome:?}"
    );
    assert_eq!(json["healthy"], !ill);
    Examination { json, code: outcome.code }
}

impl Examination {
    pub(super) fn code(&self) -> Option<i32> {
        self.code
    }

    pub(super) fn json(&self) -> &Value {
        &self.json
    }

    /// All findings of a check.
    pub(super) fn of(&self, check: &str) -> Vec<Finding> {
        let findings = self.json["findings"].as_array().expect("findings").iter();
        findings.filter(|finding| finding["check"] == check).cloned().map(Finding).collect()
    }

    /// The finding of a check about a subject; panics with the whole examination when there is none of that severity.
    pub(super) fn finds(&self, check: &str, severity: &str, subject: &str) -> Finding {
        let found = self.of(check).into_iter();
        let mut found = found.filter(|one| one.0["severity"] == severity && one.0["subject"] == subject);
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no {severity} of {check} about {subject:?}: {:#}", self.json));
        assert!(found.next().is_none(), "{check} says it twice: {:#}", self.json);
        assert!(!one.message().is_empty());
        one
    }

    /// Panics unless the check looked and found nothing.
    pub(super) fn is_well(&self, check: &str) {
        let found = self.of(check);
        assert!(
            matches!(&*found, [one] if one.0["severity"] == "ok"),
            "{check}: {found:#?} in {:#}",
            self.json
        );
    }

    /// Panics unless the check was skipped; the reason.
    pub(super) fn skips(&self, check: &str) -> &str {
        let mut skipped = self.json["skipped"].as_array().expect("skipped checks").iter();
        let one = skipped.find(|one| one["check"] == check);
        let one = one.unwrap_or_else(|| panic!("{check} was not skipped: {:#}", self.json));
        assert!(self.of(check).is_empty(), "{check} was skipped, and found something");
        one["reason"].as_str().expect("a reason")
    }

    /// Panics unless the check says that this role may not see.
    pub(super) fn may_not_see(&self, check: &str) {
        let hidden = self.of(check).into_iter();
        let mut hidden = hidden.filter(|one| one.message().starts_with("not visible to this role"));
        assert!(hidden.any(|one| one.0["severity"] == "info"), "{check}: {:#}", self.json);
    }
}

impl Finding {
    pub(super) fn severity(&self) -> &str {
        self.0["severity"].as_str().expect("a severity")
    }

    pub(super) fn subject(&self) -> &str {
        self.0["subject"].as_str().expect("a subject")
    }

    pub(super) fn message(&self) -> &str {
        self.0["message"].as_str().expect("a message")
    }

    pub(super) fn fix(&self) -> &str {
        self.0["fix"].as_str().unwrap_or_else(|| panic!("a fix: {self:?}"))
    }

    pub(super) fn evidence(&self) -> &str {
        self.0["evidence"].as_str().unwrap_or_default()
    }

    /// Does what the fix says, which must be statements and nothing else.
    pub(super) async fn mend(&self, pool: &PgPool) {
        execute(pool, self.fix()).await;
    }
}

/// Examines a database as a user of the operating system without privileges.
pub(super) fn examine_as_nobody(url: &str) -> Examination {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let mut command = authority_db(url, &["doctor", "--json"]);
    let own = std::fs::metadata("/proc/self").expect("this process").uid();
    if own == 0 {
        // Root gives itself up; the data of the tests' server belongs to somebody who is not root.
        let owner = std::fs::metadata(crate::support::server().data_dir()).expect("the server's data");
        command.uid(owner.uid()).gid(owner.gid());
    }
    examine_with(&mut command)
}
