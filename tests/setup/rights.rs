//! As whom it works, and what is said to those as whom it does not.

use std::io::Write;
use std::process::{Command, Stdio};

use authority_local_postgres::Ephemeral;

use super::{
    ACCESS, APP_PASSWORD, OWNER_PASSWORD, OWNER_PASSWORD_ENCODED, empty_server, run, run_script,
    server_with_roles, setup, setup_of, state, url_with,
};
use crate::servers::{as_superuser, as_superuser_in, superuser_reads};
use crate::support::{Outcome, authority_db, psql, skipped};

/// Before PostgreSQL 15, only a superuser can take from everybody what everybody may do in the schema `public`.
fn has_open_public(server: &Ephemeral) -> bool {
    server.version().major() < 15
}

/// Whether a run made a role or a database.
pub(super) fn has_made_of_the_server(outcome: &Outcome) -> bool {
    outcome.stdout.contains("made        role ") || outcome.stdout.contains("made        database ")
}

#[tokio::test]
async fn a_role_that_may_make_roles_and_databases_is_enough_and_keeps_no_membership() {
    let server = empty_server().await;
    as_superuser(&server, "CREATE ROLE creator LOGIN CREATEDB CREATEROLE PASSWORD 'c'").await;
    let mut command = setup(&server, &[]);
    command.env("MAINTENANCE_DATABASE_URL", url_with(&server, "creator", "c", "postgres"));
    command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
    let outcome = run(&mut command, 0);
    let member = "SELECT pg_has_role('creator', 'authority', 'USAGE')";
    assert_eq!(superuser_reads(&server, "postgres", member).await, ["f"]);
    let owner = "SELECT datdba::regrole FROM pg_database WHERE datname = 'authority_db'";
    assert_eq!(superuser_reads(&server, "postgres", owner).await, ["authority"]);
    if has_open_public(&server) {
        let (warning, script) = outcome.stderr.split_once('\n').expect("a script behind the warning");
        assert!(warning.contains("every role that can connect may create objects in the schema public"));
        run_script(&server, script).await;
    } else {
        assert_eq!(outcome.stderr, "");
    }
    let again = run(&mut command, 0);
    assert!(again.stdout.starts_with("nothing had to be changed\n"), "{}", again.stdout);
    assert_eq!(again.stderr, "");
    let create = "SELECT concat(has_schema_privilege('authority', 'public', 'CREATE'),
                                has_schema_privilege('authority_app', 'public', 'CREATE'))";
    assert_eq!(superuser_reads(&server, "authority_db", create).await, ["tf"]);
}

#[tokio::test]
async fn the_owner_itself_is_enough_for_the_database_when_it_may_make_one() {
    let server = server_with_roles(ACCESS).await;
    as_superuser(&server, "DROP DATABASE authority_db").await;
    as_superuser(&server, "ALTER ROLE authority CREATEDB PASSWORD 'x'").await;
    let url = url_with(&server, "authority", "x", "authority_db");
    let outcome = run(&mut setup_of(&url, &[]), 0);
    let first = "made        database authority_db, owned by authority\n";
    assert!(outcome.stdout.starts_with(first), "{}", outcome.stdout);
    assert_eq!(outcome.stderr.is_empty(), !has_open_public(&server), "{}", outcome.stderr);
    run(&mut authority_db(&url, &["migrate", "status", "--check"]), 0);
}

#[tokio::test]
async fn who_may_nothing_gets_the_sql_for_somebody_who_may() {
    let server = empty_server().await;
    as_superuser(&server, "CREATE ROLE plain LOGIN PASSWORD 'p'").await;
    let before = state(&server).await;
    let mut command = setup(&server, &[]);
    command.env("MAINTENANCE_DATABASE_URL", url_with(&server, "plain", "p", "postgres"));
    command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
    let outcome = run(&mut command, 1);
    assert_eq!(state(&server).await, before);
    let sentence = "may not create roles (CREATEROLE), nor create databases (CREATEDB)";
    assert!(outcome.stderr.contains(sentence), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("PASSWORD 'SCRAM-SHA-256$4096:").count(), 2, "{}", outcome.stdout);
    run_script(&server, &outcome.stdout).await;
    let then = run(&mut command, 0);
    assert_eq!(then.stderr, "");
    assert!(!has_made_of_the_server(&then), "{}", then.stdout);
    let url = url_with(&server, "authority", OWNER_PASSWORD_ENCODED, "authority_db");
    run(&mut authority_db(&url, &["migrate", "status", "--check"]), 0);
}

