//! Who can reach a server, and what it refuses to use.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

use authority_local_postgres::{Config, LocalPostgresError, Server};
use nix::unistd::geteuid;

use crate::support::{Place, knock, process_list, query, socket, tcp};

#[test]
fn tcp_asks_for_a_password_and_the_socket_does_not() {
    let place = Place::new();
    let server = place.start();
    for role in ["authority", "authority_app", "postgres"] {
        let asked = knock(&mut tcp(server.endpoint()), role, "authority_db").unwrap_err();
        assert!(asked.contains("SCRAM-SHA-256"), "{role}: {asked}");
        knock(&mut socket(server.endpoint()), role, "authority_db").unwrap();
    }
    let refused = knock(&mut tcp(server.endpoint()), "authority", "replication").unwrap_err();
    assert!(!refused.is_empty());
}

#[test]
fn the_server_listens_on_the_loopback_address_alone() {
    let place = Place::new();
    let server = place.start();
    let rows = query(server.endpoint(), "postgres", "postgres", "SHOW listen_addresses").unwrap();
    assert_eq!(rows, ["127.0.0.1"]);
    assert!(std::net::TcpStream::connect(("127.0.0.2", server.endpoint().port())).is_err());
}

#[test]
fn the_password_is_stored_as_a_scram_verifier_and_in_a_file_for_its_owner_alone() {
    let place = Place::new();
    let server = place.start();
    let sql = "SELECT coalesce(left(rolpassword, 13), 'none') FROM pg_authid \
               WHERE rolname LIKE 'authority%' OR rolname = 'postgres' ORDER BY rolname";
    let rows = query(server.endpoint(), "postgres", "postgres", sql).unwrap();
    assert_eq!(rows, ["SCRAM-SHA-256", "none", "none"]);

    let file = server.state_dir().join("cluster/password");
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.mode() & 0o777, metadata.uid()), (0o600, geteuid().as_raw()));
    let password = fs::read_to_string(file).unwrap();
    assert!(server.endpoint().tcp_url().reveal().contains(&password));
    for shown in [format!("{server:?}"), process_list(), fs::read_to_string(server.log_path()).unwrap()] {
        assert!(!shown.contains(&password));
    }
}

#[test]
fn nobody_else_can_enter_the_directories_of_the_server() {
    let place = Place::new();
    let server = place.start();
    for dir in ["run", "log", "cluster/data"] {
        let mode = server.state_dir().join(dir).metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o700, "{dir}");
    }
    assert_eq!(server.state_dir().metadata().unwrap().mode() & 0o066, 0);
}

#[test]
fn a_state_directory_that_others_can_write_to_is_refused() {
    let place = Place::new();
    fs::create_dir(&place.base).unwrap();
    fs::set_permissions(&place.base, Permissions::from_mode(0o777)).unwrap();
    let error = Server::ensure_started(&place.config, |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::OpenDirectory { .. }), "{error}");
    assert!(error.fix().unwrap().contains("chmod go-w"));
}

#[test]
fn a_state_directory_in_a_place_where_others_can_rename_it_is_refused() {
    let place = Place::new();
    fs::set_permissions(place.base.parent().unwrap(), Permissions::from_mode(0o777)).unwrap();
    let error = Server::ensure_started(&place.config, |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::OpenDirectory { .. }), "{error}");
}

#[test]
fn a_link_in_the_place_of_the_state_directory_is_refused() {
    let place = Place::new();
    symlink("/tmp", &place.base).unwrap();
    let error = Server::ensure_started(&place.config, |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::NotADirectory { .. }), "{error}");
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let place = Place::new();
    let foreign = if geteuid().is_root() {
        fs::create_dir(&place.base).unwrap();
        lchown(&place.base, Some(65534), None).unwrap();
        place.base.clone()
    } else {
        // Only root can give a directory away; everybody has one that is root's.
        "/usr/lib".into()
    };
    let config = Config::in_base(place.config.programs().clone(), Path::new("/"), &foreign).unwrap();
    let error = Server::ensure_started(&config, |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::ForeignDirectory { .. }), "{error}");
}

#[test]
fn a_state_directory_that_is_too_long_for_a_socket_gets_a_short_private_one() {
    let place = Place::below(&"long/".repeat(20));
    let server = place.start();
    let socket_dir = server.endpoint().socket_dir().to_owned();
    assert!(!socket_dir.starts_with(server.state_dir()), "{}", socket_dir.display());
    assert_eq!(socket_dir.metadata().unwrap().mode() & 0o777, 0o700);
    query(server.endpoint(), "authority", "authority_db", "SELECT 1").unwrap();

    Server::stop(&place.config, |_| {}).unwrap();
    assert!(!socket_dir.exists());
    assert_eq!(place.start().url(), server.url());

    Server::stop(&place.config, |_| {}).unwrap();
    fs::create_dir(&socket_dir).unwrap();
    fs::set_permissions(&socket_dir, Permissions::from_mode(0o777)).unwrap();
    let other = place.start();
    assert_ne!(other.endpoint().socket_dir(), socket_dir, "somebody has taken the name");
    fs::remove_dir(&socket_dir).unwrap();
}

#[test]
fn a_server_that_lost_its_socket_is_started_again() {
    let place = Place::new();
    let server = place.start();
    fs::remove_file(server.endpoint().socket_dir().join(format!(".s.PGSQL.{}", server.endpoint().port())))
        .unwrap();
    query(place.start().endpoint(), "authority", "authority_db", "SELECT 1").unwrap();
}
