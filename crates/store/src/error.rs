//! Why an operation gave no outcome.

use std::borrow::Cow;
use std::sync::Arc;

use authority_connection::PoolError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

/// Why an operation gave no outcome. Holds names and codes, and never a value of a row or of a parameter: what
/// PostgreSQL adds to a refusal as DETAIL shows the whole row.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No connection could be had. Nothing happened.
    #[error("no connection to the database could be had")]
    Pool(#[source] Arc<PoolError>),
    /// The connection died before the answer came, twice. Whether the operation happened is unknown. It is safe to
    /// call it again with the very same inputs: then it does what is still to be done, and gives the same outcome.
    #[error("the connection to the database was lost before the answer of {statement} came")]
    ConnectionLost {
        /// The statement.
        statement: &'static str,
    },
    /// The server gave up the statement in favour of others (SQLSTATE 40001, 40P01), and did so again at each
    /// repetition. Nothing happened; it is safe to call it again.
    #[error("{statement} was in conflict with others, and was so again when it was repeated")]
    Conflict {
        /// The statement.
        statement: &'static str,
    },
    /// The statement took longer than `statement_timeout`, `lock_timeout` or an administrator permits (SQLSTATE
    /// 57014, 55P03). Nothing happened.
    #[error("{statement} was cancelled, or took longer than the database permits")]
    Cancelled {
        /// The statement.
        statement: &'static str,
    },
    /// A constraint refused the row (SQLSTATE class 23). Nothing happened.
    #[error("{statement} was refused by the constraint {constraint} of {table}")]
    Constraint {
        /// The statement.
        statement: &'static str,
        /// The table.
        table: String,
        /// The constraint.
        constraint: String,
    },
    /// The role may not do it (SQLSTATE 42501), or nobody may write at the moment (25006). Nothing happened.
    #[error("the role of this connection may not do {statement}, or the database is read-only")]
    NotPermitted {
        /// The statement.
        statement: &'static str,
        /// 42501 or 25006.
        sqlstate: String,
    },
    /// The server refused the statement otherwise: its schema may not be that of this program. Nothing happened.
    #[error("the database refused {statement} (SQLSTATE {sqlstate})")]
    Database {
        /// The statement.
        statement: &'static str,
        /// Its SQLSTATE (PostgreSQL manual, appendix A).
        sqlstate: String,
    },
    /// The answer is not what this program understands.
    #[error("the answer of {statement} cannot be understood: {what}")]
    Answer {
        /// The statement.
        statement: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The successor of a rotation was not made of the presented token by
    /// [`RefreshToken::successor`](crate::RefreshToken::successor). Nothing happened.
    #[error("the new refresh token is no successor of the presented one")]
    NotASuccessor,
    /// The cipher refused to seal the successor of a refresh token, which does not happen.
    #[error("the successor of the refresh token could not be sealed")]
    Seal,
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        Self::Pool(Arc::new(error))
    }
}

impl StoreError {
    /// Whether the same call, with the same inputs, may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Pool(error) => error.is_transient(),
            Self::ConnectionLost { .. } | Self::Conflict { .. } | Self::Cancelled { .. } => true,
            _ => false,
        }
    }

    /// What puts it right, where something does.
    #[must_use]
    pub fn fix(&self) -> Option<Cow<'static, str>> {
        let fix = match self {
            Self::Pool(error) => return Some(error.fix().into()),
            Self::NotPermitted { .. } => {
                "authority-db migrate gives the serving role its privileges; authority-db doctor says what is missing"
            }
            Self::Database { .. } | Self::Constraint { .. } | Self::Answer { .. } => {
                "authority-db migrate status shows whether the schema is that of this program"
            }
            Self::ConnectionLost { .. } | Self::Cancelled { .. } => {
                "authority-db doctor says what is wrong with the database or with the way to it"
            }
            Self::Conflict { .. } | Self::NotASuccessor | Self::Seal => return None,
        };
        Some(fix.into())
    }
}

/// What a failure of the driver means, and what may be done about it.
pub(crate) enum Failure {
    Lost,
    Conflict,
    Final(StoreError),
}

pub(crate) fn classify(statement: &'static str, error: &tokio_postgres::Error) -> Failure {
    let Some(refusal) = error.as_db_error() else {
        // Without an answer of the server there is no connection any more, or an answer that the driver cannot read.
        return if error.is_closed() || is_io(error) {
            Failure::Lost
        } else {
            Failure::Final(StoreError::Answer { statement, what: "the driver cannot read it" })
        };
    };
    let state = refusal.code();
    let sqlstate = || state.code().to_owned();
    if *state == SqlState::T_R_SERIALIZATION_FAILURE || *state == SqlState::T_R_DEADLOCK_DETECTED {
        return Failure::Conflict;
    }
    // An administrator's shutdown, a crash, or a terminated session.
    if state.code().starts_with("57P") || state.code().starts_with("08") {
        return Failure::Lost;
    }
    Failure::Final(match state.code() {
        "57014" | "55P03" => StoreError::Cancelled { statement },
        "42501" | "25006" => StoreError::NotPermitted { statement, sqlstate: sqlstate() },
        code if code.starts_with("23") => StoreError::Constraint {
            statement,
            table: refusal.table().unwrap_or("a table").to_owned(),
            constraint: refusal.constraint().or(refusal.column()).unwrap_or("one of its own").to_owned(),
        },
        _ => StoreError::Database { statement, sqlstate: sqlstate() },
    })
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}
