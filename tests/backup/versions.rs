//! Programs that do not fit the server.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::{Clients, NO_CLIENTS, directory, filled, names, text};
use crate::support::{Database, Outcome, authority_db, server, skipped};

#[tokio::test]
async fn a_pg_dump_that_is_older_than_the_server_is_explained() {
    let database = Database::migrated().await;
    let (programs, target) = (directory(), directory());
    pretend(programs.path(), "pg_dump", "12.22");
    let outcome = run(&database, programs.path(), &["backup", text(&target.path().join("b.sql"))]);
    let major = server().version().major();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for part in [
        format!("the server is PostgreSQL {major}"),
        "12.22".to_owned(),
        format!("postgresql-client-{major}"),
    ] {
        assert!(outcome.stderr.contains(&part), "{part}: {outcome:?}");
    }
    assert_eq!(names(target.path()), [""; 0]);
}

#[tokio::test]
async fn the_clients_of_this_machine_serve_or_are_explained() {
    let database = filled().await;
    let target = directory();
    let file = target.path().join("b.sql");
    let outcome: Outcome =
        authority_db(&database.url(), &["backup", text(&file)]).output().expect("authority-db runs").into();
    if Clients::of_the_server().is_none() {
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("pg_dump") && outcome.stderr.contains("fix:"), "{outcome:?}");
    }
}

#[tokio::test]
async fn missing_programs_are_named_with_the_folder_that_lacks_them() {
    let database = Database::migrated().await;
    let (nothing, target) = (directory(), directory());
    let outcome = run(&database, nothing.path(), &["backup", text(&target.path().join("b.sql"))]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    let sentence =
        format!("error: {}, which AUTHORITY_PG_BIN names, has no pg_dump\n", nothing.path().display());
    assert!(outcome.stderr.starts_with(&sentence), "{outcome:?}");
    assert!(outcome.stderr.contains("  fix: set AUTHORITY_PG_BIN to"), "{outcome:?}");
}

#[tokio::test]
async fn an_archive_that_is_newer_than_pg_restore_is_explained() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let (programs, target) = (directory(), directory());
    let file = target.path().join("b.dump");
    clients.back_up(&database, &file);
    symlink(clients.directory.join("psql"), programs.path().join("psql")).expect("a link");
    pretend(programs.path(), "pg_restore", "12.22");
    let outcome = run(&Database::empty().await, programs.path(), &["restore", text(&file)]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains("12.22") && outcome.stderr.contains("the archive was written by"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_pg_dump_that_fails_in_the_middle_leaves_no_backup() {
    let database = filled().await;
    let (programs, target) = (directory(), directory());
    let version = format!("{}.0", server().version().major());
    let half = "echo 'CREATE TABLE public.half (a integer);'; echo 'pg_dump: error: out of luck' >&2; exit 1";
    write_program(
        &programs.path().join("pg_dump"),
        &format!("[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {version}' && exit; {half}"),
    );
    for name in super::NAMES {
        let outcome = run(&database, programs.path(), &["backup", text(&target.path().join(name))]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("out of luck"), "{outcome:?}");
        assert_eq!(names(target.path()), [""; 0], "{name}");
    }
}

fn run(database: &Database, programs: &Path, arguments: &[&str]) -> Outcome {
    let mut command = authority_db(&database.url(), arguments);
    command.env("AUTHORITY_PG_BIN", programs).output().expect("authority-db runs").into()
}

/// A program that says it is of a version, and can do nothing else.
fn pretend(directory: &Path, name: &str, version: &str) {
    write_program(&directory.join(name), &format!("echo '{name} (PostgreSQL) {version}'"));
}

/// A child writes it: in this process, another thread's fork could hold it open for writing while it is run, which
/// the kernel refuses.
fn write_program(path: &Path, body: &str) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\"", "sh"]).arg(path).arg(body);
    assert!(shell.status().expect("sh runs").success());
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}
