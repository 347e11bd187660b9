use std::io::{Error as IoError, ErrorKind};

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

use super::classify::{Answer, of_answer};
use super::{ConnectError, Target, classify};
use crate::{Host, TargetSessionAttrs};

fn tcp() -> Target {
    let host = Host::Tcp { name: "db.example".into(), port: 5432 };
    Target { host, database: "authority_db".into(), user: "authority".into() }
}

fn socket() -> Target {
    let host = Host::Socket { directory: "/run/postgresql".into(), port: 5432 };
    Target { host, ..tcp() }
}

fn io(kind: ErrorKind, at: Target) -> ConnectError {
    classify(sqlx::Error::Io(IoError::from(kind)), at, true)
}

fn tls(error: TlsError) -> ConnectError {
    classify(sqlx::Error::Io(IoError::new(ErrorKind::InvalidData, error)), tcp(), true)
}

fn answer(code: &str, routine: &str, message: &str) -> ConnectError {
    let answer = Answer { code: code.into(), message: message.into(), routine: routine.into() };
    of_answer(answer, Box::new(tcp()), true)
}

#[test]
fn a_refused_connection_says_so_and_how_to_look() {
    let error = io(ErrorKind::ConnectionRefused, tcp());
    assert_eq!(error.to_string(), "cannot reach PostgreSQL at db.example:5432: connection refused");
    assert_eq!(error.fix(), "pg_isready -h db.example -p 5432");
    assert!(error.is_transient());
}

#[test]
fn a_missing_socket_is_told_from_a_forbidden_one() {
    let error = io(ErrorKind::NotFound, socket());
    assert_eq!(
        error.to_string(),
        "cannot reach PostgreSQL at /run/postgresql/.s.PGSQL.5432: there is no such socket"
    );
    assert!(matches!(io(ErrorKind::PermissionDenied, socket()), ConnectError::SocketForbidden { .. }));
}

#[test]
fn a_name_that_does_not_resolve_is_unknown() {
    // RFC 6761 reserves this name, so that no resolver knows it.
    let error = std::net::ToSocketAddrs::to_socket_addrs("authority.invalid:5432").unwrap_err();
    let error = classify(sqlx::Error::Io(error), tcp(), true);
    assert!(matches!(error, ConnectError::UnknownHost { .. }), "{error:?}");
}

#[test]
fn certificates_fail_for_different_reasons() {
    let certificate = |error| tls(TlsError::InvalidCertificate(error));
    assert!(matches!(
        certificate(CertificateError::UnknownIssuer),
        ConnectError::CertificateUntrusted { .. }
    ));
    assert!(matches!(certificate(CertificateError::Expired), ConnectError::CertificateExpired { .. }));
    assert!(matches!(
        certificate(CertificateError::NotValidForName),
        ConnectError::CertificateWrongHost { .. }
    ));
    assert!(matches!(certificate(CertificateError::BadSignature), ConnectError::Tls { .. }));
    let alert = tls(TlsError::AlertReceived(AlertDescription::CertificateRequired));
    assert!(matches!(alert, ConnectError::ClientCertificateRefused { .. }));
    let garbage = tls(TlsError::InvalidMessage(InvalidMessage::InvalidContentType));
    assert!(matches!(garbage, ConnectError::NotPostgres { .. }));
    let unsupported = sqlx::Error::Tls("server does not support TLS".into());
    assert!(matches!(classify(unsupported, tcp(), true), ConnectError::TlsUnsupported { .. }));
}

#[test]
fn a_missing_password_is_told_from_a_wrong_one() {
    let message = "password authentication failed for user \"authority\"";
    assert_eq!(
        answer("28P01", "auth_failed", message).to_string(),
        "PostgreSQL at db.example:5432 refused the password of user \"authority\""
    );
    let answer = Answer { code: "28P01".into(), message: message.into(), routine: "auth_failed".into() };
    let error = of_answer(answer, Box::new(tcp()), false);
    assert!(matches!(error, ConnectError::PasswordMissing { .. }));
}

#[test]
fn a_missing_pg_hba_entry_is_answered_with_the_line() {
    let message =
        "no pg_hba.conf entry for host \"10.1.2.3\", user \"authority\", database \"authority_db\", SSL off";
    let error = answer("28000", "ClientAuthentication", message);
    assert_eq!(
        error.to_string(),
        "PostgreSQL at db.example:5432 has no pg_hba.conf entry that admits user \"authority\" to database \
         \"authority_db\" from 10.1.2.3"
    );
    assert_eq!(
        error.fix(),
        "add to pg_hba.conf and reload the server: host authority_db authority 10.1.2.3/32 scram-sha-256 (or add \
         sslmode=require to DATABASE_URL, where the entry is hostssl)"
    );
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), format!("{message} (SQLSTATE 28000)"));
}

