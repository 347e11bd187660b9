//! Each reason why a server cannot be reached has its own name and its own fix.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::{fs, thread};

use authority_local_postgres::{APP_ROLE, OWNER_ROLE, SUPERUSER};

use super::own_server::OwnServer;
use super::{Examination, examine};
use crate::support::{Database, execute, server};

/// A password in these addresses; nobody may print it.
const MARKER: &str = "s3cret-marker";

#[tokio::test]
async fn nobody_listens() {
    let port = free_port();
    let examination =
        examine(&format!("postgres://authority@127.0.0.1:{port}/authority_db?retry_attempts=0"), &[]);
    let finding = examination.finds("connection-refused", "error", "");
    assert_eq!(finding.fix(), format!("pg_isready -h 127.0.0.1 -p {port}"));
    everything_else_is_skipped(&examination);
}

#[tokio::test]
async fn there_is_no_socket() {
    let url = "postgres://authority@%2Ftmp%2Fno-such-directory/authority_db";
    let finding = examine(url, &[]).finds("connection-refused", "error", "");
    assert!(finding.fix().starts_with("pg_isready -h /tmp/no-such-directory -p 5432"), "{finding:?}");
}

#[tokio::test]
async fn every_host_of_several_is_diagnosed() {
    let port = free_port();
    let url =
        format!("postgres://authority@127.0.0.1:{port},no-such-host.invalid/authority_db?retry_attempts=0");
    let examination = examine(&url, &[]);
    examination.finds("connection-refused", "error", "");
    examination.finds("host-name", "error", "");
}

#[tokio::test]
async fn the_host_name_does_not_resolve() {
    let finding = examine("postgres://authority@no-such-host.invalid/authority_db", &[]).finds(
        "host-name",
        "error",
        "",
    );
    assert_eq!(finding.fix(), "getent hosts no-such-host.invalid");
}

#[tokio::test]
async fn the_connection_is_closed_at_once() {
    let port = listening(|_| {});
    let url = format!("postgres://authority@127.0.0.1:{port}/authority_db?sslmode=disable");
    let finding = examine(&url, &[]).finds("network", "error", "");
    assert_eq!(finding.fix(), format!("pg_isready -h 127.0.0.1 -p {port}"));
}

#[tokio::test]
async fn something_else_answers() {
    let port = listening(|client| {
        let _ = client.read(&mut [0; 8]);
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let url = format!("postgres://authority@127.0.0.1:{port}/authority_db");
    examine(&url, &[]).finds("not-postgresql", "error", "");
}

/// Root may open every socket, so an unprivileged user has to try where the tests run as root.
#[tokio::test]
async fn the_socket_may_not_be_opened() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join(".s.PGSQL.5432");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o000)).expect("its mode can be set");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("its mode can be set");
    let path = directory.path().display().to_string().replace('/', "%2F");
    let examination =
        super::examination::examine_as_nobody(&format!("postgres://authority@{path}/authority_db"));
    let finding = examination.finds("socket-permission", "error", "");
    assert_eq!(finding.fix(), format!("ls -l {}", socket.display()));
}

/// A standby that lets nobody in until it is promoted answers like a server that is starting.
#[tokio::test]
async fn the_server_is_starting_up() {
    let own = OwnServer::with(&[]);
    let url = own.tcp_url("127.0.0.1");
    own.restart_as_standby("off");
    let examination = examine(&format!("{url}?retry_attempts=0"), &[]);
    let finding = examination.finds("starting-up", "error", "");
    assert_eq!(finding.fix(), format!("pg_isready -h 127.0.0.1 -p {}", own.port()));
    everything_else_is_skipped(&examination);
}

#[tokio::test]
async fn the_server_is_a_replica() {
    let own = OwnServer::with(&[]);
    own.migrate().await;
    own.restart_as_standby("on");
    let examination = examine(&own.url(), &[]);
    let finding = examination.of("read-only-replica").remove(0);
    assert_eq!(finding.severity(), "error");
    assert!(finding.fix().contains("target_session_attrs=read-write"), "{finding:?}");
    assert_eq!(examination.skips("read-only"), "needs read-only-replica");
    // Everything else can be seen from a replica as well.
    examination.is_well("schema-drift");
    examination.is_well("replication-slots");
    let wrong = examine(&format!("{}?target_session_attrs=primary", own.url()), &[]);
    let finding = wrong.finds("wrong-server", "error", "");
    assert!(finding.fix().contains("target_session_attrs"), "{finding:?}");
}

#[tokio::test]
async fn transactions_are_read_only() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("read-only");
    let alter = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.execute(&alter).await;
    let finding = examine(&database.url(), &[]).finds("read-only", "error", database.name());
    finding.mend(&database.pool_as(OWNER_ROLE).await).await;
    examine(&database.url(), &[]).is_well("read-only");
}

