//! What `pgbouncer` prints.

use super::run;

const URL: &str = "postgres://authority:s3cret-marker@db.example:5432/authority_db";

#[test]
fn the_configuration_holds_no_password() {
    let outcome = run(URL, &["pgbouncer"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("\nauthority_db = host=db.example port=5432 dbname=authority_db\n"));
    assert!(!format!("{outcome:?}").contains("s3cret-marker"), "{outcome:?}");
}

#[test]
fn the_options_stand_in_the_configuration() {
    let arguments = [
        "pgbouncer",
        "--pool-size",
        "7",
        "--max-clients",
        "77",
        "--listen-addr",
        "::1",
        "--listen-port",
        "7777",
        "--auth-file",
        "/etc/users",
        "--pgbouncer-version",
        "1.24",
    ];
    let outcome = run(URL, &arguments);
    for line in [
        "default_pool_size = 7",
        "max_client_conn = 77",
        "listen_addr = ::1",
        "listen_port = 7777",
        "auth_file = /etc/users",
        "max_prepared_statements = 200",
    ] {
        assert!(outcome.stdout.lines().any(|printed| printed == line), "{line}: {outcome:?}");
    }
}

#[test]
fn what_cannot_work_is_wrong_usage() {
    for arguments in [
        &["pgbouncer", "--pool-size", "2"][..],
        &["pgbouncer", "--json"],
        &["pgbouncer", "--check", "--pool-size", "5"],
        &["pgbouncer", "--listen-addr", "everywhere"],
        &["pgbouncer", "--pgbouncer-version", "new"],
    ] {
        let outcome = run(URL, arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
    }
    let itself = run("postgres://authority@localhost:6432/authority_db", &["pgbouncer"]);
    assert_eq!(itself.code, Some(2), "{itself:?}");
}
