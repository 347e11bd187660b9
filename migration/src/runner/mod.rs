//! Brings a database to a point of the schema's history.
//!
//! * One runner at a time, however many start together.
//! * Each migration is one transaction that holds its ledger row too: it happened, or it did not.
//! * `lock_timeout` bounds how long a waiting step can hold up other sessions; a step that could not
//!   get its locks rolls back, waits without any lock, and tries again.
//! * What was applied is recorded with its fingerprint and text.

mod error;
mod event;
mod fresh;
mod history;
mod ledger;
mod lock;
mod plan;
mod preflight;
pub(crate) mod session;
mod step;

use std::time::{Duration, Instant};

use sqlx::PgPool;

pub use error::{Error, Result};
pub use event::{Blocker, Event, Holder, Observer};
pub use fresh::drop_everything;
pub use history::{Applied, State, Status, Step, Unknown};
pub use plan::Plan;
pub use preflight::require_writable;

use crate::{Migration, grants, migrations};
use ledger::Ledger;
use lock::RunLock;
use preflight::Server;
use step::{Direction, Work};

/// The table that records what was applied: `sea-orm-migration`'s, with columns of our own.
pub const LEDGER_TABLE: &str = "seaql_migrations";

/// How a run behaves towards others.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest time that one statement waits for a lock, and so holds up others behind it. Default: 500 ms.
    pub lock_timeout: Duration,
    /// Longest time that one statement runs. Default: 5 minutes.
    pub statement_timeout: Duration,
    /// How long to wait in all for another runner, and for sessions that hold locks. Default: 5 minutes.
    pub wait: Duration,
    /// The role that serves requests; it gets its privileges where it exists. A run is refused where the grants are
    /// another role's.
    pub serving_role: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_millis(500),
            statement_timeout: Duration::from_mins(5),
            wait: Duration::from_mins(5),
            serving_role: grants::SERVING_ROLE.to_owned(),
        }
    }
}

/// Applies and takes back migrations on one database.
#[derive(Clone, Debug)]
pub struct Runner {
    pool: PgPool,
    migrations: Vec<Migration>,
    options: Options,
}

