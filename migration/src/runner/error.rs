use std::time::Duration;

use thiserror::Error;

use super::{Blocker, Holder, LEDGER_TABLE};

/// The outcome of a runner's operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a run did not do what it was asked to. [`Error::fix`] says what mends it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection could be had.
    #[error("cannot get a connection to the database")]
    Connection(#[source] sqlx::Error),

    /// The server did not answer a question about its catalog.
    #[error("the server refused a question about its catalog")]
    Server(#[source] sqlx::Error),

    /// The server is older than PostgreSQL 13.
    #[error("the server is PostgreSQL {version}, and Authority needs 13 or higher")]
    TooOld {
        /// What the server says its version is.
        version: String,
    },

    /// The server is a standby.
    #[error("database \"{database}\" is a read-only replica")]
    Replica {
        /// The database.
        database: String,
    },

    /// Transactions are read-only by default.
    #[error(
        "database \"{database}\" is read-only for the role \"{role}\": default_transaction_read_only is on"
    )]
    ReadOnly {
        /// The database.
        database: String,
        /// The role of the connection.
        role: String,
    },

    /// There is no schema `public`.
    #[error("database \"{database}\" has no schema \"public\"")]
    NoPublicSchema {
        /// The database.
        database: String,
    },

    /// The role lacks CREATE on the schema.
    #[error("the role \"{role}\" may not create tables in the schema \"public\" of database \"{database}\"")]
    MayNotCreate {
        /// The database.
        database: String,
        /// The role of the connection.
        role: String,
    },

    /// The role lacks SELECT on the ledger.
    #[error("the role \"{role}\" may not read the table \"{LEDGER_TABLE}\", which records the migrations")]
    MayNotReadLedger {
        /// The role of the connection.
        role: String,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },

    /// The table of the ledger's name is not a ledger.
    #[error(
        "the table \"{LEDGER_TABLE}\" is not a record of migrations: it lacks the columns version and applied_at"
    )]
    ForeignLedger,

    /// The ledger is another application's.
    #[error("database \"{database}\" belongs to another application: it has applied {}", list(.unknown))]
    OtherApplication {
        /// The database.
        database: String,
        /// What was applied.
        unknown: Vec<String>,
    },

    /// Tables that a migration would make are there already.
    #[error("database \"{database}\" already has {}, which no migration of Authority made", the_tables(.tables))]
    InTheWay {
        /// The database.
        database: String,
        /// The tables.
        tables: Vec<String>,
    },

    /// The grants on the tables are another role's than the one that is to serve requests.
    #[error(
        "the role \"{serving}\" serves requests on this database, and this run was to make it \"{named}\""
    )]
    ServedByAnother {
        /// The role that serves requests, or the first of several.
        serving: String,
        /// The one that this run was given.
        named: String,
    },

    /// A newer program migrated the database, and declared that this one is too old for it.
    #[error("database \"{database}\" is newer than this program: it has applied {}", list(.unknown))]
    Newer {
        /// The database.
        database: String,
        /// What this program does not know.
        unknown: Vec<String>,
    },

    /// A migration was edited after it was applied.
    #[error("migration {name} was edited after it was applied to this database")]
    Edited {
        /// The migration.
        name: String,
        /// The SQL that was applied.
        recorded: String,
        /// The SQL that it holds now.
        current: String,
    },

    /// A migration is older than one that was applied before it.
    #[error("migration {name} is not applied, but a newer one is")]
    OutOfOrder {
        /// The migration that is pending.
        name: String,
    },

    /// The target of `up --to` does not exist.
    #[error("there is no migration {name}; the newest is {}", .known.last().map_or("none", String::as_str))]
    NoSuchMigration {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },

    /// An applied migration that should be taken back is not known to this program.
    #[error("migration {name} was applied by another version of this program, which alone can take it back")]
    UnknownMigration {
        /// The migration.
        name: String,
    },

    /// A migration without a transaction holds more or less than one statement.
    #[error("migration {name} runs outside a transaction and so has to be exactly one statement")]
    NotOneStatement {
        /// The migration.
        name: String,
    },

    /// A time-out is shorter than a millisecond or longer than PostgreSQL can express.
    #[error("{name} has to be between 1 millisecond and 24 days")]
    BadTimeout {
        /// The setting.
        name: &'static str,
    },

    /// Another runner kept the lock.
    #[error("another migration run holds the lock, and {} seconds were not enough: {}", .waited.as_secs(), the_holder(.holder.as_ref()))]
    LockTimeout {
        /// Who holds it, as far as it can be seen.
        holder: Option<Holder>,
        /// How long this run waited.
        waited: Duration,
    },

    /// The connection that held the lock died.
    #[error("the connection that held the migration lock was lost")]
    LockLost(#[source] sqlx::Error),

    /// Other sessions held locks all the time.
    #[error("{name} could not get its locks in {attempts} attempts: they are held by {}", the_blockers(.blockers))]
    Blocked {
        /// The step.
        name: String,
        /// How often it was tried.
        attempts: u32,
        /// Who holds locks on the tables of the schema.
        blockers: Vec<Blocker>,
    },

    /// A statement ran longer than allowed, or somebody cancelled it.
    #[error("{name} was cancelled, by statement_timeout or by hand, in: {}", first_line(.statement))]
    StatementTimeout {
        /// The step.
        name: String,
        /// The statement.
        statement: String,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },

    /// The connection died during a step.
    #[error(
        "the connection to the server was lost during {name}, which has been applied completely or not at all"
    )]
    ConnectionLost {
        /// The step.
        name: String,
        /// What happened to the connection.
        #[source]
        source: sqlx::Error,
    },

    /// The server refused a statement.
    #[error("{name} failed and was rolled back, in: {}", first_line(.statement))]
    Failed {
        /// The step.
        name: String,
        /// The statement.
        statement: String,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },

    /// A statement that cannot run in a transaction found no connection of its own.
    #[error("{name} runs outside a transaction and needs a connection of its own, which could not be opened")]
    NoDedicatedConnection {
        /// The step.
        name: String,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },

    /// Indexes are invalid although their statement succeeded.
    #[error("after {name} these indexes are invalid: {}", list(.indexes))]
    InvalidIndexes {
        /// The step.
        name: String,
        /// The indexes.
        indexes: Vec<String>,
    },
}

