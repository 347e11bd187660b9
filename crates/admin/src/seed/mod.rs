//! `seed`: what a new database begins with.

mod output;
mod password;

use std::time::Duration;

use anstream::eprintln;
use authority_seed::{AdminOutcome, BadAdmin, Error, NewAdmin, Report, Seed, Settings};
use clap::Args;

use crate::context::{Connected, Context};
use crate::migrate::duration;
use crate::{Failure, Outcome};
pub(crate) use output::Format;

pub(crate) const EXAMPLES: &str = "Examples:
  authority-db seed                                       with a generated password, shown once
  authority-db seed --password-stdin < password-file      with a password of your own
  ACCESS_TOKEN_TTL=900 authority-db seed --json           with another setting, and JSON

Settings take their value from the environment where a variable such as ACCESS_TOKEN_TTL or SMTP_HOST is set.
What is in the database already is kept, and a variable that asks for something else is reported as skipped.";

/// What `seed` is given.
#[derive(Args, Clone, Debug)]
pub struct SeedArgs {
    /// Which administrator to make
    #[command(flatten)]
    admin: AdminOptions,
    /// How long to wait for another seed of the same database
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1m")]
    wait: Duration,
    /// Print JSON
    ///
    /// The member `admin.generated_password` is there only in the run that generated it.
    #[arg(long)]
    json: bool,
}

/// Which administrator to make, where there is no super administrator.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AdminOptions {
    /// Email address of the administrator; instead of `ADMIN_EMAIL`, or else `admin@authority.local`
    #[arg(long, value_name = "ADDRESS")]
    admin_email: Option<String>,
    /// Username of the administrator; instead of `ADMIN_USERNAME`, or else admin
    #[arg(long, value_name = "NAME")]
    admin_username: Option<String>,
    /// Read the administrator's password from standard input, one line; instead of `ADMIN_PASSWORD`
    ///
    /// With neither, a strong one is generated and shown this once. It has to be changed at the first login.
    #[arg(long)]
    password_stdin: bool,
}

impl SeedArgs {
    /// Seeds the database in use.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let seed = self.admin.seed(context, self.wait)?;
        let database = context.database()?.connect().await?;
        let format = if self.json { Format::Json } else { Format::Words };
        plant(context, &database, &seed, format).await.map(drop)
    }
}

impl AdminOptions {
    /// What to begin with, by the environment and these options.
    ///
    /// Fails before anything is connected to when one of them makes no sense.
    pub(crate) fn seed(&self, context: &Context, wait: Duration) -> Outcome<Seed> {
        let explain = |error: Error| explain(context, &error);
        let settings =
            Settings::from_environment(context.environment()).map_err(|error| explain(error.into()))?;
        let admin =
            NewAdmin::from_environment(context.environment()).map_err(|error| explain(error.into()))?;
        Ok(Seed { admin: self.applied_to(context, admin)?, settings, wait })
    }

    fn applied_to(&self, context: &Context, mut admin: NewAdmin) -> Outcome<NewAdmin> {
        let odd = |error: BadAdmin| explain(context, &error.into());
        if let Some(username) = &self.admin_username {
            admin = admin.with_username(username.clone()).map_err(odd)?;
        }
        if let Some(email) = &self.admin_email {
            admin = admin.with_email(email.clone()).map_err(odd)?;
        }
        if self.password_stdin {
            admin = admin.with_password(password::from_standard_input()?);
        }
        Ok(admin)
    }
}

/// Seeds a database and prints what came of it, a generated password included.
///
/// What was made lasts only once it is printed: a generated password that nobody could read would lock everybody
/// out. Fails, with nothing changed, when it cannot be printed.
pub(crate) async fn plant(
    context: &Context,
    database: &Connected,
    seed: &Seed,
    format: Format,
) -> Outcome<Report> {
    let waiting = |holder: &authority_seed::Holder| eprintln!("waiting for another seed: {holder}");
    let prepared = seed.prepare(database.pool(), &waiting).await.map_err(|error| explain(context, &error))?;
    let printed = output::print(database.name(), prepared.report(), format);
    printed.map_err(|error| {
        Failure::saying(format!("cannot print what was seeded, so nothing was changed: {error}"))
            .with_fix("give it an open standard output".to_owned())
    })?;
    let shown = matches!(prepared.report().admin, AdminOutcome::Made { generated_password: Some(_), .. });
    prepared.commit().await.map_err(|error| {
        if shown {
            eprintln!("the password above is valid only if the next seed keeps the administrator");
        }
        explain(context, &error)
    })
}

pub(crate) fn explain(context: &Context, error: &Error) -> Failure {
    let failure = Failure::new(error).with_fix(error.fix(context.program()));
    match error {
        Error::Admin(_) | Error::Setting(_) => failure.as_wrong_usage(),
        _ => failure,
    }
}