#[test]
fn roles_databases_and_privileges_are_told_apart() {
    let role = answer("28000", "InitializeSessionUserId", "role \"authority\" does not exist");
    assert!(matches!(role, ConnectError::NoRole { .. }));
    let login = answer("28000", "InitializeSessionUserId", "role \"authority\" is not permitted to log in");
    assert!(login.fix().contains("ALTER ROLE authority LOGIN"));
    let database = answer("3D000", "InitPostgres", "database \"authority_db\" does not exist");
    assert_eq!(database.to_string(), "there is no database \"authority_db\" at db.example:5432");
    assert_eq!(database.fix(), "createdb -h db.example -p 5432 -U postgres --owner authority authority_db");
    let connect = answer("42501", "CheckMyDatabase", "permission denied for database \"authority_db\"");
    assert!(
        connect.fix().contains("GRANT CONNECT ON DATABASE authority_db TO authority;"),
        "{}",
        connect.fix()
    );
    let peer = answer("28000", "auth_failed", "Peer authentication failed for user \"authority\"");
    assert!(matches!(peer, ConnectError::AuthenticationFailed { .. }));
    let certificate =
        answer("28000", "ClientAuthentication", "connection requires a valid client certificate");
    assert!(matches!(certificate, ConnectError::ClientCertificateRefused { .. }));
    let setting = answer("42704", "find_option", "unrecognized configuration parameter \"nonsense\"");
    assert!(matches!(setting, ConnectError::SettingRefused { .. }));
}

#[test]
fn a_full_or_starting_server_is_worth_waiting_for() {
    assert!(answer("53300", "InitPostgres", "sorry, too many clients already").is_transient());
    assert!(answer("57P03", "ProcessStartupPacket", "the database system is starting up").is_transient());
    assert!(!answer("3D000", "InitPostgres", "").is_transient());
}

#[test]
fn a_full_server_role_and_database_are_told_apart_by_the_routine() {
    let server = answer("53300", "InitProcess", "sorry, too many clients already");
    assert!(server.fix().contains("raise max_connections"), "{}", server.fix());
    // The message is in the language of the server.
    let role = answer("53300", "InitializeSessionUserId", "zu viele Verbindungen");
    assert!(role.is_transient());
    assert!(role.fix().contains("ALTER ROLE authority CONNECTION LIMIT"), "{}", role.fix());
    let database = answer("53300", "CheckMyDatabase", "zu viele Verbindungen");
    assert!(database.is_transient());
    assert!(database.fix().contains("ALTER DATABASE authority_db CONNECTION LIMIT"), "{}", database.fix());
    for error in [role, database] {
        assert!(!error.fix().contains("max_connections"), "{}", error.fix());
    }
}

#[test]
fn the_refusals_of_a_pooler_are_understood() {
    let error = answer("08P01", "", "unsupported startup parameter: options");
    assert!(matches!(&error, ConnectError::PoolerParameter { parameter, .. } if parameter == "options"));
    assert!(error.fix().contains("ALTER ROLE authority SET statement_timeout"), "{}", error.fix());
    let error = answer("08P01", "", "unsupported startup parameter in options: geqo");
    assert!(matches!(&error, ConnectError::PoolerParameter { parameter, .. } if parameter == "geqo"));
    assert!(matches!(answer("08P01", "", "no such database: x"), ConnectError::NoDatabase { .. }));
    assert!(matches!(
        answer("08P01", "", "server login has been failing, try again later (server_login_retry)"),
        ConnectError::PoolerWithoutServer { .. }
    ));
    assert!(matches!(
        answer("08P01", "", "no more connections allowed (max_client_conn)"),
        ConnectError::TooManyConnections { .. }
    ));
}

#[test]
fn several_hosts_are_named_with_their_reasons() {
    let attempts = vec![
        io(ErrorKind::ConnectionRefused, tcp()),
        ConnectError::WrongServer { at: Box::new(socket()), wanted: TargetSessionAttrs::Primary },
    ];
    let error = ConnectError::NoHost { attempts };
    assert_eq!(
        error.to_string(),
        "none of the 2 hosts can be used: cannot reach PostgreSQL at db.example:5432: connection refused; PostgreSQL \
         at /run/postgresql/.s.PGSQL.5432 is not acceptable for target_session_attrs=primary"
    );
    assert!(error.is_transient());
}

#[test]
fn names_are_quoted_in_remedies() {
    let at = Target { database: "it's \"x\"".into(), user: "Ada".into(), ..tcp() };
    let error = ConnectError::NoDatabase { at: Box::new(at.clone()) };
    assert_eq!(error.fix(), r#"createdb -h db.example -p 5432 -U postgres --owner Ada 'it'\''s "x"'"#);
    let error = ConnectError::PasswordRefused { at: Box::new(at.clone()) };
    assert!(error.fix().contains(r#"-c '\password "Ada"'"#), "{}", error.fix());
    let error = ConnectError::NoConnectPrivilege { at: Box::new(at) };
    assert!(error.fix().contains(r#"ON DATABASE "it'\''s ""x""" TO "Ada";"#), "{}", error.fix());
}
