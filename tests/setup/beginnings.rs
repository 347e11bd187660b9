//! From which states a database is set up.

use std::process::Command;

use authority_local_postgres::SUPERUSER;
use authority_migration::migrations::ALL;

use super::rights::has_made_of_the_server;
use super::{
    ACCESS, APP_PASSWORD, OWNER_PASSWORD, OWNER_PASSWORD_ENCODED, addresses, empty_server, log, run,
    server_with_roles, setup, setup_of, state, superuser, url_with,
};
use crate::servers::{as_superuser, as_superuser_in, encoded, superuser_reads};
use crate::support::{Outcome, assert_snapshot, authority_db};

#[tokio::test]
async fn a_superuser_makes_everything_on_an_empty_server_and_a_second_run_changes_nothing() {
    let server = empty_server().await;
    let first = run(setup(&server, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 0);
    let [owner, serving] = addresses(&first);
    let mut text = first.stdout.clone();
    for (url, name) in [(&owner, "[password]"), (&serving, "[another password]")] {
        let password = password_in(url).expect("a password");
        assert_eq!(password.len(), 32, "{url}");
        // Before it is set, and in the address.
        assert_eq!(first.stdout.matches(password).count(), 2);
        assert!(!log(&server).contains(password), "{}", log(&server));
        text = text.replace(password, name);
    }
    for (value, name) in [
        (server.endpoint().socket_dir().display().to_string().replace('/', "%2F"), "[socket]"),
        (server.endpoint().port().to_string(), "[port]"),
    ] {
        text = text.replace(&value, name);
    }
    let (_, admin_password) = text.split_once("first login:\n  ").expect("the administrator's password");
    let admin_password = admin_password.lines().next().expect("a line").to_owned();
    assert!(!log(&server).contains(&admin_password));
    text = text.replace(&admin_password, "[a third password]");
    if server.version().major() < 15 {
        // The schema public is everybody's before PostgreSQL 15.
        for line in [
            "granted     CREATE in the schema public to the role authority\n",
            "revoked     CREATE in the schema public from everybody\n",
        ] {
            assert!(text.contains(line), "{text}");
            text = text.replace(line, "");
        }
    }
    assert_snapshot("setup", "from-nothing", &timeless(&text));
    assert_eq!(first.stderr, "");

    let checked = run(&mut authority_db(&owner, &["migrate", "status", "--check"]), 0);
    assert!(checked.stdout.ends_with("up to date\n"), "{}", checked.stdout);
    let before = state(&server).await;
    // Without anybody else: where nothing is missing, the owner is enough.
    let second = run(&mut setup_of(&owner, &[]), 0);
    assert!(second.stdout.starts_with("nothing had to be changed\n"), "{}", second.stdout);
    assert_eq!(second.stderr, "");
    for url in addresses(&second) {
        assert_eq!(password_in(&url), None, "a password is shown again: {url}");
    }
    assert_eq!(state(&server).await, before);
}

#[tokio::test]
async fn the_same_command_works_again_without_the_password_that_it_has_generated() {
    let server = empty_server().await;
    let mut command = setup(&server, &[]);
    command.env("MAINTENANCE_DATABASE_URL", superuser(&server));
    run(&mut command, 0);
    let before = state(&server).await;
    let again = run(&mut command, 0);
    assert!(again.stdout.starts_with("nothing had to be changed\n"), "{}", again.stdout);
    assert_eq!(again.stderr, "");
    assert_eq!(state(&server).await, before);
    // What acted for the owner has left the tables to it.
    as_superuser_in(&server, "authority_db", "DROP TABLE settings, seaql_migrations CASCADE").await;
    as_superuser_in(&server, "authority_db", "DROP SCHEMA public CASCADE").await;
    as_superuser_in(&server, "authority_db", "CREATE SCHEMA public AUTHORIZATION authority").await;
    assert_applied_all(&run(&mut command, 0));
    let owners =
        "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(superuser_reads(&server, "authority_db", owners).await, ["authority"]);
}

#[tokio::test]
async fn several_runs_at_once_need_no_password_either() {
    let server = empty_server().await;
    let start = |()| {
        let mut command: Command = setup(&server, &[]);
        command.env("MAINTENANCE_DATABASE_URL", superuser(&server)).spawn().expect("authority-db runs")
    };
    for child in [(); 4].map(start) {
        let outcome = Outcome::of(child);
        assert_eq!(outcome.code, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    }
}

#[tokio::test]
async fn the_user_of_psql_is_tried_where_no_maintenance_address_is_given() {
    let server = empty_server().await;
    assert_applied_all(&run(setup(&server, &[]).env("PGUSER", SUPERUSER), 0));
}

#[tokio::test]
async fn an_address_on_the_command_line_wins_over_the_variable() {
    let server = empty_server().await;
    let mut command = setup(&server, &["--maintenance-url", &superuser(&server)]);
    command.env("MAINTENANCE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/postgres");
    assert_applied_all(&run(&mut command, 0));
}

#[tokio::test]
async fn what_exists_is_used_and_only_what_is_missing_is_made() {
    let server = server_with_roles("local all all trust\n").await;
    as_superuser(&server, "ALTER ROLE authority_app NOLOGIN").await;
    let outcome = run(setup(&server, &[]).env("PGUSER", SUPERUSER), 0);
    assert_applied_all(&outcome);
    assert!(
        outcome.stdout.starts_with("altered     role authority_app, which may log in now\n"),
        "{}",
        outcome.stdout
    );
    assert!(!has_made_of_the_server(&outcome), "{}", outcome.stdout);
    for url in addresses(&outcome) {
        assert_eq!(password_in(&url), None, "{url}");
    }
}

#[tokio::test]
async fn names_may_hold_anything() {
    let server = empty_server().await;
    let (owner, serving, database) = ("Ow\"ner; x", "it's a R\u{f6}le\\", "d\"b' = \\x");
    let url = server.endpoint().url().replacen("authority@", &format!("{}@", encoded(owner)), 1);
    let url = url.replacen("/authority_db", &format!("/{}", encoded(database)), 1);
    let prepared = || {
        let mut command = setup_of(&url, &[]);
        command.env("MAINTENANCE_DATABASE_URL", superuser(&server)).env("AUTHORITY_SERVING_ROLE", serving);
        command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
        command
    };
    assert_applied_all(&run(&mut prepared(), 0));
    let owners =
        "SELECT format('%s of %s', datname, pg_get_userbyid(datdba)) FROM pg_database WHERE datdba > 16000";
    let owners = superuser_reads(&server, "postgres", owners).await;
    assert_eq!(owners, [format!("{database} of {owner}")]);
    let before = state(&server).await;
    let again = run(&mut prepared(), 0);
    assert!(again.stdout.starts_with("nothing had to be changed\n"), "{}", again.stdout);
    assert_eq!(state(&server).await, before);
}

#[tokio::test]
async fn a_forgotten_name_of_the_serving_role_makes_no_second_one() {
    let server = empty_server().await;
    let prepared = |arguments: &[&str]| {
        let mut command = setup(&server, arguments);
        command.env("MAINTENANCE_DATABASE_URL", superuser(&server));
        command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
        command
    };
    run(prepared(&[]).env("AUTHORITY_SERVING_ROLE", "web"), 0);
    let before = state(&server).await;
    let forgotten = run(&mut prepared(&[]), 1);
    assert!(forgotten.stderr.starts_with("error: the role \"web\" serves requests"), "{}", forgotten.stderr);
    assert!(forgotten.stderr.contains("fix: AUTHORITY_SERVING_ROLE='web'"), "{}", forgotten.stderr);
    let url = url_with(&server, "authority", OWNER_PASSWORD_ENCODED, "authority_db");
    let migrated = run(&mut authority_db(&url, &["migrate"]), 1);
    assert_eq!(migrated.stderr, forgotten.stderr);
    assert_eq!(state(&server).await, before);
    run(prepared(&[]).env("AUTHORITY_SERVING_ROLE", "web"), 0);
}

#[tokio::test]
async fn several_runs_at_once_end_with_one_database() {
    let server = empty_server().await;
    let start = |()| {
        let mut command: Command = setup(&server, &[]);
        command.env("MAINTENANCE_DATABASE_URL", superuser(&server));
        command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
        command.spawn().expect("authority-db runs")
    };
    for child in [(); 4].map(start) {
        let outcome = Outcome::of(child);
        assert_eq!(outcome.code, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    }
    let url = url_with(&server, "authority", OWNER_PASSWORD_ENCODED, "authority_db");
    run(&mut authority_db(&url, &["migrate", "status", "--check"]), 0);
}

#[tokio::test]
async fn a_database_that_everybody_could_use_is_closed_to_everybody_else() {
    let server = server_with_roles(ACCESS).await;
    as_superuser(&server, "ALTER ROLE authority PASSWORD 'x'; CREATE ROLE stranger LOGIN").await;
    as_superuser_in(&server, "authority_db", "GRANT CREATE ON SCHEMA public TO PUBLIC").await;
    let url = url_with(&server, "authority", "x", "authority_db");
    let outcome = run(setup_of(&url, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 0);
    assert_eq!(outcome.stderr, "");
    let privileges = "SELECT has_database_privilege('stranger', 'authority_db', 'CONNECT, TEMPORARY, CREATE')
                          OR has_schema_privilege('stranger', 'public', 'CREATE')";
    assert_eq!(superuser_reads(&server, "authority_db", privileges).await, ["f"]);
}

fn assert_applied_all(outcome: &Outcome) {
    let applied = outcome.stdout.lines().filter(|line| line.starts_with("applied ")).count();
    assert_eq!(applied, ALL.len(), "{}\n{}", outcome.stdout, outcome.stderr);
}

/// The password in an address, as it is written there.
fn password_in(url: &str) -> Option<&str> {
    let user = url.strip_prefix("postgres://")?.split_once('@')?.0;
    user.split_once(':').map(|(_, password)| password)
}

/// `[time]` for the milliseconds at the end of the line of a step.
fn timeless(text: &str) -> String {
    let line = |line: &str| match line.strip_suffix(" ms").and_then(|rest| rest.rsplit_once(' ')) {
        Some((step, _)) => format!("{} [time]", step.trim_end()),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
