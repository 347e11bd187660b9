//! What the commands do not do, and how they say so.

use super::{Clients, NO_CLIENTS, content, directory, filled, text};
use crate::support::{Database, authority_db, execute, in_time, server, skipped};

const MARKER: &str = "s3cret-marker";

#[tokio::test]
async fn a_database_that_is_not_empty_is_left_alone() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, migrated) = (filled().await, Database::migrated().await);
    let function = Database::empty().await;
    function.execute("CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'").await;
    let directory = directory();
    let file = directory.path().join("b.sql");
    clients.back_up(&database, &file);
    for target in [&database, &migrated, &function] {
        let before = content(target).await;
        let outcome = clients.run(target, &["restore", text(&file)]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(
            outcome.stderr.contains("is not empty") && outcome.stderr.contains("--replace"),
            "{outcome:?}"
        );
        let outcome = clients.run(target, &["restore", text(&file), "--replace"]);
        assert_eq!(outcome.code, Some(2), "without --yes and without a terminal: {outcome:?}");
        let outcome =
            clients.run(target, &["restore", text(&file), "--replace", "--yes", "--database", "another"]);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert_eq!(content(target).await, before);
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_2_before_anything_is_done() {
    let database = Database::empty().await;
    let directory = directory();
    let path = |name: &str| directory.path().join(name).display().to_string();
    for arguments in [
        vec!["backup"],
        vec!["restore"],
        vec!["backup", &path("b")],
        vec!["backup", &path("b.tar")],
        vec!["restore", &path("b.zip")],
        vec!["backup", &path("b.sql"), "--jobs", "2"],
        vec!["backup", &path("b.dump"), "--jobs", "2"],
        vec!["backup", &path("b.dir"), "--jobs", "0"],
        vec!["restore", &path("b.sql.gz"), "--jobs", "2"],
        vec!["restore", &path("b.dump"), "--verify", "--replace"],
    ] {
        let outcome: crate::support::Outcome =
            authority_db(&database.url(), &arguments).output().expect("authority-db runs").into();
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        assert_eq!(super::names(directory.path()), [""; 0]);
    }
}

#[tokio::test]
async fn another_serving_role_than_the_one_that_has_the_grants_is_not_given_what_is_restored() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.sql");
    clients.back_up(&database, &file);
    let before = content(&database).await;
    let mut restore = clients.command(&database, &["restore", text(&file), "--replace", "--yes"]);
    let outcome: crate::support::Outcome =
        restore.env("AUTHORITY_SERVING_ROLE", "another").output().expect("authority-db runs").into();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("fix: AUTHORITY_SERVING_ROLE='authority_app'"), "{outcome:?}");
    assert_eq!(content(&database).await, before);
}

#[tokio::test]
async fn what_cannot_be_read_or_written_is_said_with_what_to_look_at() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let missing = directory.path().join("nowhere").join("b.sql");
    for (command, fix) in [
        (
            "restore",
            format!("fix: see what is there, and who may read it: ls -l {}", directory.path().display()),
        ),
        ("backup", "fix: write it where there is room".to_owned()),
    ] {
        let outcome = clients.run(&database, &[command, text(&missing)]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(&fix), "{command}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_database_without_migrations_is_not_backed_up() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = Database::empty().await;
    let directory = directory();
    let outcome = clients.run(&database, &["backup", text(&directory.path().join("b.sql"))]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("is not Authority's"), "{outcome:?}");
    assert_eq!(super::names(directory.path()), [""; 0]);
}

#[tokio::test]
async fn a_role_that_may_not_read_everything_makes_no_backup() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    for name in super::NAMES {
        let mut command = clients.command(&database, &["backup", text(&directory.path().join(name))]);
        command.env("DATABASE_URL", database.url_as("authority_app"));
        let outcome: crate::support::Outcome = command.output().expect("authority-db runs").into();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("permission denied"), "{outcome:?}");
        assert_eq!(super::names(directory.path()), [""; 0]);
    }
}

#[tokio::test]
async fn the_password_reaches_the_programs_and_shows_nowhere() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.sql");
    let right = server().endpoint().tcp_url_for(database.name());
    let wrong =
        format!("postgres://authority:{MARKER}@127.0.0.1:{}/{}", server().endpoint().port(), database.name());
    for (url, code) in [(right.reveal(), 0), (wrong.as_str(), 1)] {
        let mut command = clients.command(&database, &["backup", text(&file), "--verify", "--force"]);
        let outcome: crate::support::Outcome =
            command.env("DATABASE_URL", url).output().expect("authority-db runs").into();
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        let password = url.split([':', '@']).nth(2).expect("a password");
        assert!(!format!("{outcome:?}").contains(password));
    }
    assert!(!std::fs::read_to_string(&file).expect("SQL").contains(MARKER));
}

