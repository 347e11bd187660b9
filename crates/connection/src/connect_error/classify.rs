//! From what a driver reports to what it means: a file for each driver, and here what both report.

mod of_client;
mod of_sqlx;

use std::io::{Error as IoError, ErrorKind};

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::{Cause, ConnectError, Target};

pub(crate) use of_client::classify_client;
pub(crate) use of_sqlx::classify;

fn of_io(error: IoError, at: Box<Target>) -> ConnectError {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        let tls = tls.clone();
        return of_tls(&tls, error, at);
    }
    let is_socket = at.host.socket_file().is_some();
    match error.kind() {
        ErrorKind::NotFound if is_socket => ConnectError::NoSocket { at },
        ErrorKind::PermissionDenied if is_socket => ConnectError::SocketForbidden { at },
        ErrorKind::ConnectionRefused => ConnectError::Refused { at },
        ErrorKind::TimedOut => ConnectError::Unreachable { at, source: error },
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => ConnectError::Closed { at },
        // The standard library has no kind for a name that does not resolve, only this beginning.
        _ if error.to_string().starts_with("failed to lookup address") => ConnectError::UnknownHost { at },
        _ => ConnectError::Unreachable { at, source: error },
    }
}

fn of_tls(tls: &TlsError, error: IoError, at: Box<Target>) -> ConnectError {
    use CertificateError as Certificate;
    match tls {
        TlsError::InvalidCertificate(certificate) => match certificate {
            Certificate::UnknownIssuer => ConnectError::CertificateUntrusted { at },
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. } => ConnectError::CertificateExpired { at },
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                ConnectError::CertificateWrongHost { at }
            }
            // The verifier's own error, whose type is not public.
            Certificate::Other(reason) if reason.0.to_string() == "CaUsedAsEndEntity" => {
                ConnectError::CertificateOfAuthority { at }
            }
            _ => ConnectError::Tls { at, source: Box::new(error) },
        },
        TlsError::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown,
        ) => ConnectError::ClientCertificateRefused { at, source: Box::new(error) },
        TlsError::InvalidMessage(_) => ConnectError::NotPostgres { at, source: Box::new(error) },
        _ => ConnectError::Tls { at, source: Box::new(error) },
    }
}

/// What a server says. The message may be in any language; the code and the routine are not.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) routine: String,
}

pub(super) fn of_answer(answer: Answer, at: Box<Target>, password_given: bool) -> ConnectError {
    let (code, routine, message) = (answer.code.clone(), answer.routine.clone(), answer.message.clone());
    let says = |text: &str| message.contains(text);
    let source: Cause = Box::new(answer);
    match (code.as_str(), routine.as_str()) {
        // PgBouncer reports nearly everything as a protocol violation, and in English.
        ("08P01", _) if says("startup parameter") => {
            let parameter = message.rsplit(": ").next().unwrap_or_default().to_owned();
            ConnectError::PoolerParameter { at, parameter, source }
        }
        ("08P01", _) if says("no such database") => ConnectError::NoDatabase { at },
        ("08P01", _) if says("no such user") || says("auth") && !says("SASL") => {
            ConnectError::PasswordRefused { at }
        }
        ("08P01", _) if says("no more connections") || says("client_login_timeout") => {
            ConnectError::TooManyConnections { at, source }
        }
        ("08P01" | "58000" | "08006", _) if says("login") || says("server") || says("connect") => {
            ConnectError::PoolerWithoutServer { at, source }
        }
        ("28P01", _) if !password_given => ConnectError::PasswordMissing { at },
        ("28P01", _) => ConnectError::PasswordRefused { at },
        ("28000", "ClientAuthentication") if says("valid client certificate") => {
            ConnectError::ClientCertificateRefused { at, source }
        }
        ("28000", "ClientAuthentication") => {
            let client = message.split('"').nth(1).filter(|it| it.parse::<std::net::IpAddr>().is_ok());
            ConnectError::NoHbaEntry { client: client.map(str::to_owned), at, source }
        }
        ("28000", "InitializeSessionUserId") if says("not permitted to log in") => {
            ConnectError::RoleCannotLogIn { at }
        }
        ("28000", "InitializeSessionUserId") => ConnectError::NoRole { at },
        ("28000", _) => ConnectError::AuthenticationFailed { at, source },
        ("3D000", _) => ConnectError::NoDatabase { at },
        ("55000", _) => ConnectError::DatabaseClosed { at },
        ("42501", "CheckMyDatabase") => ConnectError::NoConnectPrivilege { at },
        ("53300", "InitializeSessionUserId") => ConnectError::RoleLimit { at, source },
        ("53300", "CheckMyDatabase") => ConnectError::DatabaseLimit { at, source },
        ("53300", _) => ConnectError::TooManyConnections { at, source },
        ("42704" | "22023" | "55P02", _) => ConnectError::SettingRefused { at, source },
        ("57P01" | "57P02" | "57P03", _) => ConnectError::NotReady { at, source },
        _ => ConnectError::Other { at, source },
    }
}
