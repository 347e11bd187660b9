//! `bench`: builds and runs the benchmarks, which are a package of their own so that this program stays quick to build.

use authority_admin::{Context, Failure, Outcome};
use clap::Args;

use crate::cargo;

/// What `bench` is given.
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// What is measured, and how long; after `--`, `--help` lists everything
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &BenchArgs) -> Outcome {
    let mut command = cargo::command(context);
    command.args(["run", "--quiet", "--release", "--package", "authority-bench", "--"]).args(&args.arguments);
    let status = command.status().map_err(|error| Failure::saying(format!("cannot run cargo: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::saying(format!("the benchmarks ended with {status}")))
    }
}
