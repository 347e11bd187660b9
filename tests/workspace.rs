//! The workspace itself: which package may know which, and what its documents claim.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::cargo;

/// What each package may depend on inside the workspace. Arrows point one way.
const MAY_KNOW: [(&str, &[&str]); 14] = [
    ("authority-connection", &[]),
    ("authority-entity", &[]),
    ("authority-local-postgres", &[]),
    ("authority-maintenance", &["authority-migration"]),
    ("authority-migration", &[]),
    ("authority-password", &[]),
    ("authority-schema", &[]),
    ("authority-seed", &["authority-connection", "authority-migration", "authority-password"]),
    ("authority-store", &["authority-connection", "authority-entity"]),
    (
        "authority-admin",
        &[
            "authority-connection",
            "authority-local-postgres",
            "authority-maintenance",
            "authority-migration",
            "authority-password",
            "authority-schema",
            "authority-seed",
        ],
    ),
    (
        "authority-bench",
        &[
            "authority-admin",
            "authority-connection",
            "authority-entity",
            "authority-local-postgres",
            "authority-maintenance",
            "authority-migration",
            "authority-seed",
            "authority-store",
        ],
    ),
    (
        "authority-example",
        &["authority-connection", "authority-entity", "authority-password", "authority-store"],
    ),
    ("xtask", &["authority-admin", "authority-local-postgres", "authority-migration", "authority-schema"]),
    (
        "authority-tests",
        &[
            "authority-connection",
            "authority-entity",
            "authority-example",
            "authority-local-postgres",
            "authority-maintenance",
            "authority-migration",
            "authority-password",
            "authority-schema",
            "authority-seed",
            "authority-store",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of the workspace")
}

fn packages() -> Vec<Value> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("there are packages").clone()
}

#[test]
fn dependencies_between_the_packages_point_one_way() {
    let packages = packages();
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let found: BTreeMap<&str, BTreeSet<&str>> = packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let inside = dependencies.filter_map(|dependency| dependency["name"].as_str());
            (
                package["name"].as_str().unwrap_or_default(),
                inside.filter(|name| names.contains(name)).collect(),
            )
        })
        .collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        MAY_KNOW.iter().map(|(name, known)| (*name, known.iter().copied().collect())).collect();
    assert_eq!(found, allowed);
}

#[test]
fn nothing_of_the_embedded_postgresql_is_locked_for_the_workspace() {
    let lock = |folder: &str| std::fs::read_to_string(root().join(folder).join("Cargo.lock"));
    let brings = |text: &str| text.contains("\"pglite-rs-lib-");
    assert!(brings(&lock("embedded").expect("the embedded package has a lock file of its own")));
    assert!(!brings(&lock("").expect("the workspace has a lock file")));
}

#[test]
fn only_the_connection_crate_reads_the_environment() {
    let mut readers = Vec::new();
    for folder in ["crates", "entity", "examples", "migration", "xtask"] {
        let mut folders = vec![root().join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().expect("the tree can be read") {
                let path = entry.expect("the tree can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).expect("a source file is text");
                    if text.contains("env::var") {
                        readers.push(path.strip_prefix(root()).expect("inside").display().to_string());
                    }
                }
            }
        }
    }
    // The tests of the local server choose its programs; the runner of cargo asks cargo which cargo it is.
    readers.retain(|path| !path.starts_with("crates/connection/") && !path.contains("/tests/"));
    readers.sort();
    assert_eq!(readers, Vec::<String>::new());
}

#[test]
fn every_command_of_the_readme_exists() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let help = |arguments: &[&str]| {
        let output = cargo().args(["xtask"]).args(arguments).arg("--help").output();
        output.expect("cargo xtask runs").status.success()
    };
    let mut commands = BTreeSet::new();
    for part in readme.split("cargo xtask ").skip(1) {
        let words: Vec<&str> = part
            .split(['`', '\n', '#'])
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
            .collect();
        let depth = if words.first() == Some(&"migrate") { 2 } else { 1 };
        commands
            .insert(words.into_iter().take(depth).filter(|word| !word.starts_with('-')).collect::<Vec<_>>());
    }
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        assert!(help(&command), "cargo xtask {} is in the README and does not exist", command.join(" "));
    }
}
