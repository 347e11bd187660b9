//! Every check there is.

use std::fmt::Write as _;

use super::check::{Check, Group};
use super::{
    data, indexes, partitions, privileges, reachability, requirements, schema, security, sessions, settings,
    storage,
};

/// The groups in the order in which they are examined and printed: what others need comes first.
pub(super) const GROUPS: [&Group; 11] = [
    &reachability::GROUP,
    &requirements::GROUP,
    &privileges::GROUP,
    &schema::GROUP,
    &indexes::GROUP,
    &partitions::GROUP,
    &storage::GROUP,
    &sessions::GROUP,
    &settings::GROUP,
    &security::GROUP,
    &data::GROUP,
];

/// Every check with its group.
pub(super) fn checks() -> impl Iterator<Item = (&'static Group, &'static Check)> {
    GROUPS.into_iter().flat_map(|group| group.checks.iter().map(move |check| (group, check)))
}

/// The end of `--help`.
pub(super) fn help() -> String {
    let mut text = String::from(
        "Exit code: 0 when there is nothing of severity warning or error, 1 otherwise.\n\n\
         Examples:\n  \
         authority-db doctor                  examine the database of DATABASE_URL\n  \
         authority-db doctor --instances 4    with four instances of Authority in mind\n  \
         authority-db doctor --json | jq '.findings[] | select(.severity == \"error\")'\n\n\
         A superuser sees most; every other role is told what it may not see.\n\nChecks:",
    );
    for group in GROUPS {
        let _ = write!(text, "\n  {}:", group.title);
        for check in group.checks {
            let _ = write!(text, "\n    {:<28} {}", check.id, check.finds);
        }
    }
    text
}

/// The table of `docs/doctor.md`.
#[must_use]
pub fn table() -> String {
    let mut text = String::from("| Group | Check | Finds |\n| --- | --- | --- |\n");
    for (group, check) in checks() {
        let _ = writeln!(text, "| {} | `{}` | {} |", group.title, check.id, check.finds);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_in_kebab_case() {
        let mut seen = BTreeSet::new();
        for (_, check) in checks() {
            assert!(
                check.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                check.id
            );
            assert!(seen.insert(check.id), "{} twice", check.id);
        }
    }

    #[test]
    fn what_a_check_needs_is_examined_before_it() {
        let mut seen = BTreeSet::new();
        for (_, check) in checks() {
            for needed in check.needs {
                assert!(seen.contains(needed), "{} needs {needed}", check.id);
            }
            seen.insert(check.id);
        }
    }

    #[test]
    fn the_documentation_lists_the_checks() {
        let page = include_str!("../../../../docs/doctor.md");
        assert!(page.contains(&table()), "docs/doctor.md has to contain:\n\n{}", table());
    }
}
