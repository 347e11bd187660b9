//! The commands that errors recommend are run, and then the client comes in.

use std::env;
use std::process::Command;

use super::{config, outcomes};
use crate::servers::{as_superuser, start};
use crate::support::{psql, skipped};

const OBJECTS: [&str; 7] = [
    "CREATE ROLE \"no Login\" NOLOGIN",
    "CREATE ROLE ada LOGIN",
    "CREATE DATABASE \"it's private\"",
    "REVOKE CONNECT ON DATABASE \"it's private\" FROM PUBLIC",
    "CREATE DATABASE closed ALLOW_CONNECTIONS false",
    "CREATE ROLE \"no More\" LOGIN CONNECTION LIMIT 0",
    "CREATE DATABASE \"full up\" CONNECTION LIMIT 0",
];

#[tokio::test]
async fn the_command_that_an_error_recommends_mends_it() {
    // There are builds of PostgreSQL without the programs that are recommended.
    let Some(psql) = psql() else { return skipped("there is no psql") };
    let server = start(&[], None);
    for statement in OBJECTS {
        as_superuser(&server, statement).await;
    }
    let path = env::join_paths([psql.parent().expect("a folder"), "/usr/bin".as_ref(), "/bin".as_ref()]);
    let path = path.expect("folders without a colon");
    for (role, database) in [
        ("no Login", "postgres"),
        ("ada", "it's private"),
        ("ada", "closed"),
        ("ada", "not 'here' yet"),
        ("no More", "postgres"),
        ("ada", "full up"),
    ] {
        let url = server.endpoint().url_for(role, database);
        let config = config(&format!("{url}?retry_attempts=0"), &[]);
        let [error, ..] = outcomes(&config).await;
        let fix = error.expect_err("something is wrong").fix();
        // Where there is a choice, the command is what comes last.
        let fix = fix.rsplit_once("to none: ").map_or(fix.as_str(), |(_, command)| command);
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", fix]).env_clear().env("PATH", &path).env("PGUSER", "postgres");
        let output = shell.output().expect("a shell runs");
        assert!(output.status.success(), "{fix}: {}", String::from_utf8_lossy(&output.stderr));
        for outcome in outcomes(&config).await {
            outcome.unwrap_or_else(|error| panic!("{fix} did not help: {error}"));
        }
    }
    let url = server.endpoint().url_for("postgres", "postgres");
    let mut superuser = config(&url, &[]).connection().await.expect("the superuser comes in");
    let sql = "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'not ''here'' yet'";
    let owner: String = sqlx::query_scalar(sql).fetch_one(&mut superuser).await.expect("there it is");
    assert_eq!(owner, "ada", "a database that is made belongs to the role that asked for it");
}
