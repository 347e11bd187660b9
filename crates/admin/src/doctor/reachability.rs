//! Whether the server lets us in, and if not, why.

use std::error::Error;

use authority_connection::{ConnectError, PreparedStatements};

use super::check::{Check, Group, Look, Verdict};
use super::facts::Arrival;
use super::finding::{Finding, Symptom};
use crate::quote::identifier;

pub(super) const GROUP: Group = Group {
    title: "Reachability",
    checks: &[
        Check {
            id: CONNECTION,
            finds: "any other reason why no connection could be made",
            well: "the server lets this role into the database",
            needs: &[],
            look: Look::Connecting,
        },
        fault("connection-refused", "nobody listens at the address, or there is no such socket"),
        fault("host-name", "the host name does not resolve (DNS)"),
        fault("network", "no answer in time, no route, or a connection that is closed at once"),
        fault("socket-permission", "the user of the operating system may not open the socket"),
        fault("not-postgresql", "something else than PostgreSQL answers at the address"),
        fault("starting-up", "the server is starting, stopping or recovering"),
        fault("too-many-connections", "no connection is left, of the server, the database or the role"),
        fault(
            "authentication",
            "the password is wrong or missing, or the role does not exist or may not log in",
        ),
        fault("pg-hba", "no line of pg_hba.conf admits this role to this database from here"),
        fault("database-missing", "the database does not exist"),
        fault("database-closed", "the database accepts no connections"),
        fault("connect-privilege", "the role lacks CONNECT on the database"),
        fault("tls-refused", "TLS failed: the server has none, or a certificate or its files were refused"),
        fault("settings-refused", "the server refuses a setting of DATABASE_URL or PGOPTIONS"),
        fault("wrong-server", "the server is not of the kind that target_session_attrs demands"),
        Check {
            id: "pooler",
            finds: "a pooler that refuses startup parameters, has no server, or carries no prepared statements",
            well: "no pooler is in the way",
            needs: &[CONNECTION],
            look: Look::Arrival(pooler),
        },
        Check {
            id: "read-only-replica",
            finds: "the server is a standby, which cannot be written to",
            well: "the server is a primary",
            needs: &[CONNECTION],
            look: Look::Arrival(replica),
        },
        Check {
            id: "read-only",
            finds: "transactions are read-only by default on a primary",
            well: "transactions may write",
            needs: &["read-only-replica"],
            look: Look::Arrival(read_only),
        },
    ],
};

/// The check that every other one needs.
pub(super) const CONNECTION: &str = "connection";

const fn fault(id: &'static str, finds: &'static str) -> Check {
    Check { id, finds, well: "", needs: &[], look: Look::Connecting }
}

/// What a failed connection means: one finding for each host that was tried.
pub(super) fn diagnose(error: &ConnectError) -> Vec<Finding> {
    if let ConnectError::NoHost { attempts } = error {
        return attempts.iter().flat_map(diagnose).collect();
    }
    let causes = causes(error).join(": ");
    vec![Symptom::error("", error.to_string()).evidence(causes).fix(error.fix()).of(name(error))]
}

fn name(error: &ConnectError) -> &'static str {
    use ConnectError as E;
    match error {
        E::Refused { .. } | E::NoSocket { .. } => "connection-refused",
        E::UnknownHost { .. } => "host-name",
        E::Unreachable { .. } | E::Timeout { .. } | E::Closed { .. } => "network",
        E::SocketForbidden { .. } => "socket-permission",
        E::NotPostgres { .. } => "not-postgresql",
        E::NotReady { .. } => "starting-up",
        E::TooManyConnections { .. }
        | E::RoleLimit { .. }
        | E::DatabaseLimit { .. }
        | E::PoolTimeout { .. } => "too-many-connections",
        E::PasswordMissing { .. }
        | E::PasswordFileExposed { .. }
        | E::PasswordRefused { .. }
        | E::AuthenticationFailed { .. }
        | E::NoRole { .. }
        | E::RoleCannotLogIn { .. } => "authentication",
        E::NoHbaEntry { .. } => "pg-hba",
        E::NoDatabase { .. } => "database-missing",
        E::DatabaseClosed { .. } => "database-closed",
        E::NoConnectPrivilege { .. } => "connect-privilege",
        E::TlsUnsupported { .. }
        | E::CertificateUntrusted { .. }
        | E::CertificateExpired { .. }
        | E::CertificateWrongHost { .. }
        | E::ClientCertificateRefused { .. }
        | E::Tls { .. }
        | E::TlsFileUnreadable { .. }
        | E::TlsFileUseless { .. }
        | E::TlsKeyExposed { .. } => "tls-refused",
        E::SettingRefused { .. } => "settings-refused",
        E::PoolerParameter { .. } | E::PoolerWithoutServer { .. } | E::PoolerWithoutStatements { .. } => {
            "pooler"
        }
        E::WrongServer { .. } => "wrong-server",
        _ => CONNECTION,
    }
}

/// An error and what is beneath it, as one sentence.
pub(super) fn sentence(error: &dyn Error) -> String {
    let mut parts = vec![error.to_string()];
    parts.extend(causes(error));
    parts.join(": ")
}

/// What is beneath an error, without repetitions.
fn causes(error: &dyn Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

fn pooler(arrival: &Arrival) -> Verdict {
    let server = &arrival.server;
    if !server.pooled {
        return Verdict::well();
    }
    let host = server.host.to_string();
    match arrival.config.prepared_statements() {
        PreparedStatements::No => {
            return Symptom::info(host, "is a pooler; DATABASE_URL says prepared_statements=false").into();
        }
        PreparedStatements::Yes => {
            return Symptom::info(host, "is a pooler; DATABASE_URL says prepared_statements=true").into();
        }
        PreparedStatements::Auto if server.prepared_statements => {
            return Symptom::info(host, "is a pooler, which carries prepared statements").into();
        }
        PreparedStatements::Auto => {}
    }
    let message = "is a pooler that does not carry prepared statements: Authority refuses it unless DATABASE_URL \
                   says prepared_statements=false";
    let fix = "max_prepared_statements = 200 in pgbouncer.ini (PgBouncer 1.21 or later), or \
               prepared_statements=false in DATABASE_URL";
    Symptom::warning(host, message).fix(fix).into()
}

fn replica(arrival: &Arrival) -> Verdict {
    if !arrival.server.in_recovery {
        return Verdict::well();
    }
    let message = "is a standby, which only reads: Authority needs the primary";
    let fix = "name the primary in DATABASE_URL, or all servers, as \
               postgres://user@host1,host2/database?target_session_attrs=read-write";
    Symptom::error(arrival.server.host.to_string(), message).fix(fix).into()
}

fn read_only(arrival: &Arrival) -> Verdict {
    if !arrival.server.read_only {
        return Verdict::well();
    }
    let (user, database) = (identifier(arrival.config.user()), identifier(arrival.config.database()));
    let fix = format!(
        "BEGIN READ WRITE; ALTER DATABASE {database} RESET default_transaction_read_only; \
         ALTER ROLE {user} RESET default_transaction_read_only; COMMIT;"
    );
    let message = "transactions are read-only by default (default_transaction_read_only)";
    Symptom::error(arrival.config.database(), message).fix(fix).into()
}
