//! What a running server says to a client that it does not let in.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use authority_local_postgres::Ephemeral;
use sqlx::Connection;

use super::{complaint, config, outcomes};
use crate::servers::{as_superuser, start};

const ACCESS: &str = "\
local  all  impostor  peer
local  all  all       trust
host   all  rejected  127.0.0.1/32  reject
host   all  trusted   127.0.0.1/32  trust
host   all  nologin   127.0.0.1/32  trust
host   all  limited   127.0.0.1/32  trust
host   all  missing   127.0.0.1/32  trust
host   all  known     127.0.0.1/32  scram-sha-256
host   all  unheard   127.0.0.1/32  scram-sha-256
host   all  expired   127.0.0.1/32  scram-sha-256
";

const OBJECTS: &str = "
CREATE ROLE impostor LOGIN;
CREATE ROLE rejected LOGIN;
CREATE ROLE trusted LOGIN;
CREATE ROLE nologin NOLOGIN;
CREATE ROLE limited LOGIN CONNECTION LIMIT 0;
CREATE ROLE known LOGIN PASSWORD 'right';
CREATE ROLE expired LOGIN PASSWORD 'right' VALID UNTIL '2020-01-01';
CREATE DATABASE private;
REVOKE CONNECT ON DATABASE private FROM PUBLIC;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
CREATE DATABASE crowded CONNECTION LIMIT 0;";

async fn server() -> Ephemeral {
    let server = start(&[], Some(ACCESS));
    for statement in OBJECTS.split(';').filter(|statement| !statement.trim().is_empty()) {
        as_superuser(&server, statement).await;
    }
    server
}

#[tokio::test]
async fn every_refusal_is_told_apart_and_answered_with_its_remedy() {
    let server = server().await;
    let port = server.endpoint().port();
    let tcp = |who: &str, rest: &str| format!("postgres://{who}@127.0.0.1:{port}/{rest}");
    let socket = |who: &str| server.endpoint().url_for(who, "postgres");
    let known = r"psql -h 127.0.0.1 -p PORT -U postgres postgres -c '\password known'";
    let cases = [
        (tcp("known:wrong", "postgres"), "PasswordRefused", known),
        (tcp("known", "postgres"), "PasswordMissing", "PGPASSWORD"),
        (tcp("expired:right", "postgres"), "PasswordRefused", "ALTER ROLE expired VALID UNTIL 'infinity';"),
        // Whether a role exists is nothing that a server tells to whoever has no password of it.
        (
            tcp("unheard:right", "postgres"),
            "PasswordRefused",
            "a role that does not exist has to be made first",
        ),
        (tcp("missing", "postgres"), "NoRole", "createuser -h 127.0.0.1 -p PORT --pwprompt missing"),
        (tcp("nologin", "postgres"), "RoleCannotLogIn", "ALTER ROLE nologin LOGIN"),
        (
            tcp("trusted", "nowhere"),
            "NoDatabase",
            "createdb -h 127.0.0.1 -p PORT -U postgres --owner trusted nowhere",
        ),
        (tcp("trusted", "private"), "NoConnectPrivilege", "GRANT CONNECT ON DATABASE private TO trusted;"),
        (tcp("trusted", "closed"), "DatabaseClosed", "ALTER DATABASE closed ALLOW_CONNECTIONS true;"),
        (tcp("trusted", "crowded"), "DatabaseLimit", "ALTER DATABASE crowded CONNECTION LIMIT"),
        (tcp("limited", "postgres"), "RoleLimit", "ALTER ROLE limited CONNECTION LIMIT"),
        (tcp("rejected", "postgres"), "NoHbaEntry", "host postgres rejected 127.0.0.1/32 scram-sha-256"),
        (tcp("unlisted", "postgres"), "NoHbaEntry", "host postgres unlisted 127.0.0.1/32 scram-sha-256"),
        (socket("impostor"), "AuthenticationFailed", "local postgres impostor scram-sha-256"),
        (tcp("trusted", "postgres?options=-c%20nonsense=1"), "SettingRefused", "correct options"),
        (tcp("trusted", "postgres?options=-c%20work_mem=many"), "SettingRefused", "correct options"),
    ];
    let mut complaints = Vec::new();
    for (url, variant, fix) in cases {
        let fix = fix.replace("PORT", &port.to_string());
        let config = config(&format!("{url}{}retry_attempts=0", separator(&url)), &[]);
        for outcome in outcomes(&config).await {
            let complaint = complaint(outcome, variant, &fix);
            complaints.extend(complaint.map(|complaint| format!("{config}: {complaint}")));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn a_full_server_is_told_from_one_that_refuses() {
    // Three are for superusers.
    let server = start(&[("max_connections", "5")], None);
    let config = config(&format!("{}?retry_attempts=0", server.url()), &[]);
    let mut taken = Vec::new();
    let error = loop {
        match config.connection().await {
            Ok(connection) => taken.push(connection),
            Err(error) => break error,
        }
    };
    assert_eq!(taken.len(), 2, "{error}");
    let complaint = complaint(Err(error), "TooManyConnections", "raise max_connections");
    assert_eq!(complaint, None);
    taken.pop().expect("a connection").close().await.expect("it can be closed");
    crate::support::eventually("a place is free again", async || config.connection().await.is_ok()).await;
}

#[tokio::test]
async fn a_password_comes_from_the_url_the_variable_or_the_file() {
    let server = server().await;
    let port = server.endpoint().port();
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("pgpass");
    fs::write(&file, "127.0.0.1:*:*:known:right\n").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
    let url = |who: &str| format!("postgres://{who}@127.0.0.1:{port}/postgres");
    let file = file.display().to_string();
    for (config, from) in [
        (config(&url("known:right"), &[]), "the URL"),
        (config(&url("known"), &[("PGPASSWORD", "right")]), "PGPASSWORD"),
        (config(&url("known:right"), &[("PGPASSWORD", "wrong")]), "the URL before PGPASSWORD"),
        (config(&url("known"), &[("PGPASSFILE", &file)]), "PGPASSFILE"),
        (config(&format!("{}?passfile={file}", url("known")), &[]), "passfile"),
    ] {
        for outcome in outcomes(&config).await {
            outcome.unwrap_or_else(|error| panic!("from {from}: {error}"));
        }
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("permissions");
    for outcome in outcomes(&config(&url("known"), &[("PGPASSFILE", &file)])).await {
        assert_eq!(complaint(outcome, "PasswordFileExposed", &format!("chmod 600 {file}")), None);
    }
}

fn separator(url: &str) -> char {
    if url.contains('?') { '&' } else { '?' }
}
