//! The operator's program: the database commands without a source tree.

use std::process::ExitCode;

use authority_admin::{Command, Context, DatabaseOptions, Outcome, migrate, run};
use clap::{CommandFactory, Parser, Subcommand};

/// Authority's database: migrate, inspect and operate it.
#[derive(Debug, Parser)]
#[command(name = "authority-db", version, about, max_term_width = 100)]
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
        action: Option<migrate::Action>,
    },
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    #[command(flatten)]
    Other(Command),
}

const MIGRATE_EXAMPLES: &str = "Examples:
  authority-db migrate                  apply what is pending
  authority-db migrate status --check   exit with 1 unless the database is up to date
  authority-db migrate plan > plan.sql  the SQL for a DBA to run with psql -v ON_ERROR_STOP=1";

const COMPLETIONS_EXAMPLES: &str = "Examples:
  authority-db completions bash > /etc/bash_completion.d/authority-db
  authority-db completions fish > ~/.config/fish/completions/authority-db.fish";

fn main() -> ExitCode {
    let CommandLine { command, database } = CommandLine::parse();
    run(execute(command, database))
}

async fn execute(command: TopLevel, database: DatabaseOptions) -> Outcome {
    let context = Context::new("authority-db", database)?;
    match command {
        TopLevel::Migrate { up, action: None } => up.run(&context).await,
        TopLevel::Migrate { action: Some(action), .. } => action.run(&context).await,
        TopLevel::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut CommandLine::command(),
                "authority-db",
                &mut std::io::stdout(),
            );
            Ok(())
        }
        TopLevel::Other(command) => command.run(&context).await,
    }
}
