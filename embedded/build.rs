//! Finds the tar with PostgreSQL in the crate that cargo has fetched for this platform.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let archive = archive();
    println!("cargo::rustc-env=POSTGRESQL_ARCHIVE={}", archive.display());
}

/// The crate tells nobody where it is, so cargo is asked.
fn archive() -> PathBuf {
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let target = variable("TARGET");
    let output = Command::new(variable("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &target])
        .current_dir(variable("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let wanted = format!("pglite-rs-lib-{target}");
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest =
        packages.find(|package| package["name"] == wanted.as_str()).map(|found| &found["manifest_path"]);
    let manifest =
        manifest.and_then(Value::as_str).unwrap_or_else(|| panic!("there is no PostgreSQL for {target}"));
    PathBuf::from(manifest).with_file_name("lib").join("pglite-runtime.tar.zst")
}
