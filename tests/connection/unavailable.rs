//! A server that is stopping, stopped, starting, and back.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use super::{complaint, config, outcomes};
use crate::servers::start;
use crate::support::{eventually, in_time};

#[tokio::test]
async fn a_server_that_stops_and_starts_is_not_ready_and_then_ready() {
    let server = Arc::new(start(&[], None));
    let url = server.url();
    let once = config(&format!("{url}?retry_attempts=0"), &[]);
    let fix =
        format!("pg_isready -h {} -p {}", server.endpoint().socket_dir().display(), server.endpoint().port());

    // Told to stop, a server waits for its sessions and takes no new ones.
    let session = once.connection().await.expect("a session");
    let pid_file = server.data_dir().join("postmaster.pid");
    let pid = fs::read_to_string(&pid_file).expect("the server's process");
    let told = Command::new("kill").args(["-TERM", pid.lines().next().expect("a number")]).status();
    assert!(told.expect("kill runs").success());
    eventually("new sessions are refused", async || once.connection().await.is_err()).await;
    for outcome in outcomes(&once).await {
        assert_eq!(complaint(outcome, "NotReady", &fix), None);
    }
    drop(session);
    eventually("the server has stopped", async || !pid_file.exists()).await;
    for outcome in outcomes(&once).await {
        assert_eq!(complaint(outcome, "NoSocket", "unix_socket_directories"), None);
    }

    // As a standby whose sessions have to wait for its end, it stays in the state in which others start up.
    let signal = server.data_dir().join("standby.signal");
    fs::write(&signal, "").expect("a file");
    own_like(&signal, &server.data_dir().join("postgresql.conf"));
    append(&server.data_dir().join("postgresql.conf"), "hot_standby = off\n");
    server.start_again().expect("it starts");
    for outcome in outcomes(&once).await {
        let error = outcome.expect_err("it is not ready");
        assert!(error.is_transient(), "{error}");
        assert_eq!(complaint(Err(error), "NotReady", &fix), None);
    }
    server.stop_fast().expect("it stops");
    fs::remove_file(&signal).expect("it is there");

    // Over TCP, where a server that is stopped refuses, it is worth waiting for.
    let port = server.endpoint().port();
    let patient =
        format!("postgres://authority:x@127.0.0.1:{port}/authority_db?retry_attempts=100&retry_delay=0.1");
    let starting = Arc::clone(&server);
    let started = std::thread::spawn(move || starting.start_again());
    let error =
        in_time("connecting", config(&patient, &[]).connection()).await.expect_err("the wrong password");
    assert_eq!(complaint(Err(error), "PasswordRefused", ""), None);
    started.join().expect("no panic").expect("it starts");
}

fn append(path: &std::path::Path, text: &str) {
    let before = fs::read_to_string(path).expect("a file");
    fs::write(path, before + text).expect("it can be written");
}

/// Gives a file to the owner of another one: the server's user, where the tests run as root.
fn own_like(path: &std::path::Path, model: &std::path::Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let model = fs::metadata(model).expect("a file");
    chown(path, Some(model.uid()), Some(model.gid())).expect("its owner can be changed");
}
