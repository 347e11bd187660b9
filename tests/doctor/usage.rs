//! The command as people and programs see it.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use super::examine;
use crate::support::{Database, Outcome, assert_snapshot, authority_db};

/// The names of all checks, as documented; a test beside them says that this is all of them.
pub(super) fn checks() -> Vec<String> {
    let page = include_str!("../../docs/doctor.md");
    let (_, table) = page.split_once("\n## Checks\n").expect("the page lists the checks");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let names: Vec<_> = rows.filter_map(|line| line.split('`').nth(1)).map(str::to_owned).collect();
    assert!(names.len() > 60, "{names:?}");
    names
}

/// Those that only have something to say when there is no connection.
pub(super) fn faults_of_connecting() -> BTreeSet<String> {
    let all = checks();
    let (first, last) = (position(&all, "connection-refused"), position(&all, "wrong-server"));
    all[first..=last].iter().cloned().collect()
}

fn position(all: &[String], name: &str) -> usize {
    all.iter().position(|check| check == name).expect("there is such a check")
}

fn run(url: &str, arguments: &[&str]) -> Outcome {
    authority_db(url, arguments).output().expect("authority-db runs").into()
}

#[test]
fn every_check_is_provoked_by_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("doctor");
    let mut source = String::new();
    for file in folder.read_dir().expect("the tests") {
        source.push_str(&fs::read_to_string(file.expect("a file").path()).expect("a test is text"));
    }
    source.retain(|c| !c.is_whitespace());
    // These two are asked for in another way, because what they say depends on the day or on the address.
    let elsewhere = ["server-end-of-life", "read-only-replica"];
    for check in checks() {
        let provoked = source.contains(&format!(".finds(\"{check}\"")) || elsewhere.contains(&check.as_str());
        assert!(provoked, "no test provokes {check}");
    }
}

#[tokio::test]
async fn help_lists_every_check() {
    let outcome = run("", &["doctor", "--help"]);
    assert_eq!(outcome.code, Some(0));
    for check in checks() {
        assert!(outcome.stdout.contains(&format!("    {check} ")), "{check} is not in {}", outcome.stdout);
    }
}

#[tokio::test]
async fn a_failed_connection_as_json() {
    let (url, port) = nobody_listens();
    let examination = examine(&url, &[]);
    let mut json = examination.json().clone();
    // Which checks there are is in the documentation.
    json["skipped"].as_array_mut().expect("a list").truncate(2);
    json["counts"]["skipped"] = "[number]".into();
    let text = serde_json::to_string_pretty(&json).expect("JSON").replace(&port, "[port]");
    assert_snapshot("doctor", "connection-refused-json", &text);
}

#[tokio::test]
async fn without_a_connection_people_see_what_matters() {
    let (url, _) = nobody_listens();
    let outcome = run(&url, &["doctor"]);
    let skipped = examine(&url, &[]).json()["skipped"].as_array().expect("a list").len();
    let said = format!("{skipped} checks were skipped: they need connection");
    assert!(outcome.stdout.lines().any(|line| line == said), "{outcome:?}");
    assert!(outcome.stdout.lines().count() < 12, "{outcome:?}");
}

#[tokio::test]
async fn a_sick_database_for_people() {
    let database = Database::migrated().await;
    let name = database.name();
    let private = format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO authority_app"
    );
    database.execute(&private).await;
    database
        .execute("DROP INDEX idx_refresh_tokens_user_id; GRANT UPDATE ON audit_logs TO authority_app")
        .await;
    let outcome = run(&database.url(), &["doctor"]);
    assert_eq!(outcome.code, Some(1));
    let groups = ["Privileges", "Schema", "Indexes"];
    let parts =
        outcome.stdout.split("\n\n").filter(|part| groups.iter().any(|group| part.starts_with(group)));
    let text = parts.collect::<Vec<_>>().join("\n\n");
    // Before PostgreSQL 15 the schema public is everybody's.
    let text: Vec<_> = text.lines().filter(|line| !line.contains("public")).collect();
    // Which of two relations that it may not read a role is told of differs between builds.
    let text = text.join("\n").replace("denied for table pg_authid", "denied for view pg_hba_file_rules");
    assert_snapshot("doctor", "sick", &text);
    let summary = outcome.stdout.lines().last().expect("a last line");
    assert!(outcome.stderr.contains(summary), "{outcome:?}");
}

#[tokio::test]
async fn colour_is_for_terminals() {
    let (url, _) = nobody_listens();
    let plain = run(&url, &["doctor"]);
    assert!(
        !plain.stdout.contains('\u{1b}') && plain.stdout.contains("error    connection-refused"),
        "{plain:?}"
    );
    let forced: Outcome = authority_db(&url, &["doctor"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .expect("authority-db runs")
        .into();
    assert!(forced.stdout.contains("\u{1b}[31merror"), "{forced:?}");
}

#[tokio::test]
async fn no_instances_are_wrong_usage() {
    let (url, _) = nobody_listens();
    assert_eq!(run(&url, &["doctor", "--instances", "0"]).code, Some(2));
}

#[tokio::test]
async fn an_examination_changes_nothing() {
    let database = Database::migrated().await;
    let before = crate::support::everything(database.pool()).await;
    examine(&database.url(), &[]);
    assert_eq!(crate::support::everything(database.pool()).await, before);
}

fn nobody_listens() -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    (format!("postgres://authority@127.0.0.1:{port}/authority_db?retry_attempts=0"), port.to_string())
}
