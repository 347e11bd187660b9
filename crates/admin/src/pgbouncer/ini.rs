//! `pgbouncer.ini` (PgBouncer manual, pgbouncer.ini(5)).

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use authority_connection::{Config, Host, SslMode};

use super::Version;
use crate::{Failure, Outcome};

/// What a `pgbouncer.ini` says beside where the database is.
#[derive(Clone, Debug)]
pub(super) struct Pooler {
    pub(super) listen_addr: IpAddr,
    pub(super) listen_port: u16,
    pub(super) max_clients: u32,
    pub(super) pool_size: u32,
    pub(super) auth_file: PathBuf,
    /// Unknown where PgBouncer is not installed and nobody told.
    pub(super) version: Option<Version>,
}

impl Pooler {
    /// The file for a database. It holds no password: `auth_file` does.
    ///
    /// Fails when the URL is that of the pooler itself, and when a name cannot stand in such a file.
    pub(super) fn ini(&self, config: &Config) -> Outcome<String> {
        let host = config.host();
        if host.socket_file().is_none() && host.is_local() && host.port() == self.listen_port {
            return Err(Failure::wrong_usage(format!(
                "{host} is where the pooler is to listen, so it cannot be the server behind it"
            ))
            .with_fix("give the server's own address, or another --listen-port".to_owned()));
        }
        if config.database() == "pgbouncer" {
            return Err(Failure::saying("PgBouncer keeps the name \"pgbouncer\" for its own console")
                .with_fix(
                    "rename the database: ALTER DATABASE pgbouncer RENAME TO authority_db;".to_owned(),
                ));
        }
        let mut text = String::new();
        self.write(&mut text, config)?;
        Ok(text)
    }

    fn write(&self, text: &mut String, config: &Config) -> Outcome {
        let Self { listen_addr, listen_port, max_clients, pool_size, auth_file, version } = self;
        let database = config.database();
        let (key, name) = (key(database)?, value(database)?);
        let (host, port) = (value(&config.host().name())?, config.port());
        let auth_file = line(auth_file)?;
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\
[databases]
{key} = host={host} port={port} dbname={name}

[pgbouncer]
listen_addr = {listen_addr}
listen_port = {listen_port}

; A server connection belongs to a client for one transaction.
pool_mode = transaction
max_client_conn = {max_clients}

; For each pair of a database and a role. All pools together have to fit into the server's max_connections, and
; a migration takes three at a time.
default_pool_size = {pool_size}

; Each role has a line there, its name and its verifier in double quotes, as a superuser reads them from pg_authid:
;   SELECT format('\"%s\" \"%s\"', rolname, rolpassword) FROM pg_authid WHERE rolname IN ('authority', 'authority_app');
; A verifier is neither the password nor can a client log in with it, but keep the file for PgBouncer's user alone.
; With many roles, an auth_query that calls a SECURITY DEFINER function replaces the lines of all but auth_user.
auth_type = scram-sha-256
auth_file = {auth_file}

; Drivers send this one although nobody needs it. Never add \"options\" here: time limits would be lost in silence.
ignore_startup_parameters = extra_float_digits
"
        );
        let carries = "Carries the prepared statements of up to so many texts for each server connection.";
        match version {
            Some(version) if *version >= Version::CARRIES_STATEMENTS => {
                let _ = write!(text, "\n; {carries}\nmax_prepared_statements = 200\n");
            }
            Some(version) => {
                let _ = write!(
                    text,
                    "\n; PgBouncer {version} does not carry prepared statements; 1.21 does, with max_prepared_statements.\n; \
                     Until then Authority's own DATABASE_URL ends with prepared_statements=false.\n"
                );
            }
            None => {
                let _ =
                    write!(text, "\n; {carries} PgBouncer 1.21 or later:\n;max_prepared_statements = 200\n");
            }
        }
        tls(text, config)
    }
}

/// How the pooler speaks to the server: as `DATABASE_URL` says.
fn tls(text: &mut String, config: &Config) -> Outcome {
    let tls = config.tls();
    if matches!(config.host(), Host::Socket { .. }) || tls.mode == SslMode::default() {
        return Ok(());
    }
    // As in libpq, `require` with a root certificate verifies it.
    let mode = match tls.mode {
        SslMode::Require if tls.root_certificate.is_some() => SslMode::VerifyCa,
        mode => mode,
    };
    let _ = write!(text, "\nserver_tls_sslmode = {mode}\n");
    let files = [
        ("server_tls_ca_file", &tls.root_certificate),
        ("server_tls_cert_file", &tls.certificate),
        ("server_tls_key_file", &tls.key),
    ];
    for (name, file) in files {
        if let Some(file) = file {
            let _ = writeln!(text, "{name} = {}", line(file)?);
        }
    }
    if mode == SslMode::VerifyFull && tls.root_certificate.is_none() {
        text.push_str("; PgBouncer needs the authority's certificate in a file:\n;server_tls_ca_file = /etc/ssl/certs/ca-certificates.crt\n");
    }
    Ok(())
}

