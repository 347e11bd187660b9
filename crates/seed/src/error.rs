use std::time::Duration;

use authority_migration::runner;
use authority_password::{HashError, Refusal};
use thiserror::Error;

use crate::{BadAdmin, BadSetting, Holder};

/// The outcome of seeding.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a database was not seeded. [`Error::fix`] says what mends it. Nothing was changed, unless
/// [`Error::Commit`] says otherwise.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection could be had.
    #[error("cannot get a connection to the database")]
    Connection(#[source] sqlx::Error),

    /// What was applied to the database could not be told, or nothing can be written to it.
    #[error(transparent)]
    Migrations(runner::Error),

    /// Migrations are missing, or the database is another program's.
    #[error("database \"{database}\" is not migrated{}", pending(*.missing))]
    NotMigrated {
        /// The database.
        database: String,
        /// How many migrations are not applied; 0 when something else is wrong with them.
        missing: usize,
    },

    /// Another seed did not end in time.
    #[error("another seed of this database did not end within {} s{}", .waited.as_secs_f64(), held(.holder.as_ref()))]
    Busy {
        /// Who seeds, as far as this role may see it.
        holder: Option<Holder>,
        /// How long it was waited for.
        waited: Duration,
    },

    /// A session of something else holds a lock that is needed.
    #[error("another session holds a lock on the rows or tables that are seeded")]
    Blocked(#[source] sqlx::Error),

    /// The role may not write where it has to.
    #[error("the role may not write to the tables that are seeded: {0}")]
    Denied(String),

    /// The administrator's name or address cannot be one.
    #[error(transparent)]
    Admin(#[from] BadAdmin),

    /// The administrator's password is not accepted.
    #[error("the password for the administrator is too weak")]
    WeakPassword(#[source] Refusal),

    /// There is no super administrator, and somebody else has the name or the address of the one to make.
    #[error(
        "the username \"{username}\" or the email address {email} belongs to a user who is no super administrator"
    )]
    NameTaken {
        /// The username of the administrator to make.
        username: String,
        /// The email address of the administrator to make.
        email: String,
    },

    /// A variable cannot be a setting.
    #[error(transparent)]
    Setting(#[from] BadSetting),

    /// The password could not be hashed.
    #[error("cannot hash the password of the administrator")]
    Hash(#[source] HashError),

    /// The operating system gave no randomness for a password.
    #[error("the operating system gives no randomness to make a password from")]
    Randomness(#[source] getrandom::Error),

    /// The thread that hashed a password did not come back.
    #[error("cannot hash the password of the administrator")]
    HashingThread(#[source] tokio::task::JoinError),

    /// The server refused a statement.
    #[error("the server refused a statement of the seed")]
    Server(#[source] sqlx::Error),

    /// The server did not confirm the commit.
    #[error("the server did not confirm the seed")]
    Commit(#[source] sqlx::Error),
}

impl Error {
    /// An error of the server, by its SQLSTATE (PostgreSQL manual, appendix A).
    pub(crate) fn server(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match code.as_deref() {
            Some("42501") => {
                let message = error.as_database_error().map(|error| error.message().to_owned());
                Self::Denied(message.unwrap_or_default())
            }
            Some("55P03" | "57014") => Self::Blocked(error),
            _ => Self::Server(error),
        }
    }

    /// The command or step that mends it, for a program of this name.
    #[must_use]
    pub fn fix(&self, program: &str) -> Option<String> {
        Some(match self {
            Self::Migrations(error) => return error.fix(program),
            Self::NotMigrated { missing: 0, .. } => format!("{program} migrate status"),
            Self::NotMigrated { .. } => format!("{program} migrate"),
            Self::Busy { .. } => format!("let the other one end, or wait longer: {program} seed --wait 10m"),
            Self::Blocked(_) => format!("let it end, then repeat: {program} seed"),
            Self::Denied(_) => "name the role that owns the tables in DATABASE_URL".to_owned(),
            Self::Admin(_) | Self::NameTaken { .. } => {
                format!("{program} seed --admin-username NAME --admin-email ADDRESS")
            }
            Self::WeakPassword(_) => {
                "choose another one, or leave it out: a strong one is then generated".to_owned()
            }
            Self::Commit(_) => format!("{program} seed says whether it happened, and repeats it if not"),
            Self::Setting(error) => error.fix(),
            Self::Connection(_) => {
                format!("check that the server runs, then repeat: {program} seed")
            }
            Self::Hash(HashError::TooLong) => {
                "choose a shorter one, or leave it out: a strong one is then generated".to_owned()
            }
            Self::Server(_) => format!("{program} doctor says what is wrong with the database"),
            // Of the machine, not of what anybody did.
            Self::Hash(_) | Self::Randomness(_) | Self::HashingThread(_) => return None,
        })
    }
}

fn pending(count: usize) -> String {
    match count {
        0 => " as this program expects it to be".to_owned(),
        1 => ": 1 migration is pending".to_owned(),
        many => format!(": {many} migrations are pending"),
    }
}

fn held(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(": {holder}")).unwrap_or_default()
}
