//! The errors of sqlx.

use rustls::Error as TlsError;
use sqlx::postgres::PgDatabaseError;

use super::{Answer, of_answer, of_io};
use crate::{ConnectError, Target};

/// What an error of the driver means while connecting. `password_given` tells a refused password from a missing
/// one, which the server cannot.
pub(crate) fn classify(error: sqlx::Error, at: Target, password_given: bool) -> ConnectError {
    let at = Box::new(at);
    match error {
        sqlx::Error::Io(error) => of_io(error, at),
        sqlx::Error::Database(error) => match error.try_downcast::<PgDatabaseError>() {
            Ok(error) => {
                let answer = Answer {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                    routine: error.routine().unwrap_or_default().to_owned(),
                };
                of_answer(answer, at, password_given)
            }
            Err(error) => ConnectError::Other { at, source: Box::new(sqlx::Error::Database(error)) },
        },
        sqlx::Error::Tls(reason) if reason.to_string().contains("does not support TLS") => {
            ConnectError::TlsUnsupported { at }
        }
        sqlx::Error::Tls(reason)
            if matches!(reason.downcast_ref::<TlsError>(), Some(TlsError::InconsistentKeys(_))) =>
        {
            ConnectError::ClientCertificateUnusable { at, source: reason }
        }
        error @ (sqlx::Error::Tls(_) | sqlx::Error::Configuration(_)) => {
            ConnectError::Tls { at, source: Box::new(error) }
        }
        // The driver takes an end of the stream, where one byte is awaited, for this byte.
        sqlx::Error::Protocol(what) if what.contains("response from SSLRequest: 0x00") => {
            ConnectError::Closed { at }
        }
        // At its end, in brackets, stands where in the driver's source it was noticed.
        sqlx::Error::Protocol(what) => {
            let said = what.rsplit_once(" (sqlx").map_or(what.as_str(), |(said, _)| said);
            ConnectError::NotPostgres { at, source: said.to_owned().into() }
        }
        error => ConnectError::Other { at, source: Box::new(error) },
    }
}
