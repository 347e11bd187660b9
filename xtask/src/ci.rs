//! `ci`: what a pull request has to pass, and what `.ci/run` runs.

mod embedded;
mod npm;
mod skipped;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anstream::eprintln;
use authority_admin::{Context, Failure, Outcome};
use authority_local_postgres::{Engine, Programs, programs};
use clap::Args;

use crate::{cargo, tree};
use skipped::Skipped;

/// Every version of PostgreSQL that is supported.
const SUPPORTED: [u32; 6] = [13, 14, 15, 16, 17, 18];

/// Leaves out those tests that do through the pooler what another one does directly: a pooler makes no difference between
/// versions, and each of them is run there directly.
const NOT_TWICE: [&str; 3] = ["--", "--skip", "::through_the_pooler"];

/// What `ci` is given.
#[derive(Args, Debug)]
pub(crate) struct CiArgs {
    /// PostgreSQL versions for the test-suite beside the machine's own, or `all`
    #[arg(long, value_name = "VERSIONS", value_parser = versions, default_value = "")]
    pg: Versions,
    /// Fail when a test was skipped, also where there is no PostgreSQL
    #[arg(long)]
    skip_nothing: bool,
}

/// A set of major versions of PostgreSQL.
#[derive(Clone, Debug)]
struct Versions(BTreeSet<u32>);

pub(crate) fn run(context: &Context, args: &CiArgs) -> Outcome {
    let own = context.programs()?;
    let mut servers = Vec::new();
    for major in args.pg.0.iter().filter(|major| **major != own.version().major()) {
        let installed = programs::with_major(&context.search_path(), *major).ok();
        servers.push(installed.map_or_else(|| npm::fetch(*major), Ok)?);
    }

    let cargo = Cargo(context);
    cargo.run("the format is cargo fmt's", &["fmt", "--all", "--check"], &[])?;
    cargo.run(
        "no lint objects",
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
        &[],
    )?;
    let deny = [("RUSTDOCFLAGS", "--deny warnings")];
    cargo.run(
        "the documentation builds",
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"],
        &deny,
    )?;
    cargo.run("the generated files are fresh", &["xtask", "generate", "--check"], &[])?;
    let bin_dir = own.bin_dir().to_string_lossy();
    cargo.run(
        "unit tests pass",
        &["test", "--workspace", "--exclude", "authority-tests", "--quiet"],
        &[("AUTHORITY_PG_BIN", &bin_dir)],
    )?;
    embedded::check(context, &cargo)?;
    let mut runs = vec![suite(&cargo, &own, &[])?];
    for added in servers {
        runs.push(suite(&cargo, &added, &NOT_TWICE)?);
    }
    // A machine without PostgreSQL lacks what some tests are about; where it is, nothing is left out.
    if own.engine() == Engine::Local || args.skip_nothing {
        skipped::require_that_each_ran(&runs)?;
    }
    Ok(())
}

/// The tests on real servers of one version; all of them without a `selection` for cargo. Afterwards every snapshot has been
/// used, unless the server is the embedded one. Gives the tests that were skipped.
fn suite(cargo: &Cargo<'_>, programs: &Programs, selection: &[&str]) -> Outcome<Skipped> {
    let (version, engine) = (programs.version(), programs.engine());
    let file = |what: &str| tree::root().join("target").join(format!("{what}-{engine}-{}", version.major()));
    let (used, left_out) = (file("snapshots-of"), file("skipped-on"));
    // Files of an earlier run would vouch for snapshots that nobody uses any more.
    let _ = (fs::remove_file(&used), fs::remove_file(&left_out));
    let bin_dir = programs.bin_dir().to_string_lossy().into_owned();
    let used_text = used.to_string_lossy().into_owned();
    let left_out_text = left_out.to_string_lossy().into_owned();
    let variables = [
        ("AUTHORITY_PG_BIN", bin_dir.as_str()),
        ("INSTA_SNAPSHOT_REFERENCES_FILE", used_text.as_str()),
        ("INSTA_UPDATE", "no"),
        ("AUTHORITY_TESTS_SKIPPED", left_out_text.as_str()),
    ];
    let whose = match engine {
        Engine::Local => format!("PostgreSQL {version}"),
        Engine::Embedded => format!("the embedded PostgreSQL {version}"),
    };
    let what = format!("the test-suite passes on {whose}");
    cargo.run(&what, &[&["test", "--package", "authority-tests"], selection].concat(), &variables)?;
    if engine == Engine::Local {
        // On the embedded one, what the skipped tests would have used is not used.
        require_all_used(&used)?;
    }
    let skipped = skipped::read(&left_out)?;
    skipped::report(&whose, &skipped);
    Ok(skipped)
}

/// Fails when a snapshot file was read by no test.
fn require_all_used(references: &Path) -> Outcome {
    let failed =
        |error: std::io::Error| Failure::saying(format!("cannot read {}: {error}", references.display()));
    let used: BTreeSet<PathBuf> = fs::read_to_string(references)
        .map_err(failed)?
        .lines()
        .filter_map(|line| fs::canonicalize(line).ok())
        .collect();
    let mut unused = Vec::new();
    let mut folders = vec![tree::root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "snap") {
                let path = fs::canonicalize(&path).map_err(failed)?;
                if !used.contains(&path) {
                    unused.push(path.display().to_string());
                }
            }
        }
    }
    if unused.is_empty() {
        return Ok(());
    }
    Err(Failure::saying(format!("no test uses these snapshots: {}", unused.join(", ")))
        .with_fix("delete them".to_owned()))
}

/// Runs cargo for one check after the other.
struct Cargo<'a>(&'a Context);

impl Cargo<'_> {
    /// Runs cargo in the root of the workspace, and says what its success shows.
    fn run(&self, what: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
        eprintln!("ci: cargo {}", arguments.join(" "));
        let started = Instant::now();
        let status = cargo::command(self.0).args(arguments).envs(variables.iter().copied()).status();
        let status = status.map_err(|error| Failure::saying(format!("cannot run cargo: {error}")))?;
        if !status.success() {
            return Err(Failure::saying(format!("not true: {what}"))
                .with_fix(format!("cargo {}", arguments.join(" "))));
        }
        eprintln!("ci: {what} ({} s)", started.elapsed().as_secs());
        Ok(())
    }
}

fn versions(text: &str) -> Result<Versions, String> {
    if text == "all" {
        return Ok(Versions(SUPPORTED.into()));
    }
    let parse = |part: &str| match part.trim().parse() {
        Ok(major) if SUPPORTED.contains(&major) => Ok(major),
        _ => Err(format!(
            "versions from {} to {}, separated by commas, or all",
            SUPPORTED[0],
            SUPPORTED[SUPPORTED.len() - 1]
        )),
    };
    text.split(',').filter(|part| !part.is_empty()).map(parse).collect::<Result<_, _>>().map(Versions)
}
