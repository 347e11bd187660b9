//! What is killed in the middle leaves everything as it was.

use std::fs;
use std::process::{Child, Command};

use super::{Clients, GATE, content, directory, filled, leftovers, names, text};
use crate::support::{Database, Outcome, Session, eventually, in_time};

#[tokio::test]
async fn a_restore_that_is_killed_leaves_what_was_there() {
    let Some(clients) = Clients::of_the_server() else { return };
    let database = filled().await;
    let directory = directory();
    let file = dump_with_gate(&clients, &database, &directory.path().join("h.sql"));
    database.execute("DELETE FROM access_tokens").await;
    let before = content(&database).await;
    let gate = Session::begin(&database, GATE).await;
    let mut restore =
        clients.command(&database, &["restore", &file, "--replace", "--yes"]).spawn().expect("it starts");
    waits_at_the_gate(&database).await;
    restore.kill().expect("it can be killed");
    restore.wait().expect("it ends");
    gate.end().await;
    nobody_is_connected(&database).await;
    assert_eq!(content(&database).await, before);
}

#[tokio::test]
async fn a_restore_that_is_interrupted_leaves_what_was_there_and_says_so() {
    let Some(clients) = Clients::of_the_server() else { return };
    let database = filled().await;
    let directory = directory();
    let file = dump_with_gate(&clients, &database, &directory.path().join("h.sql"));
    let before = content(&database).await;
    let gate = Session::begin(&database, GATE).await;
    let restore =
        clients.command(&database, &["restore", &file, "--replace", "--yes"]).spawn().expect("it starts");
    waits_at_the_gate(&database).await;
    signal(&restore, "TERM");
    let outcome = in_time("the restore", ended(restore)).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("interrupted"), "{outcome:?}");
    gate.end().await;
    nobody_is_connected(&database).await;
    assert_eq!(content(&database).await, before);
}

#[tokio::test]
async fn a_proof_that_is_interrupted_or_fails_drops_its_scratch_database() {
    let Some(clients) = Clients::of_the_server() else { return };
    let database = filled().await;
    let directory = directory();
    let file = dump_with_gate(&clients, &database, &directory.path().join("h.sql"));
    // Locks of this kind belong to a database: the gate of the scratch database is in that one.
    let restore = clients.command(&database, &["restore", &file, "--verify"]).spawn().expect("it starts");
    let scratch = format!("authority_verify_{}", restore.id());
    let exists = format!("SELECT count(*) FROM pg_database WHERE datname = '{scratch}'");
    eventually("there is a scratch database", async || database.column(&exists).await == ["1"]).await;
    signal(&restore, "INT");
    in_time("the proof", ended(restore)).await;
    assert_eq!(database.column(&exists).await, ["0"]);

    let script = fs::read_to_string(&file).expect("SQL").replace(GATE, "SELECT 1 / 0");
    fs::write(&file, script).expect("a file");
    let outcome = clients.run(&database, &["restore", &file, "--verify"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("division by zero"), "{outcome:?}");
    assert_eq!(leftovers(&database).await, [""; 0]);
}

#[tokio::test]
async fn a_backup_that_is_killed_never_looks_whole() {
    let Some(clients) = Clients::of_the_server() else { return };
    let database = filled().await;
    for name in super::NAMES {
        let directory = directory();
        let file = directory.path().join(name);
        let lock = Session::begin(&database, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await;
        let mut backup = clients.command(&database, &["backup", text(&file)]).spawn().expect("it starts");
        let waiting = "SELECT (count(*) > 0)::text FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name <> '' AND wait_event_type = 'Lock'";
        eventually("the backup waits", async || database.column(waiting).await == ["true"]).await;
        backup.kill().expect("it can be killed");
        backup.wait().expect("it ends");
        lock.end().await;
        let left = names(directory.path());
        assert!(left.iter().all(|name| name.starts_with('.') && name.contains(".partial")), "{left:?}");
    }
}

#[tokio::test]
async fn a_backup_that_is_interrupted_leaves_nothing() {
    let Some(clients) = Clients::of_the_server() else { return };
    let database = filled().await;
    for name in super::NAMES {
        let directory = directory();
        let file = directory.path().join(name);
        let lock = Session::begin(&database, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await;
        let backup = clients.command(&database, &["backup", text(&file)]).spawn().expect("it starts");
        let waiting = "SELECT (count(*) > 0)::text FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("the backup waits", async || database.column(waiting).await == ["true"]).await;
        signal(&backup, "INT");
        let outcome = in_time("the backup", ended(backup)).await;
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        lock.end().await;
        assert_eq!(names(directory.path()), [""; 0], "{name}");
    }
}

/// A dump that waits, when it is restored, after the tables were made and filled.
fn dump_with_gate(clients: &Clients, database: &Database, file: &std::path::Path) -> String {
    let dumped = clients.program("pg_dump", database).output().expect("pg_dump runs");
    let dump = String::from_utf8(dumped.stdout).expect("SQL");
    let end = dump.rfind("--\n-- PostgreSQL database dump complete").expect("an end");
    fs::write(file, format!("{}{GATE};\n{}", &dump[..end], &dump[end..])).expect("a file");
    text(file).to_owned()
}

async fn waits_at_the_gate(database: &Database) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    eventually("the restore waits at the gate", async || database.column(waiting).await == ["1"]).await;
}

async fn nobody_is_connected(database: &Database) {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('authority', 'psql', 'pg_dump')";
    eventually("its sessions end", async || database.column(others).await == ["0"]).await;
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill runs").success());
}

async fn ended(child: Child) -> Outcome {
    tokio::task::spawn_blocking(move || Outcome::of(child)).await.expect("it ends")
}
