//! `migrate`: the schema's history, applied to a database.

mod options;
mod output;
mod status;

use anstream::{eprintln, print, println};
use authority_migration::runner::Error;
use clap::{Args, Subcommand};

pub use crate::confirm::Consent;
use crate::context::Context;
use crate::{Failure, Outcome};
pub use options::RunOptions;
pub(crate) use options::duration;

/// What `migrate` does beside applying what is pending.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Apply what is pending, and list the tables
    Up(UpArgs),
    /// Show what is applied, pending, edited and unknown; changes nothing
    Status(status::StatusArgs),
    /// Print the exact SQL that `up` would run; runs nothing
    Plan {
        /// The last migration of the plan
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// How the run behaves towards others
        #[command(flatten)]
        options: RunOptions,
    },
    /// Take back the newest migrations, and lose what is in their tables
    Down {
        /// How many
        #[arg(default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        steps: u16,
        /// Whether to ask first
        #[command(flatten)]
        consent: Consent,
        /// How the run behaves towards others
        #[command(flatten)]
        options: RunOptions,
    },
    /// Take back the newest migrations and apply them again
    Redo {
        /// How many
        #[arg(default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        steps: u16,
        /// Whether to ask first
        #[command(flatten)]
        consent: Consent,
        /// How the run behaves towards others
        #[command(flatten)]
        options: RunOptions,
    },
    /// Drop everything in the database and apply all migrations
    Fresh {
        /// Whether to ask first
        #[command(flatten)]
        consent: Consent,
        /// How the run behaves towards others
        #[command(flatten)]
        options: RunOptions,
    },
}

/// What `migrate` and `migrate up` are given.
#[derive(Args, Debug)]
pub struct UpArgs {
    /// The last migration to apply
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    #[command(flatten)]
    options: RunOptions,
}

impl Action {
    /// Runs the action.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Up(args) => args.run(context).await,
            Self::Status(args) => status::run(context, &args).await,
            Self::Plan { to, options } => plan(context, to.as_deref(), &options).await,
            Self::Down { steps, consent, options } => down(context, steps, &consent, &options).await,
            Self::Redo { steps, consent, options } => redo(context, steps, &consent, &options).await,
            Self::Fresh { consent, options } => fresh(context, &consent, &options).await,
        }
    }
}

impl UpArgs {
    /// Applies what is pending.
    pub async fn run(self, context: &Context) -> Outcome {
        let database = context.database()?.connect().await?;
        let runner = self.options.runner(context, &database);
        let done = runner.up(self.to.as_deref(), &output::observe).await;
        let done = done.map_err(|error| explain(context, &error))?;
        if done.is_empty() {
            println!("nothing is pending");
        }
        output::tables(&database).await
    }
}

async fn plan(context: &Context, to: Option<&str>, options: &RunOptions) -> Outcome {
    let database = context.database()?.connect().await?;
    let plan = options.runner(context, &database).plan(to).await.map_err(|error| explain(context, &error))?;
    print!("{plan}");
    Ok(())
}

async fn down(context: &Context, steps: u16, consent: &Consent, options: &RunOptions) -> Outcome {
    let database = context.database()?;
    consent.require(&database.config, "take back migrations and lose the data in their tables")?;
    let database = database.connect().await?;
    let runner = options.runner(context, &database);
    let done = runner.down(usize::from(steps), &output::observe).await;
    if done.map_err(|error| explain(context, &error))?.is_empty() {
        println!("nothing is applied");
    }
    Ok(())
}

async fn redo(context: &Context, steps: u16, consent: &Consent, options: &RunOptions) -> Outcome {
    let database = context.database()?;
    consent.require(&database.config, "take back migrations and lose the data in their tables")?;
    let database = database.connect().await?;
    let runner = options.runner(context, &database);
    let done = runner.redo(usize::from(steps), &output::observe).await;
    if done.map_err(|error| explain(context, &error))?.is_empty() {
        println!("nothing is applied");
    }
    Ok(())
}

async fn fresh(context: &Context, consent: &Consent, options: &RunOptions) -> Outcome {
    let database = context.database()?;
    consent.require(&database.config, "drop everything in the database")?;
    let database = database.connect().await?;
    let runner = options.runner(context, &database);
    runner.fresh(&output::observe).await.map_err(|error| explain(context, &error))?;
    output::tables(&database).await
}

fn explain(context: &Context, error: &Error) -> Failure {
    if let Error::Edited { recorded, current, .. } = error {
        eprintln!("{}", output::difference(recorded, current));
    }
    let failure = Failure::new(error).with_fix(error.fix(context.program()));
    match error {
        Error::NoSuchMigration { .. } | Error::BadTimeout { .. } => failure.as_wrong_usage(),
        _ => failure,
    }
}
