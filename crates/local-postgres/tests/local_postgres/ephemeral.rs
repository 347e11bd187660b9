//! The throw-away server.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authority_local_postgres::{DataFile, Ephemeral, EphemeralOptions};

use crate::support::{eventually, knock, owner_process, process_list, programs, query, tcp};

fn start(options: &EphemeralOptions) -> Ephemeral {
    Ephemeral::start(&programs(), options).unwrap_or_else(|error| panic!("{error} ({error:?})"))
}

fn directory(server: &Ephemeral) -> PathBuf {
    server.data_dir().parent().expect("a directory around it").to_owned()
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let server = start(&EphemeralOptions::default());
    query(server.endpoint(), "authority", "authority_db", "CREATE TABLE t (id int)").unwrap();
    let asked = knock(&mut tcp(server.endpoint()), "authority", "authority_db").unwrap_err();
    assert!(asked.contains("SCRAM-SHA-256"), "{asked}");
    let directory = directory(&server);
    drop(server);
    assert!(!directory.exists());
    assert!(!process_list().contains(directory.to_str().unwrap()));
}

#[test]
fn settings_and_files_of_the_test_reach_the_server() {
    let options = EphemeralOptions {
        settings: vec![
            ("log_statement".into(), "all".into()),
            ("hba_file".into(), "mine.conf".into()),
            ("max_connections".into(), "20".into()),
        ],
        files: vec![DataFile { name: "mine.conf".into(), contents: b"local all authority trust\n".to_vec() }],
        ..EphemeralOptions::default()
    };
    let server = start(&options);
    let rows = query(server.endpoint(), "authority", "authority_db", "SHOW max_connections").unwrap();
    assert_eq!(rows, ["20"]);
    assert!(query(server.endpoint(), "postgres", "postgres", "SELECT 1").is_err());
    assert!(fs::read_to_string(server.log_path()).unwrap().contains("SHOW max_connections"));
}

#[test]
fn a_setting_that_the_server_refuses_is_reported_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let options = EphemeralOptions {
        temp_dir: dir.path().to_owned(),
        settings: vec![("no_such_setting".into(), "1".into())],
        ..EphemeralOptions::default()
    };
    let error = Ephemeral::start(&programs(), &options).unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_is_stopped_or_killed_starts_again_where_it_was() {
    let server = start(&EphemeralOptions::default());
    let alive = || query(server.endpoint(), "authority", "authority_db", "SELECT 1");
    query(server.endpoint(), "authority", "authority_db", "CREATE TABLE t (id int)").unwrap();
    server.stop_immediate().unwrap();
    server.start_again().unwrap();
    alive().unwrap();
    server.kill().unwrap();
    server.start_again().unwrap();
    alive().unwrap();
    server.restart().unwrap();
    alive().unwrap();
    query(server.endpoint(), "authority", "authority_db", "SELECT * FROM t").unwrap();
    server.kill().unwrap();
    let directory = directory(&server);
    drop(server);
    assert!(!directory.exists(), "a killed server is removed, too");
}

#[test]
fn the_server_disappears_when_its_owner_is_killed_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let entries = || fs::read_dir(dir.path()).unwrap().count();
    // Too early for initdb, in the middle of it, and at any step up to the running server.
    for milliseconds in [0, 100, 300, 600, 1000, 1500, 2200, 3000] {
        let mut owner =
            owner_process("ephemeral::an_owner_that_will_be_killed", ("EPHEMERAL_DIR", dir.path()))
                .spawn()
                .unwrap();
        eventually("the server is being made", || entries() > 0);
        std::thread::sleep(Duration::from_millis(milliseconds));
        owner.kill().unwrap();
        owner.wait().unwrap();
        eventually("the directory is gone", || entries() == 0);
        eventually("the processes are gone", || !process_list().contains(dir.path().to_str().unwrap()));
    }
}

#[test]
#[ignore = "runs in the processes of the test above"]
fn an_owner_that_will_be_killed() {
    let temp_dir = PathBuf::from(std::env::var_os("EPHEMERAL_DIR").unwrap());
    let server = start(&EphemeralOptions { temp_dir, ..EphemeralOptions::default() });
    // A child that outlives the owner, up to the end of the test, and must not hold the lifeline.
    let mut child = std::process::Command::new("/bin/sh")
        .args(["-c", r#"while [ -d "$EPHEMERAL_DIR" ]; do sleep 0.1; done"#])
        .spawn()
        .unwrap();
    query(server.endpoint(), "authority", "authority_db", "SELECT 1").unwrap();
    assert!(Path::new(server.data_dir()).exists());
    child.wait().unwrap();
}
