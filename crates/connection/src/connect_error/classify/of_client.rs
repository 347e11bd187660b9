//! The errors of tokio-postgres.

use std::io::{Error as IoError, ErrorKind};

use rustls::Error as TlsError;
use tokio_postgres::Error;

use super::{Answer, of_answer, of_io};
use crate::{ConnectError, Target};

/// What an error of tokio-postgres means while connecting; `password_given` as for [`super::classify`].
pub(crate) fn classify_client(error: Error, at: Target, password_given: bool) -> ConnectError {
    let at = Box::new(at);
    if error.is_closed() {
        return ConnectError::Closed { at };
    }
    if let Some(said) = error.as_db_error() {
        let answer = Answer {
            code: said.code().code().to_owned(),
            message: said.message().to_owned(),
            routine: said.routine().unwrap_or_default().to_owned(),
        };
        return of_answer(answer, at, password_given);
    }
    // Of what kind an error is, the driver tells in its sentence alone.
    let kind = Kind::of(&error.to_string());
    match (kind, error.into_source()) {
        (Kind::Settings, _) if !password_given => ConnectError::PasswordMissing { at },
        (Kind::Tls, Some(cause)) if cause.to_string().contains("does not support TLS") => {
            ConnectError::TlsUnsupported { at }
        }
        (kind, Some(cause)) => match cause.downcast::<IoError>() {
            Ok(error) => of_io_in(kind, *error, at),
            Err(source) if kind == Kind::Tls => ConnectError::Tls { at, source },
            Err(source) => ConnectError::Other { at, source },
        },
        (Kind::Conversation, None) => {
            ConnectError::NotPostgres { at, source: "unexpected message from server".into() }
        }
        (_, None) => ConnectError::Other { at, source: "the driver gives no reason".into() },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Reaching the server.
    Network,
    /// The handshake of TLS.
    Tls,
    /// What was said is not of the protocol.
    Conversation,
    /// A password is asked for, and there is none.
    Settings,
    Other,
}

impl Kind {
    fn of(sentence: &str) -> Self {
        match sentence {
            "error connecting to server" => Self::Network,
            "error performing TLS handshake" => Self::Tls,
            "error communicating with the server"
            | "error parsing response from server"
            | "unexpected message from server" => Self::Conversation,
            "invalid configuration" => Self::Settings,
            _ => Self::Other,
        }
    }
}

/// The driver reports what it cannot read, and a name that no certificate can have, as wrong input.
fn of_io_in(kind: Kind, error: IoError, at: Box<Target>) -> ConnectError {
    let is_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()).is_some();
    match (error.kind(), kind) {
        (ErrorKind::InvalidInput | ErrorKind::InvalidData, Kind::Tls) if !is_tls => {
            ConnectError::Tls { at, source: Box::new(error) }
        }
        (ErrorKind::InvalidInput | ErrorKind::InvalidData, Kind::Conversation) if !is_tls => {
            ConnectError::NotPostgres { at, source: Box::new(error) }
        }
        _ => of_io(error, at),
    }
}