#[tokio::test]
async fn no_connection_is_left() {
    let database = Database::empty().await;
    execute(
        &database.pool_as(SUPERUSER).await,
        &format!("ALTER DATABASE {} CONNECTION LIMIT 0", database.name()),
    )
    .await;
    let examination = examine(&format!("{}?retry_attempts=0", database.url()), &[]);
    let finding = examination.finds("too-many-connections", "error", "");
    let raise = format!("ALTER DATABASE {} CONNECTION LIMIT", database.name());
    assert!(finding.fix().contains(&raise), "{finding:?}");
    assert!(finding.evidence().contains("53300"), "{finding:?}");
}

#[tokio::test]
async fn the_password_is_wrong() {
    let port = server().endpoint().port();
    let url = format!("postgres://authority:{MARKER}@127.0.0.1:{port}/authority_db");
    let examination = examine(&url, &[]);
    let finding = examination.finds("authentication", "error", "");
    assert!(finding.fix().contains("\\password authority"), "{finding:?}");
    assert!(!examination.json().to_string().contains(MARKER));
}

#[tokio::test]
async fn the_role_does_not_exist() {
    let database = Database::empty().await;
    let finding = examine(&database.url_as("no_such_role"), &[]).finds("authentication", "error", "");
    assert!(
        finding.fix().starts_with("createuser ") && finding.fix().ends_with("no_such_role"),
        "{finding:?}"
    );
}

#[tokio::test]
async fn no_line_of_pg_hba_conf_fits() {
    let own = OwnServer::with_files(&[], &[("pg_hba.conf", "local all all trust\n")]);
    let finding = examine(&own.tcp_url("127.0.0.1"), &[]).finds("pg-hba", "error", "");
    assert!(finding.fix().contains("host authority_db authority 127.0.0.1/32 scram-sha-256"), "{finding:?}");
}

#[tokio::test]
async fn the_database_does_not_exist() {
    let url = server().endpoint().url_for(OWNER_ROLE, "no_such_database");
    let finding = examine(&url, &[]).finds("database-missing", "error", "");
    assert!(
        finding.fix().starts_with("createdb ") && finding.fix().ends_with("no_such_database"),
        "{finding:?}"
    );
}

#[tokio::test]
async fn the_database_is_closed() {
    let database = Database::empty().await;
    let superuser = server().endpoint().url_for(SUPERUSER, "postgres");
    let pool = sqlx::PgPool::connect(&superuser).await.expect("a pool");
    execute(&pool, &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", database.name())).await;
    let finding = examine(&database.url(), &[]).finds("database-closed", "error", "");
    assert!(finding.fix().contains("ALLOW_CONNECTIONS true"), "{finding:?}");
}

#[tokio::test]
async fn the_role_may_not_connect() {
    let database = Database::empty().await;
    database.execute(&format!("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", database.name())).await;
    let finding = examine(&database.url_as(APP_ROLE), &[]).finds("connect-privilege", "error", "");
    let grant = format!("GRANT CONNECT ON DATABASE {} TO {APP_ROLE};", database.name());
    assert!(finding.fix().contains(&grant), "{finding:?}");
}

#[tokio::test]
async fn the_server_has_no_tls() {
    let database = Database::empty().await;
    let url = server().endpoint().tcp_url_for(database.name());
    let finding =
        examine(&format!("{}?sslmode=require", url.reveal()), &[]).finds("tls-refused", "error", "");
    assert!(finding.fix().contains("ssl = on"), "{finding:?}");
}

#[tokio::test]
async fn the_server_refuses_a_setting() {
    let database = Database::empty().await;
    let url = format!("{}?options=-c%20no_such_setting%3D1", database.url());
    examine(&url, &[]).finds("settings-refused", "error", "");
}

/// No class of its own fits what the server says here: its shared library for new sessions is missing.
#[tokio::test]
async fn any_other_reason_is_told_in_the_words_of_the_server() {
    let database = Database::empty().await;
    let superuser = database.pool_as(SUPERUSER).await;
    let alter =
        format!("ALTER DATABASE {} SET session_preload_libraries = 'no_such_library'", database.name());
    execute(&superuser, &alter).await;
    let finding = examine(&database.url(), &[]).finds("connection", "error", "");
    assert!(finding.evidence().contains("no_such_library"), "{finding:?}");
}

fn everything_else_is_skipped(examination: &Examination) {
    for check in ["server-version", "serving-role-exists", "schema-drift", "tls", "locked-users"] {
        assert_eq!(examination.skips(check), "needs connection");
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// Something that answers each client and hangs up; its port.
fn listening(answer: impl Fn(&mut std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || listener.incoming().flatten().for_each(|mut client| answer(&mut client)));
    port
}