#[tokio::test]
async fn only_what_is_missing_is_asked_of_somebody_else() {
    let server = server_with_roles(ACCESS).await;
    as_superuser(&server, "ALTER ROLE authority NOCREATEDB PASSWORD 'x'").await;
    let url = url_with(&server, "authority", "x", "authority_db");
    let endpoint = server.endpoint();
    let who =
        format!("the role \"authority\" at {}/.s.PGSQL.{}", endpoint.socket_dir().display(), endpoint.port());
    for (spoil, may_not, script) in [
        (
            "DROP ROLE authority_app",
            "create roles (CREATEROLE)\n",
            "CREATE ROLE \"authority_app\" LOGIN;\n-- its password, in psql: \\password \"authority_app\"\n",
        ),
        (
            "ALTER ROLE authority_app NOLOGIN",
            "alter the role \"authority_app\"\n",
            "ALTER ROLE \"authority_app\" LOGIN;\n",
        ),
        (
            "DROP DATABASE authority_db",
            "create databases (CREATEDB)\n",
            "CREATE DATABASE \"authority_db\" OWNER \"authority\" TEMPLATE template0 ENCODING 'UTF8';\n",
        ),
    ] {
        if spoil == "DROP ROLE authority_app" {
            as_superuser_in(&server, "authority_db", "DROP OWNED BY authority_app").await;
        }
        as_superuser(&server, spoil).await;
        let outcome = run(&mut setup_of(&url, &[]), 1);
        assert!(outcome.stderr.contains(&format!("{who} may not {may_not}")), "{spoil}: {}", outcome.stderr);
        let (heading, rest) = outcome.stdout.split_once('\n').expect("a heading");
        assert!(heading.starts_with("-- as a superuser: psql "), "{heading}");
        let on_server = rest.split("\\connect").next().expect("what belongs to the server");
        assert_eq!(on_server, script, "{spoil}");
        run_script(&server, &outcome.stdout).await;
        let then = run(&mut setup_of(&url, &[]), 0);
        assert!(!has_made_of_the_server(&then) && !then.stdout.contains("altered "), "{}", then.stdout);
    }
}

#[tokio::test]
async fn where_no_role_is_let_in_the_sql_for_everything_is_printed() {
    // There are builds of PostgreSQL without psql, which the script is for.
    let Some(psql) = psql() else { return skipped("there is no psql") };
    let server = empty_server().await;
    let before = state(&server).await;
    let mut command = setup(&server, &[]);
    command.env("PGUSER", "no_such_role");
    command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
    let outcome = run(&mut command, 1);
    assert!(
        outcome.stderr.contains("no role was let in that could make what is missing"),
        "{}",
        outcome.stderr
    );
    assert_eq!(state(&server).await, before);
    // Twice, for it leaves alone what exists.
    for _ in 0..2 {
        let mut child = Command::new(&psql)
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres"])
            .arg("-h")
            .arg(server.endpoint().socket_dir())
            .args(["-p", &server.endpoint().port().to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("psql runs");
        let mut input = child.stdin.take().expect("its input");
        input.write_all(outcome.stdout.as_bytes()).expect("psql reads");
        drop(input);
        assert!(child.wait().expect("psql ends").success(), "{}", outcome.stdout);
    }
    run(&mut command, 0);
    let url = url_with(&server, "authority", OWNER_PASSWORD_ENCODED, "authority_db");
    run(&mut authority_db(&url, &["migrate", "status", "--check"]), 0);
}
