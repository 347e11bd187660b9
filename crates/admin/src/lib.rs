//! What operators do with Authority's database.
//!
//! One implementation behind two front doors: the `authority-db` program of the operator and the
//! `cargo xtask` runner of the developer. Each names itself in a [`Context`], parses its own command
//! line around [`Command`] and [`MigrateAction`](migrate::Action), and hands over to [`run`].
//!
//! Results go to standard output; progress, warnings and errors to standard error.

mod backup;
mod confirm;
mod context;
pub mod doctor;
mod failure;
mod maintain;
pub mod migrate;
mod output;
pub mod pgbouncer;
mod private_server;
mod quote;
mod scratch;
mod seed;
mod setup;
pub mod tune;

use std::future::Future;
use std::process::ExitCode;

use clap::Subcommand;

pub use context::{Connected, Context, DatabaseOptions};
pub use failure::{Failure, Outcome};
pub use scratch::Scratch;

/// The commands that both front doors have beside `migrate`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the administrator, the OAuth scopes and the system settings of a new database, where they are missing
    #[command(after_help = seed::EXAMPLES)]
    Seed(seed::SeedArgs),
    /// Make the database and its roles where they are missing, with least privilege, migrate and seed it
    #[command(after_help = setup::EXAMPLES)]
    Setup(setup::SetupArgs),
    /// Start the private PostgreSQL server of this workspace
    ///
    /// Every command starts it when it needs it and DATABASE_URL is not set. An embedded one ends a minute after its last
    /// user, unless it was started by this.
    Start,
    /// Stop the private PostgreSQL server of this workspace; its data stays
    Stop,
    /// Print the DATABASE_URL in use, starting the private server if it is that
    Url(private_server::UrlArgs),
    /// Open psql on the database in use
    Psql(private_server::PsqlArgs),
    /// Examine the database: each thing that is wrong, with what mends it; changes nothing
    Doctor(doctor::DoctorArgs),
    /// Print the settings of PostgreSQL for its machine, and how the server differs from them
    #[command(after_help = tune::EXAMPLES)]
    Tune(tune::TuneArgs),
    /// Print a pgbouncer.ini for the database, or check the pooler in front of it
    #[command(after_help = pgbouncer::EXAMPLES)]
    Pgbouncer(pgbouncer::PgbouncerArgs),
    /// Make partitions ahead of their time, and remove what is past its retention; repeatable, from anywhere
    #[command(after_help = maintain::EXAMPLES)]
    Maintain(maintain::MaintainArgs),
    /// Write the whole database to a file, from one moment, with a manifest that proves it
    #[command(after_help = backup::BACKUP_EXAMPLES)]
    Backup(backup::BackupArgs),
    /// Put a backup back, completely or not at all
    #[command(after_help = backup::RESTORE_EXAMPLES)]
    Restore(backup::RestoreArgs),
}

impl Command {
    /// Runs the command.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Seed(args) => args.run(context).await,
            Self::Setup(args) => args.run(context).await,
            Self::Start => private_server::start(context),
            Self::Stop => private_server::stop(context),
            Self::Url(args) => private_server::url(context, &args),
            Self::Psql(args) => private_server::psql(context, &args),
            Self::Doctor(args) => doctor::run(context, &args).await,
            Self::Tune(args) => args.run(context).await,
            Self::Pgbouncer(args) => args.run(context).await,
            Self::Maintain(args) => args.run(context).await,
            Self::Backup(args) => backup::backup(context, &args).await,
            Self::Restore(args) => backup::restore(context, &args).await,
        }
    }
}

/// Runs a command to its end and turns its outcome into an exit code: 0 done, 1 failed or a check
/// found something, 2 wrong usage.
pub fn run(command: impl Future<Output = Outcome>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(&error).report(),
    };
    match output::caught(|| runtime.block_on(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