impl Runner {
    /// A runner of Authority's migrations. The pool needs room for three connections: one carries the
    /// lock, one reads, one works.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, migrations: migrations::ALL.to_vec(), options: Options::default() }
    }

    /// The same runner with other migrations, oldest first.
    #[must_use]
    pub fn with_migrations(mut self, migrations: Vec<Migration>) -> Self {
        self.migrations = migrations;
        self
    }

    /// The same runner with other options.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// What was applied and what was not. Reads only: a role without any other right than SELECT on
    /// the ledger can ask.
    ///
    /// Fails when the server cannot be asked, or is older than PostgreSQL 13.
    pub async fn status(&self) -> Result<Status> {
        let mut connection = session::acquire(&self.pool).await?;
        let server = preflight::server(&mut connection).await?;
        server.require_supported()?;
        let ledger = Ledger::read(&mut connection).await?;
        Ok(Status::new(server.database, &self.migrations, &ledger))
    }

    /// Applies what is pending, up to and including `target` where one is given.
    ///
    /// Fails, with nothing changed, when the database cannot or must not be migrated; and at the first
    /// migration that fails, with those before it applied. It can be repeated after any failure.
    pub async fn up(&self, target: Option<&str>, observer: &Observer) -> Result<Vec<String>> {
        let server = self.ready().await?;
        let target = self.position(target)?;
        let mut lock = RunLock::acquire(&self.pool, &server, self.options.wait, observer).await?;
        let mut reader = session::acquire(&self.pool).await?;
        let ledger = Ledger::read(&mut reader).await?;
        let pending = self.pending(&server, &ledger, target)?;
        preflight::nothing_in_the_way(&mut reader, &server, &pending).await?;
        grants::require_no_other(&mut reader, &self.options.serving_role).await?;

        let work = Work { pool: &self.pool, options: &self.options, observer };
        if let Some(statements) = ledger.preparation() {
            work.transaction(&mut reader, "the ledger", &statements).await?;
        }
        let mut done = Vec::new();
        for migration in &pending {
            lock.check().await?;
            work.apply(&mut reader, migration, self.compatible_with(migration), Direction::Up).await?;
            done.push(migration.name().to_owned());
        }
        work.grant(&mut reader).await?;
        lock.release().await?;
        Ok(done)
    }

    /// Gives the serving role its privileges where it exists, as every run does at its end.
    ///
    /// Fails when the server cannot be asked or refuses, when another role serves requests already, and while another
    /// run goes on for too long.
    pub async fn grant(&self, observer: &Observer) -> Result<()> {
        let server = self.ready().await?;
        let lock = RunLock::acquire(&self.pool, &server, self.options.wait, observer).await?;
        let mut reader = session::acquire(&self.pool).await?;
        grants::require_no_other(&mut reader, &self.options.serving_role).await?;
        let work = Work { pool: &self.pool, options: &self.options, observer };
        work.grant(&mut reader).await?;
        lock.release().await
    }

    /// Takes back the newest `steps` migrations; their names, newest first.
    ///
    /// Fails, with nothing changed, when one of them is not known to this program. Tables and the rows
    /// in them are lost: asking the person first is the caller's duty.
    pub async fn down(&self, steps: usize, observer: &Observer) -> Result<Vec<String>> {
        let server = self.ready().await?;
        let mut lock = RunLock::acquire(&self.pool, &server, self.options.wait, observer).await?;
        let taken_back = self.take_back(&mut lock, steps, observer).await?;
        lock.release().await?;
        Ok(taken_back)
    }

    /// Takes back the newest `steps` migrations and applies them again, under one lock.
    ///
    /// An edited migration is taken back with its present `down` and applied as it is now.
    pub async fn redo(&self, steps: usize, observer: &Observer) -> Result<Vec<String>> {
        let server = self.ready().await?;
        let mut lock = RunLock::acquire(&self.pool, &server, self.options.wait, observer).await?;
        let mut reader = session::acquire(&self.pool).await?;
        grants::require_no_other(&mut reader, &self.options.serving_role).await?;
        drop(reader);
        let taken_back = self.take_back(&mut lock, steps, observer).await?;
        let mut reader = session::acquire(&self.pool).await?;
        let work = Work { pool: &self.pool, options: &self.options, observer };
        for name in taken_back.iter().rev() {
            lock.check().await?;
            let migration = self.known(name)?;
            work.apply(&mut reader, &migration, self.compatible_with(&migration), Direction::Up).await?;
        }
        work.grant(&mut reader).await?;
        lock.release().await?;
        Ok(taken_back)
    }

    /// Drops everything in the schema `public` and applies all migrations.
    ///
    /// The drop and every migration up to the first that runs outside a transaction are one
    /// transaction: a migration that fails leaves the database as it was. Refuses a database that
    /// Authority never migrated and that holds tables all the same.
    pub async fn fresh(&self, observer: &Observer) -> Result<Vec<String>> {
        let server = self.ready().await?;
        let mut lock = RunLock::acquire(&self.pool, &server, self.options.wait, observer).await?;
        let mut reader = session::acquire(&self.pool).await?;
        let ledger = Ledger::read(&mut reader).await?;
        if ledger.rows().is_empty() {
            preflight::nothing_of_others(&mut reader, &server).await?;
        } else {
            Status::new(server.database.clone(), &self.migrations, &ledger).require_ours()?;
        }
        grants::require_no_other(&mut reader, &self.options.serving_role).await?;
        let work = Work { pool: &self.pool, options: &self.options, observer };
        let together = self.migrations.iter().take_while(|migration| migration.in_transaction()).count();
        let (first, rest) = self.migrations.split_at(together);

        let started = Instant::now();
        let mut statements = fresh::drop_everything(&mut reader).await?;
        statements.extend(ledger::creation());
        for migration in first {
            statements.extend(migration.up().statements().iter().cloned());
            statements.push(ledger::insertion(migration, self.compatible_with(migration)));
        }
        work.transaction(&mut reader, "the fresh schema", &statements).await?;
        observer(Event::Recreated { migrations: first.len(), elapsed: started.elapsed() });
        for migration in rest {
            lock.check().await?;
            work.apply(&mut reader, migration, self.compatible_with(migration), Direction::Up).await?;
        }
        work.grant(&mut reader).await?;
        lock.release().await?;
        Ok(self.migrations.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// The exact SQL that [`Runner::up`] would run now, for a person to run by hand. Runs nothing.
    ///
    /// Fails where `up` would fail before its first statement.
    pub async fn plan(&self, target: Option<&str>) -> Result<Plan> {
        let server = self.ready().await?;
        let target = self.position(target)?;
        let mut connection = session::acquire(&self.pool).await?;
        let ledger = Ledger::read(&mut connection).await?;
        let pending = self.pending(&server, &ledger, target)?;
        preflight::nothing_in_the_way(&mut connection, &server, &pending).await?;
        grants::require_no_other(&mut connection, &self.options.serving_role).await?;
        let mut tables: Vec<_> = pending.iter().flat_map(preflight::tables_made_by).collect();
        tables.push(LEDGER_TABLE.to_owned());
        let grants = grants::changes(&mut connection, &self.options.serving_role, &tables).await;
        let grants =
            grants.map_err(Error::Server)?.into_iter().flat_map(|change| change.statements).collect();
        let steps = pending.iter().map(|migration| (*migration, self.compatible_with(migration))).collect();
        Ok(Plan::new(&server, &self.options, ledger.preparation(), steps, grants))
    }

    async fn ready(&self) -> Result<Server> {
        self.options_are_possible()?;
        let mut connection = session::acquire(&self.pool).await?;
        let server = preflight::server(&mut connection).await?;
        server.require_supported()?;
        server.require_writable()?;
        Ok(server)
    }

    fn options_are_possible(&self) -> Result<()> {
        let most = Duration::from_millis(u64::from(i32::MAX.unsigned_abs()));
        for (name, value) in [
            ("lock_timeout", self.options.lock_timeout),
            ("statement_timeout", self.options.statement_timeout),
        ] {
            if value < Duration::from_millis(1) || value > most {
                return Err(Error::BadTimeout { name });
            }
        }
        Ok(())
    }

    fn pending(&self, server: &Server, ledger: &Ledger, target: usize) -> Result<Vec<Migration>> {
        let status = Status::new(server.database.clone(), &self.migrations, ledger);
        status.require_sound()?;
        let pending: Vec<_> = status.pending().filter_map(|step| self.known(&step.name).ok()).collect();
        Ok(pending
            .into_iter()
            .filter(|migration| self.migrations[..target].iter().any(|m| m.name() == migration.name()))
            .collect())
    }

    async fn take_back(&self, lock: &mut RunLock, steps: usize, observer: &Observer) -> Result<Vec<String>> {
        let mut reader = session::acquire(&self.pool).await?;
        let ledger = Ledger::read(&mut reader).await?;
        let newest: Vec<_> = ledger.rows().iter().rev().take(steps).map(|row| row.version.clone()).collect();
        let migrations = newest.iter().map(|name| self.known(name)).collect::<Result<Vec<_>>>()?;
        let work = Work { pool: &self.pool, options: &self.options, observer };
        for migration in &migrations {
            lock.check().await?;
            work.apply(&mut reader, migration, self.compatible_with(migration), Direction::Down).await?;
        }
        Ok(newest)
    }

    fn known(&self, name: &str) -> Result<Migration> {
        self.migrations
            .iter()
            .find(|migration| migration.name() == name)
            .copied()
            .ok_or_else(|| Error::UnknownMigration { name: name.to_owned() })
    }

    /// How many migrations there are up to and including the target.
    fn position(&self, target: Option<&str>) -> Result<usize> {
        let Some(target) = target else { return Ok(self.migrations.len()) };
        let at = self.migrations.iter().position(|migration| migration.name() == target);
        at.map(|at| at + 1).ok_or_else(|| Error::NoSuchMigration {
            name: target.to_owned(),
            known: self.migrations.iter().map(|migration| migration.name().to_owned()).collect(),
        })
    }

    /// The oldest program, named by its newest migration, that works once `migration` is applied.
    fn compatible_with(&self, migration: &Migration) -> &'static str {
        let up_to = self.migrations.iter().take_while(|other| other.name() <= migration.name());
        let oldest = self.migrations.first().map_or(migration.name(), Migration::name);
        up_to.filter(|other| other.is_breaking()).last().map_or(oldest, Migration::name)
    }
}
