use std::time::Duration;

use authority_migration::runner::{self, Runner, State};
use sqlx::{PgPool, Postgres, Transaction};

use crate::admin::NewAdmin;
use crate::settings::Settings;
use crate::{Error, Holder, Report, Result, admin, audit, scopes, session, settings};

/// What to begin with, and how long to wait for another seed.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The administrator to make where there is none.
    pub admin: NewAdmin,
    /// The settings to make where they are not there.
    pub settings: Settings,
    /// How long to wait for another seed of the same database.
    pub wait: Duration,
}

/// A seed that is done but for its commit. Dropped, it never happened.
#[derive(Debug)]
#[must_use = "dropped without a commit, nothing has happened"]
pub struct Prepared {
    transaction: Transaction<'static, Postgres>,
    report: Report,
}

impl Seed {
    /// Whether a database that these settings are the first of would take the administrator's password: for who is about
    /// to make one.
    ///
    /// Fails when the password is too weak.
    pub fn check_password(&self) -> Result<()> {
        self.admin.check_password(self.settings.password_policy())
    }

    /// Makes what is missing, in a transaction that stays open. `waiting` is told, once for each, which other seed
    /// is waited for.
    ///
    /// The server ends the transaction by itself when the commit does not come within a minute.
    ///
    /// Fails, with nothing changed, when the database is read-only or not migrated, when another seed takes too long,
    /// when the administrator's password is too weak or the name is somebody else's, and when the role may not write.
    pub async fn prepare(
        &self,
        pool: &PgPool,
        waiting: &(dyn Fn(&Holder) + Send + Sync),
    ) -> Result<Prepared> {
        require_writable(pool).await?;
        require_migrated(pool).await?;
        let mut transaction = session::begin(pool, self.wait, waiting).await?;
        let mut skipped = Vec::new();
        let settings = settings::insert(&mut transaction, &self.settings, &mut skipped).await?;
        let scopes = scopes::insert(&mut transaction).await?;
        let policy = settings::password_policy(&mut transaction).await?;
        let admin = admin::insert(&mut transaction, &self.admin, policy, &mut skipped).await?;
        let report = Report { admin, scopes, settings, skipped };
        if report.has_changes() {
            audit::insert(&mut transaction, &report).await?;
        }
        Ok(Prepared { transaction, report })
    }
}

impl Prepared {
    /// What was made, kept and skipped.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Makes it last.
    ///
    /// Fails when the server does not confirm it; whether it happened is then unknown, and the next seed tells.
    pub async fn commit(self) -> Result<Report> {
        self.transaction.commit().await.map_err(Error::Commit)?;
        Ok(self.report)
    }
}

async fn require_writable(pool: &PgPool) -> Result<()> {
    let mut connection = pool.acquire().await.map_err(Error::Connection)?;
    runner::require_writable(&mut connection).await.map_err(Error::Migrations)
}

async fn require_migrated(pool: &PgPool) -> Result<()> {
    let status = Runner::new(pool.clone()).status().await.map_err(Error::Migrations)?;
    if status.is_up_to_date() {
        return Ok(());
    }
    let missing = status.steps.iter().filter(|step| matches!(step.state, State::Pending | State::OutOfOrder));
    Err(Error::NotMigrated { missing: missing.count(), database: status.database })
}
