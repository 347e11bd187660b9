//! What is killed in the middle leaves everything as it was.

use std::fs;
use std::process::{Child, Command, Stdio};

use tokio::signal::unix::{SignalKind, signal as tokio_signal};

use super::{Clients, GATE, NO_CLIENTS, content, directory, filled, names, nothing_is_left, text};
use crate::support::{Database, Outcome, Session, eventually, in_time, skipped};

/// What asks a program to end: Ctrl-C, a service manager, a terminal that is gone.
const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

#[tokio::test]
async fn a_restore_that_is_killed_leaves_what_was_there() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
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
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
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
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let_programs_be_hung_up();
    let database = filled().await;
    let directory = directory();
    let file = dump_with_gate(&clients, &database, &directory.path().join("h.sql"));
    let url = super::role(&database, "interrupted_proof", "CREATEDB").await;
    let exists = "SELECT count(*) FROM pg_database WHERE datdba = 'interrupted_proof'::regrole AND datname ~ '^authority_verify_'";
    for name in SIGNALS {
        // Locks of this kind belong to a database: the gate of the scratch database is in that one.
        let mut command = clients.command(&database, &["restore", &file, "--verify"]);
        let restore = command.env("DATABASE_URL", &url).spawn().expect("it starts");
        eventually("there is a scratch database", async || database.column(exists).await == ["1"]).await;
        signal(&restore, name);
        let outcome = in_time("the proof", ended(restore)).await;
        assert_eq!(outcome.code, Some(1), "{name}: {outcome:?}");
        assert!(outcome.stderr.contains("interrupted"), "{name}: {outcome:?}");
        assert_eq!(database.column(exists).await, ["0"], "{name}");
    }

    let script = fs::read_to_string(&file).expect("SQL").replace(GATE, "SELECT 1 / 0");
    fs::write(&file, script).expect("a file");
    let outcome = clients.run(&database, &["restore", &file, "--verify"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("division by zero"), "{outcome:?}");
    nothing_is_left(&database).await;
}

#[tokio::test]
async fn a_restore_by_several_jobs_that_is_interrupted_drops_its_new_database_and_ends_its_programs() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let_programs_be_hung_up();
    let database = filled().await;
    // Filling this view again, as a restore does, takes longer than the test.
    database
        .execute(
            "CREATE FUNCTION linger() RETURNS integer LANGUAGE sql VOLATILE AS
                 'SELECT CASE WHEN pg_catalog.current_database() ~ ''^authority_restore_'' THEN 1 + length(pg_catalog.pg_sleep(600)::text) END';
             CREATE MATERIALIZED VIEW slow AS SELECT public.linger() AS a",
        )
        .await;
    let directory = directory();
    let file = directory.path().join("b.dump");
    clients.back_up(&database, &file);
    let before = content(&database).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname ~ '^authority_restore_' AND wait_event = 'PgSleep'";
    let exists = "SELECT count(*) FROM pg_database WHERE datdba = 'authority'::regrole AND datname ~ '^authority_re(store|placed)_[0-9a-z]+$'";
    for name in SIGNALS {
        let arguments = ["restore", text(&file), "--replace", "--yes", "--jobs", "2"];
        let restore = clients.command(&database, &arguments).spawn().expect("it starts");
        eventually("the view is being filled", async || database.column(waiting).await == ["1"]).await;
        let children = members(restore.id());
        assert!(!children.is_empty());
        signal(&restore, name);
        let outcome = in_time("the restore", ended(restore)).await;
        assert_eq!(outcome.code, Some(1), "{name}: {outcome:?}");
        assert!(
            outcome.stderr.contains("nothing was changed") && outcome.stderr.contains("interrupted"),
            "{name}: {outcome:?}"
        );
        eventually("the new database is dropped", async || database.column(exists).await == ["0"]).await;
        eventually("its programs end", async || children.iter().all(|child| has_ended(child))).await;
        assert_eq!(content(&database).await, before, "{name}");
    }
}

#[tokio::test]
async fn a_backup_under_nohup_outlives_its_terminal() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.sql");
    let lock = Session::begin(&database, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await;
    let plain = clients.command(&database, &["backup", text(&file)]);
    let mut command = Command::new("nohup");
    command.arg(plain.get_program()).args(plain.get_args()).env_clear().current_dir("/");
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let backup = command.spawn().expect("nohup runs");
    let waiting = "SELECT (count(*) > 0)::text FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("the backup waits", async || database.column(waiting).await == ["true"]).await;
    signal(&backup, "HUP");
    lock.end().await;
    let outcome = in_time("the backup", ended(backup)).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(file.exists());
}

#[tokio::test]
async fn a_backup_that_is_killed_never_looks_whole() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
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
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let_programs_be_hung_up();
    let database = filled().await;
    for name in super::NAMES {
        let directory = directory();
        let file = directory.path().join(name);
        let lock = Session::begin(&database, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await;
        let backup = clients.command(&database, &["backup", text(&file)]).spawn().expect("it starts");
        let waiting = "SELECT (count(*) > 0)::text FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("the backup waits", async || database.column(waiting).await == ["true"]).await;
        signal(&backup, if name == "b.sql" { "HUP" } else { "INT" });
        let outcome = in_time("the backup", ended(backup)).await;
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        lock.end().await;
        assert_eq!(names(directory.path()), [""; 0], "{name}");
    }
}

/// Where `nohup` runs the tests, the programs that they start would ignore SIGHUP as well. What the tests listen to,
/// those meet as usual.
fn let_programs_be_hung_up() {
    drop(tokio_signal(SignalKind::hangup()).expect("a signal"));
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

/// The processes that a process started, and those that they started.
fn members(process: u32) -> Vec<String> {
    let found = Command::new("ps").args(["-A", "-o", "ppid=,pid="]).output().expect("ps runs").stdout;
    let text = String::from_utf8(found).expect("numbers");
    let pairs: Vec<_> = text.lines().filter_map(|line| line.trim().split_once(' ')).collect();
    let mut members = vec![process.to_string()];
    let mut at = 0;
    while at < members.len() {
        let children = pairs.iter().filter(|(parent, _)| **parent == *members[at]);
        let children: Vec<_> = children.map(|(_, child)| child.trim().to_owned()).collect();
        members.extend(children);
        at += 1;
    }
    members.split_off(1)
}

fn has_ended(process: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", process]).output().expect("ps runs").stdout;
    // A zombie has ended; nobody has asked yet how.
    state.is_empty() || state.starts_with(b"Z")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill runs").success());
}

async fn ended(child: Child) -> Outcome {
    tokio::task::spawn_blocking(move || Outcome::of(child)).await.expect("it ends")
}
