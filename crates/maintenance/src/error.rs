use authority_migration::runner;
use thiserror::Error;

/// The outcome of maintenance.
pub type Result<T> = std::result::Result<T, Error>;

/// Why maintenance stopped. [`Error::fix`] says what mends it. The steps before are done; the one that failed left
/// nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection could be had.
    #[error("cannot get a connection to the database")]
    Connection(#[source] sqlx::Error),

    /// Tables are missing.
    #[error("database \"{database}\" is not migrated: it has no table {table}")]
    NotMigrated {
        /// The database.
        database: String,
        /// One of the tables.
        table: String,
    },

    /// The role is neither the owner of the tables nor a member of it.
    #[error("the role {role} may not maintain the tables, which {owner} owns")]
    NotOwner {
        /// The role of the connection.
        role: String,
        /// The owner of the tables.
        owner: String,
    },

    /// The role may not do what it has to.
    #[error("the role may not maintain the tables: {0}")]
    Denied(String),

    /// The server takes no writes: a standby, or `default_transaction_read_only`.
    #[error(transparent)]
    ReadOnly(runner::Error),

    /// The server refused a statement.
    #[error("the server refused a statement of the maintenance")]
    Server(#[source] sqlx::Error),
}

impl Error {
    /// An error of the server, by its SQLSTATE (PostgreSQL manual, appendix A).
    pub(crate) fn server(error: sqlx::Error) -> Self {
        match code(&error).as_deref() {
            Some("42501") => {
                let message = error.as_database_error().map(|error| error.message().to_owned());
                Self::Denied(message.unwrap_or_default())
            }
            _ => Self::Server(error),
        }
    }

    /// The command or step that mends it, for a program of this name.
    #[must_use]
    pub fn fix(&self, program: &str) -> Option<String> {
        Some(match self {
            Self::NotMigrated { .. } => format!("{program} migrate"),
            Self::NotOwner { owner, .. } => format!("name the role {owner} in DATABASE_URL"),
            Self::Denied(_) => "name the role that owns the tables in DATABASE_URL".to_owned(),
            Self::ReadOnly(error) => return error.fix(program),
            Self::Connection(_) => {
                format!(
                    "check that the server runs, then run {program} maintain again: it continues where this stopped"
                )
            }
            Self::Server(_) => {
                format!(
                    "{program} doctor says what is wrong with the database; then run {program} maintain again"
                )
            }
        })
    }
}

/// The SQLSTATE of an error that the server reported.
fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Whether another session was in the way, so that it can be tried again: a lock was not to be had, the statement took
/// too long, or there was a deadlock.
pub(crate) fn is_blocked(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("55P03" | "57014" | "40P01"))
}

/// Whether a row came into the default partition that belongs to the one to attach.
pub(crate) fn is_overtaken(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("23514")
}

/// What the server says against a partition that a person has to look at: an overlap with another one, rows that break
/// a constraint, or something that depends on it.
pub(crate) fn objection(error: &sqlx::Error) -> Option<String> {
    let objects = matches!(code(error).as_deref(), Some("42P17" | "2BP01" | "23503" | "42809"));
    Some(error.as_database_error()?.message().to_owned()).filter(|_| objects)
}