impl Error {
    /// What mends it; `program` is how this program is called, such as `cargo xtask`.
    #[must_use]
    pub fn fix(&self, program: &str) -> Option<String> {
        let fix = match self {
            Self::Connection(_) | Self::Server(_) | Self::LockLost(_) | Self::ConnectionLost { .. } => {
                format!(
                    "check that the server runs, then run {program} migrate again: it continues where this stopped"
                )
            }
            Self::TooOld { .. } => "upgrade the server, or name a newer one in DATABASE_URL".to_owned(),
            Self::Replica { .. } => "name the primary in DATABASE_URL".to_owned(),
            Self::ReadOnly { database, role } => {
                format!(
                    "BEGIN READ WRITE; ALTER DATABASE \"{database}\" RESET default_transaction_read_only; ALTER ROLE \"{role}\" RESET default_transaction_read_only; COMMIT; or name another role in DATABASE_URL"
                )
            }
            Self::NoPublicSchema { .. } => "CREATE SCHEMA public;".to_owned(),
            Self::MayNotCreate { database, role } => format!(
                "name its owner in DATABASE_URL; or, where \"{role}\" is to own it, as its owner: ALTER DATABASE \"{database}\" OWNER TO \"{role}\"; before PostgreSQL 15, or to keep the owner: GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\";"
            ),
            Self::MayNotReadLedger { role, .. } => format!(
                "as its owner: GRANT SELECT ON TABLE \"{LEDGER_TABLE}\" TO \"{}\";",
                role.replace('"', "\"\"")
            ),
            Self::ForeignLedger | Self::OtherApplication { .. } | Self::InTheWay { .. } => {
                "use a database of its own: createdb authority_db, then name it in DATABASE_URL".to_owned()
            }
            Self::ServedByAnother { serving, named } => format!(
                "AUTHORITY_SERVING_ROLE='{}', in the environment or in .env; or, where \"{named}\" is to take its place, as \
                 the owner: REVOKE ALL ON ALL TABLES IN SCHEMA public FROM \"{}\";",
                serving.replace('\'', r"'\''"),
                serving.replace('"', "\"\"")
            ),
            Self::Newer { .. } => "run a program that knows these migrations".to_owned(),
            Self::Edited { .. } => format!(
                "restore the migration and put the change into a new one (cargo xtask migrate new NAME); on a database whose data may go: {program} migrate fresh"
            ),
            Self::OutOfOrder { .. } => format!(
                "rename it so that it sorts last; on a database whose data may go: {program} migrate fresh"
            ),
            Self::NoSuchMigration { .. } => format!("{program} migrate status lists the migrations"),
            Self::UnknownMigration { .. } => "run down with the program that applied it".to_owned(),
            Self::NotOneStatement { .. } => "split it into several migrations".to_owned(),
            Self::BadTimeout { name } => format!("--{} 500ms", name.replace('_', "-")),
            Self::LockTimeout { holder, .. } => match holder {
                Some(holder) => format!(
                    "wait for it with --wait 10m, or end it: SELECT pg_terminate_backend({});",
                    holder.pid
                ),
                None => format!("run {program} migrate again"),
            },
            Self::Blocked { blockers, .. } => match blockers.first() {
                Some(blocker) => format!(
                    "let it finish, wait longer with --wait 10m, or end it: SELECT pg_terminate_backend({});",
                    blocker.pid
                ),
                None => "wait longer with --wait 10m".to_owned(),
            },
            Self::StatementTimeout { .. } => "allow more time with --statement-timeout 30m".to_owned(),
            Self::Failed { .. } => format!(
                "mend what the server names, then run {program} migrate again: it continues where this stopped; {program} \
                 doctor says what else is wrong with the database"
            ),
            Self::NoDedicatedConnection { .. } => {
                "name the server itself in DATABASE_URL, not a connection pooler".to_owned()
            }
            Self::InvalidIndexes { indexes, .. } => {
                format!("DROP INDEX CONCURRENTLY {}; then run {program} migrate again", indexes.join(", "))
            }
        };
        Some(fix)
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first, .., last] if names.len() > 3 => format!("{first}, ..., {last} ({} in all)", names.len()),
        _ => names.join(", "),
    }
}

fn the_tables(names: &[String]) -> String {
    let noun = if names.len() == 1 { "a table" } else { "tables" };
    format!("{noun} {}", names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "))
}

fn the_holder(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "it ended in this moment".to_owned(), ToString::to_string)
}

fn the_blockers(blockers: &[Blocker]) -> String {
    if blockers.is_empty() {
        return "sessions that cannot be seen".to_owned();
    }
    blockers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn first_line(statement: &str) -> &str {
    statement.lines().next().unwrap_or_default()
}
