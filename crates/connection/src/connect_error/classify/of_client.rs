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
        // How the driver's codec calls an end in the middle of a message.
        (ErrorKind::Other, Kind::Conversation) if error.to_string() == "bytes remaining on stream" => {
            ConnectError::Closed { at }
        }
        _ => of_io(error, at),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_postgres::{Config, NoTls};

    use super::*;
    use crate::Host;

    fn target() -> Target {
        let host = Host::Tcp { name: "db.example".into(), port: 5432 };
        Target { host, database: "authority_db".into(), user: "authority".into() }
    }

    /// What comes of connecting to something that hears the client out, says this, and hangs up.
    async fn answered(said: &[u8]) -> ConnectError {
        let (near, mut far) = duplex(1024);
        let mut options = Config::new();
        let connecting = options.user("authority").connect_raw(near, NoTls);
        let answering = async {
            let mut heard = [0; 8];
            far.read_exact(&mut heard).await.unwrap();
            far.write_all(said).await.unwrap();
            drop(far);
        };
        let (outcome, ()) = tokio::join!(connecting, answering);
        classify_client(outcome.err().unwrap(), target(), false)
    }

    /// A message of the protocol.
    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag][..], &length, body].concat()
    }

    #[tokio::test]
    async fn what_a_server_says_means_what_it_means_through_sqlx() {
        let refusal = |code: &str, routine: &str| {
            let fields = format!("SFATAL\0VFATAL\0C{code}\0Mnein\0R{routine}\0\0");
            message(b'E', fields.as_bytes())
        };
        let starting = answered(&refusal("57P03", "ProcessStartupPacket")).await;
        assert!(matches!(&starting, ConnectError::NotReady { .. }), "{starting:?}");
        assert_eq!(std::error::Error::source(&starting).unwrap().to_string(), "nein (SQLSTATE 57P03)");
        let limited = answered(&refusal("53300", "InitializeSessionUserId")).await;
        assert!(matches!(limited, ConnectError::RoleLimit { .. }), "{limited:?}");
    }

    #[tokio::test]
    async fn a_password_that_is_asked_for_and_not_there_is_missing() {
        // AuthenticationCleartextPassword, AuthenticationSASL.
        for asked in [&[0, 0, 0, 3][..], b"\0\0\0\x0aSCRAM-SHA-256\0\0"] {
            let error = answered(&message(b'R', asked)).await;
            assert!(matches!(error, ConnectError::PasswordMissing { .. }), "{error:?}");
        }
    }

    #[tokio::test]
    async fn what_hangs_up_is_told_from_what_says_something_else() {
        // The first words of something else read as the length of a message that never ends.
        for said in [&b""[..], b"HTTP/1.1 400 Bad Request\r\n"] {
            let error = answered(said).await;
            assert!(matches!(error, ConnectError::Closed { .. }), "{said:?}: {error:?}");
        }
        for said in [&message(b'Z', b"I")[..], b"H\0\0\0\x01"] {
            let error = answered(said).await;
            assert!(matches!(error, ConnectError::NotPostgres { .. }), "{said:?}: {error:?}");
        }
    }

    #[tokio::test]
    async fn the_network_and_tls_are_told_apart() {
        let mut nobody = Config::new();
        nobody.user("authority").host("127.0.0.1").port(1);
        let refused = nobody.connect(NoTls).await.err().unwrap();
        assert!(matches!(classify_client(refused, target(), true), ConnectError::Refused { .. }));
        // RFC 6761 reserves this name, so that no resolver knows it.
        let mut unknown = Config::new();
        unknown.user("authority").host("authority.invalid");
        let error = classify_client(unknown.connect(NoTls).await.err().unwrap(), target(), true);
        assert!(matches!(error, ConnectError::UnknownHost { .. }), "{error:?}");
    }
}
