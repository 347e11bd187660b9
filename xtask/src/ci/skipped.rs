//! The tests that did not run because the machine lacks something, as they tell themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anstream::eprintln;
use authority_admin::{Failure, Outcome};

/// What a run of the suite left out: what it lacked, by the name of the test.
pub(super) type Skipped = BTreeMap<String, String>;

/// Reads the file that the tests of one run wrote: a line each, name and lack with a tab between. None was skipped
/// when there is no file.
pub(super) fn read(file: &Path) -> Outcome<Skipped> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| Failure::saying(format!("cannot read {}: {error}", file.display())))?,
    };
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines.map(|(name, lack)| (name.to_owned(), lack.to_owned())).collect())
}

/// Lists what a run left out, by what it lacked.
pub(super) fn report(whose: &str, skipped: &Skipped) {
    if skipped.is_empty() {
        return;
    }
    eprintln!("ci: {} skipped on {whose}", count(skipped.len()));
    for lack in skipped.values().collect::<BTreeSet<_>>() {
        let names: Vec<_> = skipped.iter().filter(|(_, its)| *its == lack).map(|(name, _)| name).collect();
        eprintln!("ci:   {lack}: {}", count(names.len()));
        for name in names {
            eprintln!("ci:     {name}");
        }
    }
}

/// Fails when a test ran on none of the servers.
pub(super) fn require_that_each_ran(runs: &[Skipped]) -> Outcome {
    let mut names = runs.iter().map(|skipped| skipped.keys().collect::<BTreeSet<_>>());
    let first = names.next().unwrap_or_default();
    let never = names.fold(first, |never, skipped| never.intersection(&skipped).copied().collect());
    if never.is_empty() {
        return Ok(());
    }
    let listed: Vec<_> = never.iter().map(|name| name.as_str()).collect();
    let failure = Failure::saying(format!("{} ran on no server: {}", count(never.len()), listed.join(", ")));
    let lacks: BTreeSet<_> = runs.iter().flat_map(BTreeMap::values).cloned().collect();
    Err(lacks
        .into_iter()
        .fold(failure, Failure::because)
        .with_fix("apt-get install postgresql pgbouncer".to_owned()))
}

fn count(tests: usize) -> String {
    if tests == 1 { "1 test".to_owned() } else { format!("{tests} tests") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(names: &[&str]) -> Skipped {
        names.iter().map(|name| ((*name).to_owned(), "there is no psql".to_owned())).collect()
    }

    #[test]
    fn a_test_that_ran_on_one_of_the_servers_was_not_skipped() {
        assert!(require_that_each_ran(&[skipped(&[]), skipped(&["a"])]).is_ok());
        assert!(require_that_each_ran(&[skipped(&["a"]), skipped(&["b"])]).is_ok());
        assert!(require_that_each_ran(&[]).is_ok());
    }

    #[test]
    fn a_test_that_ran_nowhere_is_named() {
        let failure = require_that_each_ran(&[skipped(&["a", "b"]), skipped(&["b"])]).unwrap_err();
        let text = format!("{failure:?}");
        assert!(text.contains("1 test ran on no server: b") && text.contains("there is no psql"), "{text}");
    }

    #[test]
    fn what_the_tests_wrote_is_read_and_no_file_means_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("skipped");
        assert!(read(&file).unwrap().is_empty());
        fs::write(&file, "tls::a\tthe server has no TLS\ntls::b\tthe server has no TLS\n").unwrap();
        let read = read(&file).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read["tls::a"], "the server has no TLS");
    }
}