#[tokio::test]
async fn an_error_of_psql_shows_no_rows() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, target) = (filled().await, Database::empty().await);
    let directory = directory();
    let file = directory.path().join("h.sql");
    let dumped = clients.program("pg_dump", &database).output().expect("pg_dump runs");
    let dump = String::from_utf8(dumped.stdout).expect("SQL");
    // The first row twice: its key is there already.
    let start = dump.find("COPY public.users (").expect("the table");
    let row = dump[start..].lines().nth(1).expect("a row").to_owned();
    std::fs::write(&file, dump.replacen(&row, &format!("{row}\n{row}"), 1)).expect("a file");
    let outcome = clients.run(&target, &["restore", text(&file)]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("pk_users"), "{outcome:?}");
    let mail = row.split('\t').find(|field| field.contains('@')).expect("an address");
    assert!(!outcome.stderr.contains(mail), "{outcome:?}");
    assert_eq!(content(&target).await.len(), 1, "there is no table");
}

#[tokio::test]
async fn a_role_that_may_not_create_databases_is_told_what_it_needs_for_a_proof() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let url = super::role(&database, "without_createdb", "NOCREATEDB").await;
    let directory = directory();
    let file = directory.path().join("b.dump");
    let mut command = clients.command(&database, &["backup", text(&file), "--verify"]);
    let outcome: crate::support::Outcome =
        command.env("DATABASE_URL", &url).output().expect("authority-db runs").into();
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (
            Some(1),
            "error: the backup cannot be proved: a scratch database cannot be made\n  \
             cause: permission denied to create database\n  \
             fix: as a superuser: ALTER ROLE \"without_createdb\" CREATEDB;\n"
        )
    );
    assert_eq!(super::names(directory.path()), [""; 0]);
    clients.back_up(&database, &file);
    let mut command =
        clients.command(&database, &["restore", text(&file), "--jobs", "2", "--replace", "--yes"]);
    let outcome: crate::support::Outcome =
        command.env("DATABASE_URL", &url).output().expect("authority-db runs").into();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains(
            "fix: restore without --jobs, or as a superuser: ALTER ROLE \"without_createdb\" CREATEDB;"
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn another_failure_to_make_a_scratch_database_gets_no_fix_that_does_not_mend_it() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let url = super::role(&database, "unlucky", "CREATEDB").await;
    let superuser = database.pool_as("postgres").await;
    execute(&superuser, "ALTER ROLE unlucky SET default_transaction_read_only = on").await;
    let directory = directory();
    let mut command =
        clients.command(&database, &["backup", text(&directory.path().join("b.sql")), "--verify"]);
    let outcome: crate::support::Outcome =
        command.env("DATABASE_URL", &url).output().expect("authority-db runs").into();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("the backup cannot be proved"), "{outcome:?}");
    assert!(outcome.stderr.contains("read-only transaction"), "{outcome:?}");
    assert!(!outcome.stderr.contains("CREATEDB"), "{outcome:?}");
    assert!(!outcome.stderr.contains("at line"), "{outcome:?}");
}

#[tokio::test]
async fn several_jobs_for_a_file_are_told_the_directory_of_the_same_name() {
    let database = Database::empty().await;
    for (name, suggested) in
        [("x.sql", "x.dir"), ("x.sql.gz", "x.dir"), ("x.y.dump", "x.y.dir"), ("a b.sql.zst", "'a b.dir'")]
    {
        let outcome: crate::support::Outcome =
            authority_db(&database.url(), &["backup", name, "--jobs", "3"]).output().expect("it runs").into();
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        let fix = format!("fix: authority-db backup {suggested} --jobs 3\n");
        assert!(outcome.stderr.contains(&fix), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_pipe_is_refused_instead_of_waited_for() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let target = Database::empty().await;
    let directory = directory();
    let pipe = |name: &str| {
        let path = directory.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        path
    };
    std::fs::create_dir(directory.path().join("d.dir")).expect("a directory");
    pipe("d.dir/toc.dat");
    let dump = directory.path().join("m.dump");
    std::fs::write(&dump, "PGDMP").expect("a file");
    pipe("m.dump.manifest.json");
    for path in [pipe("p.sql"), pipe("p.dump"), pipe("p.dir"), directory.path().join("d.dir"), dump] {
        let restore = clients.command(&target, &["restore", text(&path)]).spawn().expect("it starts");
        let ended = tokio::task::spawn_blocking(move || crate::support::Outcome::of(restore));
        let outcome = in_time("the restore", ended).await.expect("it ends");
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("is neither a file nor a directory"), "{outcome:?}");
    }
}