/// The name of a database on the left side: quoted as an identifier where it must be.
fn key(name: &str) -> Outcome<String> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    Ok(if plain {
        printable(name)?.to_owned()
    } else {
        format!("\"{}\"", printable(name)?.replace('"', "\"\""))
    })
}

/// A value of a connection string: quoted as a literal where it must be.
fn value(text: &str) -> Outcome<String> {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-:/".contains(c));
    Ok(if plain {
        printable(text)?.to_owned()
    } else {
        format!("'{}'", printable(text)?.replace('\'', "''"))
    })
}

fn line(path: &Path) -> Outcome<String> {
    let text = path.to_str().ok_or_else(|| {
        Failure::wrong_usage(format!("{} is not Unicode", path.display()))
            .with_fix("--auth-file /etc/pgbouncer/userlist.txt".to_owned())
    })?;
    printable(text).map(str::to_owned)
}

fn printable(text: &str) -> Outcome<&str> {
    if text.chars().any(char::is_control) {
        return Err(Failure::wrong_usage(format!("{text:?} cannot stand in pgbouncer.ini"))
            .with_fix("use a name without control characters".to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use authority_connection::Environment;

    use super::*;

    fn ini(url: &str, version: Option<&str>) -> Outcome<String> {
        let config = Config::parse(url, &Environment::from_pairs([("HOME", "/nonexistent")])).unwrap();
        let version = version.map(|version| version.parse().unwrap());
        let pooler = Pooler {
            listen_addr: Ipv4Addr::LOCALHOST.into(),
            listen_port: 6432,
            max_clients: 200,
            pool_size: 20,
            auth_file: "/etc/pgbouncer/userlist.txt".into(),
            version,
        };
        pooler.ini(&config)
    }

    #[test]
    fn the_file_of_the_page_comes_out() {
        let text = ini("postgres://user:password@localhost:5432/authority_db", None).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with(';')).collect();
        let page = "[databases]\nauthority_db = host=localhost port=5432 dbname=authority_db\n[pgbouncer]\n\
                    listen_addr = 127.0.0.1\nlisten_port = 6432\npool_mode = transaction\nmax_client_conn = 200\n\
                    default_pool_size = 20";
        assert_eq!(lines[..8].join("\n"), page);
        assert!(!text.contains("password@") && !text.contains(":password"));
    }

    #[test]
    fn prepared_statements_are_switched_on_where_they_can_be_carried() {
        let url = "postgres://user@localhost/authority_db";
        let on = "\nmax_prepared_statements = 200\n";
        assert!(ini(url, Some("1.21.0")).unwrap().contains(on));
        assert!(!ini(url, Some("1.18.0")).unwrap().contains(on));
        assert!(ini(url, None).unwrap().contains("\n;max_prepared_statements = 200\n"));
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let text = ini("postgres://u@%2Frun%2Fmy%20sockets/it's%20%22mine%22", None).unwrap();
        let line = r#""it's ""mine""" = host='/run/my sockets' port=5432 dbname='it''s "mine"'"#;
        assert!(text.contains(line), "{text}");
        assert!(ini("postgres://u@localhost/two%0Alines", None).is_err());
    }

    #[test]
    fn the_pooler_is_not_put_in_front_of_itself() {
        assert!(ini("postgres://u@localhost:6432/authority_db", None).is_err());
        assert!(ini("postgres://u@localhost:5432/pgbouncer", None).is_err());
        assert!(ini("postgres://u@db.example:6432/authority_db", None).is_ok());
    }

    #[test]
    fn tls_to_the_server_is_as_the_url_says() {
        let text =
            ini("postgres://u@db.example/d?sslmode=verify-full&sslrootcert=/etc/ca.pem", None).unwrap();
        assert!(
            text.ends_with("\nserver_tls_sslmode = verify-full\nserver_tls_ca_file = /etc/ca.pem\n"),
            "{text}"
        );
        let text = ini("postgres://u@db.example/d?sslmode=require&sslrootcert=/etc/ca.pem", None).unwrap();
        assert!(text.contains("\nserver_tls_sslmode = verify-ca\n"), "{text}");
        assert!(!ini("postgres://u@db.example/d", None).unwrap().contains("tls"));
    }
}
