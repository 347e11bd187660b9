//! The developers' commands: `cargo xtask …`.
//!
//! Everything that works on a database is `authority-admin`'s, and the same in the operator's
//! `authority-db`. What is here works on the source tree.

mod bench;
mod cargo;
mod ci;
mod generate;
mod new_migration;
mod tree;

use std::process::ExitCode;

use authority_admin::{Command, Context, DatabaseOptions, Outcome, migrate, run};
use clap::{Parser, Subcommand};

/// Authority's database: migrate it, generate what is derived from it, check the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: TopLevel,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum TopLevel {
    /// Bring the database to the newest schema, or look at where it is
    #[command(args_conflicts_with_subcommands = true, after_help = MIGRATE_EXAMPLES)]
    Migrate {
        #[command(flatten)]
        up: migrate::UpArgs,
        #[command(subcommand)]
        action: Option<MigrateAction>,
    },
    /// Regenerate everything that is derived from the migrations: entities, schema snapshots, schema documentation
    #[command(after_help = GENERATE_EXAMPLES)]
    Generate(generate::GenerateArgs),
    /// Measure the store beside pgbench, in release mode, on a server of its own
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(bench::BenchArgs),
    /// Check everything: format, lints, documentation, generated files, tests
    #[command(after_help = CI_EXAMPLES)]
    Ci(ci::CiArgs),
    #[command(flatten)]
    Other(Command),
}

#[derive(Debug, Subcommand)]
enum MigrateAction {
    #[command(flatten)]
    Database(migrate::Action),
    /// Write the file of a new migration and add it to the list
    New {
        /// What it does, in words: "add consents"
        name: String,
    },
}

const MIGRATE_EXAMPLES: &str = "Examples:
  cargo xtask migrate                   apply what is pending
  cargo xtask migrate new add_consents  write the file of a new migration
  cargo xtask migrate status --check    exit with 1 unless the database is up to date
  cargo xtask migrate plan > plan.sql   the SQL for a DBA to run with psql -v ON_ERROR_STOP=1";

const GENERATE_EXAMPLES: &str = "Examples:
  cargo xtask generate          write what has changed
  cargo xtask generate --check  exit with 1 and name what is stale";

const BENCH_EXAMPLES: &str = "Examples:
  cargo xtask bench --write        everything, and docs/benchmarks.md
  cargo xtask bench --quick        less of everything
  cargo xtask bench --only rotate  one operation";

const CI_EXAMPLES: &str = "Examples:
  cargo xtask ci                with the newest PostgreSQL of this machine
  cargo xtask ci --pg 13,18     the test-suite with these versions too, fetched where they are missing
  cargo xtask ci --pg all       with every supported version";

fn main() -> ExitCode {
    let CommandLine { command, database } = CommandLine::parse();
    run(execute(command, database))
}

async fn execute(command: TopLevel, database: DatabaseOptions) -> Outcome {
    let context = Context::new("cargo xtask", database)?.in_workspace(tree::root());
    match command {
        TopLevel::Migrate { up, action: None } => up.run(&context).await,
        TopLevel::Migrate { action: Some(MigrateAction::Database(action)), .. } => action.run(&context).await,
        TopLevel::Migrate { action: Some(MigrateAction::New { name }), .. } => new_migration::run(&name),
        TopLevel::Generate(args) => generate::run(&context, &args).await,
        TopLevel::Bench(args) => bench::run(&context, &args),
        TopLevel::Ci(args) => ci::run(&context, &args),
        TopLevel::Other(command) => command.run(&context).await,
    }
}
