use super::ledger::{Entry, Ledger};
use super::{Error, Result};
use crate::Migration;

/// A database beside the migrations that this program knows.
#[derive(Clone, Debug)]
pub struct Status {
    /// The database that was asked.
    pub database: String,
    /// The migrations that this program knows, oldest first.
    pub steps: Vec<Step>,
    /// Applied migrations that this program does not know, oldest first.
    pub unknown: Vec<Unknown>,
}

/// A migration that this program knows.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What the database says of it.
    pub state: State,
}

/// What a database says of one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not applied.
    Pending,
    /// Not applied, although a newer one that this program knows is.
    OutOfOrder,
    /// Applied as it is.
    Applied(Applied),
    /// Applied by a tool that records no fingerprint, such as SeaORM's own migrator.
    Unfingerprinted(Applied),
    /// Applied, and edited afterwards.
    Edited {
        /// When the earlier text was applied.
        applied: Applied,
        /// The SQL that was applied.
        recorded: String,
        /// The SQL that it would run now.
        current: String,
    },
}

/// When a migration was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Seconds since 1970-01-01 UTC.
    pub at: i64,
}

/// An applied migration that this program does not know.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Its name.
    pub name: String,
    /// Whether it declares that a program as old as this one keeps working.
    pub compatible: bool,
}

impl Status {
    pub(super) fn new(database: String, migrations: &[Migration], ledger: &Ledger) -> Self {
        let entry = |name: &str| ledger.rows().iter().find(|entry| entry.version == name);
        let newest_applied = migrations.iter().rposition(|migration| entry(migration.name()).is_some());
        let steps = migrations
            .iter()
            .enumerate()
            .map(|(at, migration)| Step {
                name: migration.name().to_owned(),
                state: match entry(migration.name()) {
                    Some(entry) => applied_state(migration, entry),
                    None if newest_applied.is_some_and(|newest| at < newest) => State::OutOfOrder,
                    None => State::Pending,
                },
            })
            .collect();
        let newest = migrations.last().map_or("", Migration::name);
        let unknown = ledger
            .rows()
            .iter()
            .filter(|entry| !migrations.iter().any(|migration| migration.name() == entry.version))
            .map(|entry| Unknown {
                name: entry.version.clone(),
                compatible: entry.compatible_with.as_deref().is_some_and(|oldest| oldest <= newest),
            })
            .collect();
        Self { database, steps, unknown }
    }

    /// What `up` would apply, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.state == State::Pending)
    }

    /// Nothing is pending, nothing was edited, and whatever is unknown is declared compatible.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.state, State::Applied(_) | State::Unfingerprinted(_)))
            && self.unknown.iter().all(|unknown| unknown.compatible)
    }

    /// Fails when the ledger is another application's, or of a newer program that this one is too old for.
    pub(super) fn require_ours(&self) -> Result<()> {
        let incompatible: Vec<_> = self
            .unknown
            .iter()
            .filter(|unknown| !unknown.compatible)
            .map(|unknown| unknown.name.clone())
            .collect();
        if incompatible.is_empty() {
            return Ok(());
        }
        let database = self.database.clone();
        if self.steps.iter().any(|step| !matches!(step.state, State::Pending)) {
            return Err(Error::Newer { database, unknown: incompatible });
        }
        Err(Error::OtherApplication { database, unknown: incompatible })
    }

    /// Fails unless the pending migrations are the continuation of what was applied.
    pub(super) fn require_sound(&self) -> Result<()> {
        self.require_ours()?;
        for step in &self.steps {
            match &step.state {
                State::Edited { recorded, current, .. } => {
                    return Err(Error::Edited {
                        name: step.name.clone(),
                        recorded: recorded.clone(),
                        current: current.clone(),
                    });
                }
                State::OutOfOrder => return Err(Error::OutOfOrder { name: step.name.clone() }),
                State::Pending | State::Applied(_) | State::Unfingerprinted(_) => {}
            }
        }
        Ok(())
    }
}

fn applied_state(migration: &Migration, entry: &Entry) -> State {
    let applied = Applied { at: entry.applied_at };
    match entry.fingerprint {
        None => State::Unfingerprinted(applied),
        Some(fingerprint) if fingerprint == migration.fingerprint() => State::Applied(applied),
        Some(_) => State::Edited {
            applied,
            recorded: entry.sql.clone().unwrap_or_default(),
            current: migration.up().text(),
        },
    }
}
