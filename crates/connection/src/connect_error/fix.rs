//! The command, or the line to change, that mends a failed connection.

use super::{ConnectError, Target};
use crate::Host;

pub(super) fn fix(error: &ConnectError) -> String {
    use ConnectError as E;
    match error {
        E::UnknownHost { at } => format!("getent hosts {}", shell(&at.host.name())),
        E::Refused { at }
        | E::Unreachable { at, .. }
        | E::Timeout { at, .. }
        | E::Closed { at }
        | E::NotPostgres { at, .. }
        | E::NotReady { at, .. } => format!("pg_isready {}", reach(&at.host)),
        E::NoSocket { at } => format!(
            "pg_isready {}, or correct the directory: it is unix_socket_directories in postgresql.conf",
            reach(&at.host)
        ),
        E::SocketForbidden { at } => format!("ls -l {}", shell(&at.host.to_string())),
        E::PoolTimeout { at, .. } => {
            format!("{} -c 'SHOW max_connections', or a smaller initial_pool_size", psql(at))
        }
        E::PasswordMissing { .. } => {
            "put the password into DATABASE_URL (postgres://user:password@host:port/database), PGPASSWORD or \
             ~/.pgpass"
                .to_owned()
        }
        E::PasswordFileExposed { path, .. } | E::TlsKeyExposed { path } => format!("chmod 600 {}", shell(&path.display().to_string())),
        E::PasswordRefused { at } => password(at),
        E::AuthenticationFailed { at, .. } => {
            format!("correct the line of pg_hba.conf that applies: {}", hba_line(at, None))
        }
        E::NoHbaEntry { at, client, source } => {
            let message = source.to_string();
            let is_plain = message.contains("no encryption") || message.contains("SSL off");
            let line = hba_line(at, client.as_deref());
            let tls = " (or add sslmode=require to DATABASE_URL, where the entry is hostssl)";
            format!("add to pg_hba.conf and reload the server: {line}{}", if is_plain { tls } else { "" })
        }
        E::NoRole { at } => {
            format!("createuser {} --pwprompt {}", reach(&at.host), shell(&at.user))
        }
        E::RoleCannotLogIn { at } => sql(at, &format!("ALTER ROLE {} LOGIN", identifier(&at.user))),
        E::NoDatabase { at } => format!(
            "createdb {} -U postgres --owner {} {}",
            reach(&at.host),
            shell(&at.user),
            shell(&at.database)
        ),
        E::DatabaseClosed { at } => {
            sql(at, &format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", identifier(&at.database)))
        }
        E::NoConnectPrivilege { at } => {
            let (database, user) = (identifier(&at.database), identifier(&at.user));
            sql(at, &format!("GRANT CONNECT ON DATABASE {database} TO {user}"))
        }
        E::TooManyConnections { .. } => {
            "lower max_pool_size in DATABASE_URL, raise max_connections in postgresql.conf, or put PgBouncer in \
             front"
                .to_owned()
        }
        E::RoleLimit { at, .. } => limit(at, &format!("ROLE {}", identifier(&at.user))),
        E::DatabaseLimit { at, .. } => limit(at, &format!("DATABASE {}", identifier(&at.database))),
        E::TlsUnsupported { .. } => "set ssl = on in postgresql.conf, or sslmode=prefer in DATABASE_URL".to_owned(),
        E::CertificateUntrusted { .. } => {
            "add sslrootcert=<file of the authority that signed the server's certificate> to DATABASE_URL".to_owned()
        }
        E::CertificateExpired { at } | E::CertificateWrongHost { at } | E::Tls { at, .. } => {
            show_certificate(&at.host)
        }
        E::CertificateOfAuthority { at } => server_certificate(&at.host),
        E::ClientCertificateUnusable { .. } => {
            "name the key of that certificate in sslkey: openssl x509 -in <sslcert> -noout -pubkey and openssl pkey \
             -in <sslkey> -pubout print the same"
                .to_owned()
        }
        E::TlsKeyEncrypted { path } => {
            let path = shell(&path.display().to_string());
            format!("umask 077; openssl pkey -in {path} -out <another file>, and name that in sslkey")
        }
        E::ClientCertificateRefused { .. } => {
            "give sslcert and sslkey in DATABASE_URL, signed by an authority that the server's ssl_ca_file holds"
                .to_owned()
        }
        E::TlsFileUnreadable { path, .. } => format!("ls -l {}", shell(&path.display().to_string())),
        E::TlsFileUseless { parameter, .. } => format!("correct {parameter} in DATABASE_URL"),
        E::SettingRefused { .. } => "correct options in DATABASE_URL, or PGOPTIONS".to_owned(),
        E::PoolerParameter { at, parameter, .. } => pooler_parameter(at, parameter),
        E::PoolerWithoutServer { .. } => "correct the host, port and auth of the database in pgbouncer.ini".to_owned(),
        E::PoolerWithoutStatements { .. } => {
            "set max_prepared_statements = 200 in pgbouncer.ini (PgBouncer 1.21 or later); in session mode, add \
             prepared_statements=true to DATABASE_URL"
                .to_owned()
        }
        E::WrongServer { .. } => {
            "name the right server in DATABASE_URL, or another target_session_attrs".to_owned()
        }
        E::NoHost { attempts } => attempts.first().map(fix).unwrap_or_default(),
        E::Other { at, .. } => psql(at),
    }
}

/// `-h … -p …`, as every program of PostgreSQL takes it.
fn reach(host: &Host) -> String {
    format!("-h {} -p {}", shell(&host.name()), host.port())
}

fn psql(at: &Target) -> String {
    format!("psql {} -U {} {}", reach(&at.host), shell(&at.user), shell(&at.database))
}

fn superuser(at: &Target) -> String {
    format!("psql {} -U postgres postgres", reach(&at.host))
}

fn sql(at: &Target, statement: &str) -> String {
    format!("{} -c {}", superuser(at), shell(&format!("{statement};")))
}

/// What lets a role in whose password was refused: the server does not tell whether it exists.
fn password(at: &Target) -> String {
    let password = shell(&format!("\\password {}", identifier(&at.user)));
    format!(
        "correct the password in DATABASE_URL, or set it with: {} -c {password} (a role that does not exist \
         has to be made first, and one that has expired needs ALTER ROLE {} VALID UNTIL 'infinity';)",
        superuser(at),
        identifier(&at.user)
    )
}

/// What raises a limit that somebody has set for a role or a database.
fn limit(at: &Target, object: &str) -> String {
    let command = sql(at, &format!("ALTER {object} CONNECTION LIMIT -1"));
    format!("lower max_pool_size in DATABASE_URL, or raise the limit, here to none: {command}")
}

/// A line of `pg_hba.conf` for this client (PostgreSQL manual, "The `pg_hba.conf` File").
fn hba_line(at: &Target, client: Option<&str>) -> String {
    let (database, user) = (identifier(&at.database), identifier(&at.user));
    match (&at.host, client) {
        (Host::Socket { .. }, _) => format!("local {database} {user} scram-sha-256"),
        (Host::Tcp { .. }, Some(address)) => {
            let bits = if address.contains(':') { 128 } else { 32 };
            format!("host {database} {user} {address}/{bits} scram-sha-256")
        }
        (Host::Tcp { .. }, None) => format!("host {database} {user} samenet scram-sha-256"),
    }
}

fn pooler_parameter(at: &Target, parameter: &str) -> String {
    let user = identifier(&at.user);
    let setting = parameter.rsplit(['.', ' ']).next().unwrap_or(parameter);
    match setting {
        "options" => {
            format!(
                "remove options and statement_timeout from DATABASE_URL and PGOPTIONS, and set them for the role: {}",
                sql(at, &format!("ALTER ROLE {user} SET statement_timeout = '30s'"))
            )
        }
        _ => format!("ignore_startup_parameters = {parameter} in pgbouncer.ini"),
    }
}

fn show_certificate(host: &Host) -> String {
    let place = host.to_string();
    format!(
        "openssl s_client -starttls postgres -connect {} </dev/null | openssl x509 -noout -subject -issuer -dates \
         -ext subjectAltName",
        shell(&place)
    )
}

/// The command that makes a certificate that signs itself, names its host, and is no authority's.
fn server_certificate(host: &Host) -> String {
    let name = host.name();
    let kind = if name.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!(
        "openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj {} -addext basicConstraints=critical,CA:FALSE \
         -addext {} -keyout server.key -out server.crt, on the server, and sslrootcert=<a copy of server.crt>",
        shell(&format!("/CN={name}")),
        shell(&format!("subjectAltName={kind}:{name}"))
    )
}

/// Quoted for SQL (and for `pg_hba.conf`) only where it must be.
fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Quoted for a shell only where it must be.
fn shell(text: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | '=')
    };
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
