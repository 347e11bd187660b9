//! `setup` on servers of its own: from nothing, from somebody's beginnings, as who may and as who may not.

mod beginnings;
mod grants;
mod passwords;
mod powers;
mod refused;
mod rights;
mod state;

use std::process::Command;

use authority_local_postgres::{Ephemeral, EphemeralOptions, SUPERUSER};

use crate::servers::{as_superuser, as_superuser_in, start_with};
use crate::support::{Outcome, authority_db};
pub(crate) use state::state;

/// Everybody but the superuser needs a password, through the socket too.
const ACCESS: &str = "local all postgres trust\nlocal all all scram-sha-256\n";
const OWNER_PASSWORD: &str = "0wner/p@ss word";
/// As it stands in a URL.
const OWNER_PASSWORD_ENCODED: &str = "0wner%2Fp%40ss%20word";
const APP_PASSWORD: &str = "app-p\u{e4}ssword's";

/// A server on which nobody has made anything yet, which logs every statement.
async fn empty_server() -> Ephemeral {
    let server = server_with_roles(ACCESS).await;
    for statement in ["DROP DATABASE authority_db", "DROP ROLE authority", "DROP ROLE authority_app"] {
        as_superuser(&server, statement).await;
    }
    server
}

/// A server with the database and both roles, none of which has been set up.
async fn server_with_roles(access: &str) -> Ephemeral {
    let settings = [("log_statement", "all"), ("log_min_error_statement", "debug5")];
    start_with(&EphemeralOptions {
        settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        files: vec![authority_local_postgres::DataFile {
            name: "pg_hba.conf".into(),
            contents: access.into(),
        }],
        ..Default::default()
    })
}

/// `setup` for the database `authority_db` of the role `authority`, neither of which has to exist.
fn setup(server: &Ephemeral, arguments: &[&str]) -> Command {
    setup_of(&server.endpoint().url(), arguments)
}

fn setup_of(database_url: &str, arguments: &[&str]) -> Command {
    let arguments: Vec<_> = ["setup"].iter().chain(arguments).copied().collect();
    authority_db(database_url, &arguments)
}

/// The superuser's address, for `MAINTENANCE_DATABASE_URL`.
fn superuser(server: &Ephemeral) -> String {
    server.endpoint().url_for(SUPERUSER, "postgres")
}

/// The address of a role with its password.
fn url_with(server: &Ephemeral, role: &str, password: &str, database: &str) -> String {
    server.endpoint().url_for(role, database).replacen('@', &format!(":{password}@"), 1)
}

/// Runs a command to its end; panics unless it ended with this exit code.
fn run(command: &mut Command, code: i32) -> Outcome {
    let outcome: Outcome = command.output().expect("authority-db runs").into();
    assert_eq!(outcome.code, Some(code), "{}\n{}", outcome.stdout, outcome.stderr);
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(
            !text.contains(OWNER_PASSWORD) && !text.contains(APP_PASSWORD),
            "a password is shown: {text}"
        );
    }
    outcome
}

/// The addresses of the owner and of the serving role that a run ends with.
fn addresses(outcome: &Outcome) -> [String; 2] {
    let addresses: Vec<_> =
        outcome.stdout.lines().filter_map(|line| line.trim().strip_prefix("DATABASE_URL=")).collect();
    let [owner, serving] = addresses[..] else { panic!("{}", outcome.stdout) };
    [owner, serving].map(str::to_owned)
}

/// Runs a script as psql would, as the superuser.
async fn run_script(server: &Ephemeral, script: &str) {
    let mut database = "postgres".to_owned();
    for line in script.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("--")) {
        match line.strip_prefix("\\connect ") {
            Some(rest) => database = rest.split('\'').nth(1).expect("a name").to_owned(),
            None => as_superuser_in(server, &database, line).await,
        }
    }
}

/// What the server has logged.
fn log(server: &Ephemeral) -> String {
    std::fs::read_to_string(server.log_path()).expect("a log")
}
