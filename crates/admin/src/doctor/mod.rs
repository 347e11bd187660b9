//! `doctor`: what is wrong with a database, and what mends it.
//!
//! A check is one entry in the list of its group's file, and its question one file in `sql/`. It only reads, has five
//! seconds, and works for an unprivileged role and behind a pooler; what it may not see it says so. The list of groups
//! is in `registry`.

mod ask;
mod check;
mod data;
mod examine;
mod expected;
mod facts;
mod finding;
mod indexes;
mod partitions;
mod privileges;
mod reachability;
mod registry;
mod report;
mod requirements;
mod schema;
mod security;
mod serving_role;
mod sessions;
mod settings;
mod storage;

use clap::Args;

pub use expected::text as expected_schema;
pub use finding::{Finding, Severity};
pub use registry::table;
pub use report::Report;

use crate::context::Context;
use crate::{Failure, Outcome};

/// What `doctor` is given.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = registry::help())]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// How many instances of Authority connect, each with a pool of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    instances: u32,
    /// How much disk has to be free, in MB
    #[arg(long, value_name = "MB", default_value_t = 100)]
    min_free_mb: u64,
    /// From what age on a transaction is too old, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(i64).range(0..))]
    max_transaction_age: i64,
}

/// Examines the database and prints what was found.
///
/// Fails when something was found that has to be mended: anything of severity warning or error.
pub async fn run(context: &Context, args: &DoctorArgs) -> Outcome {
    let database = context.database()?;
    let report = examine::examine(context, &database.config, args).await;
    if args.json {
        report.print_json()?;
    } else {
        report.print();
    }
    if report.is_healthy() {
        return Ok(());
    }
    Err(Failure::saying(format!("database {}: {}", database.config.database(), report.summary())))
}
