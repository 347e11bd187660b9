//! `setup`: from a server to a database that Authority can use.
//!
//! Who may what afterwards: the owner role, which `DATABASE_URL` names, owns the database and runs migrations. The
//! serving role can connect and has the privileges of [`authority_migration::grants`]. Everybody else has nothing.

mod access;
mod cluster;
mod facts;
mod password;
mod plan;
mod report;
mod site;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::println;
use authority_migration::runner::Event;
use authority_seed::Seed;
use clap::Args;

use crate::context::Connected;
use crate::migrate::{RunOptions, explain, output};
use crate::seed::{self, AdminOptions};
use crate::{Context, Outcome};
use site::Site;

pub(crate) const EXAMPLES: &str = "Examples:
  setup                       on the server of DATABASE_URL, or on the private one without it
  setup --maintenance-url postgres://postgres@db.example/postgres
                              as a role that may make roles and databases
  setup > for-the-dba.sql     where no such role is at hand: the SQL for somebody who may

The administrator is the one that `seed` makes; ADMIN_EMAIL, ADMIN_USERNAME, ADMIN_PASSWORD.
Passwords of roles that are made come from AUTHORITY_OWNER_PASSWORD (or DATABASE_URL) and AUTHORITY_APP_PASSWORD;
otherwise they are asked for, and without a terminal generated and shown once.";

/// What `setup` is given.
#[derive(Args, Debug)]
pub struct SetupArgs {
    /// Where roles and databases are made, as postgres://user@host:port/postgres
    ///
    /// In place of `MAINTENANCE_DATABASE_URL`. Without either, the database postgres on the server of DATABASE_URL is
    /// used, as PGUSER or the user of the operating system, or else as the role of DATABASE_URL. Without a password,
    /// which other users of the machine could read in the list of processes.
    #[arg(long, value_name = "URL")]
    maintenance_url: Option<String>,
    /// Give new passwords to roles that exist, too
    #[arg(long)]
    new_passwords: bool,
    #[command(flatten)]
    admin: AdminOptions,
    #[command(flatten)]
    options: RunOptions,
}

impl SetupArgs {
    /// Sets up what is missing, and says what that was.
    pub async fn run(self, context: &Context) -> Outcome {
        let seed = self.admin.seed(context, self.options.wait())?;
        let mut site = Site::new(context, self.maintenance_url.as_deref(), self.new_passwords)?;
        let done = self.steps(context, &mut site, &seed).await;
        // A password that was generated is lost if it is not shown now, whatever happened after it was set.
        if done.is_ok() || site.has_generated_passwords() {
            report::addresses(&site);
        }
        done
    }

    /// Each step leaves alone what is right, and tells whether it changed something.
    async fn steps(&self, context: &Context, site: &mut Site, seed: &Seed) -> Outcome {
        let mut changed = cluster::step(context, site, seed).await?;
        let database = site.connect(context).await?;
        changed |= access::step(context, site, &database).await?;
        changed |= self.migrate(context, &database).await?;
        changed |= seed::plant(context, &database, seed, seed::Format::Changes).await?.has_changes();
        if !changed {
            println!("nothing had to be changed");
        }
        output::tables(&database).await
    }

    async fn migrate(&self, context: &Context, database: &Connected) -> Outcome<bool> {
        let granted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&granted);
        let observe = move |event: Event<'_>| {
            seen.fetch_or(matches!(event, Event::Granted { .. }), Ordering::Relaxed);
            output::observe(event);
        };
        let applied = self.options.runner(context, database).up(None, &observe).await;
        let applied = applied.map_err(|error| explain(context, &error))?;
        Ok(!applied.is_empty() || granted.load(Ordering::Relaxed))
    }
}
