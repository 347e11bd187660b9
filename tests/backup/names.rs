//! Databases that commands make for themselves get names of their own.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Clients, NO_CLIENTS, content, directory, filled, text};
use crate::support::{Database, Outcome, execute, skipped};

#[tokio::test]
async fn a_database_of_another_run_with_the_same_process_number_is_left_alone() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    let directory = directory();
    let file = directory.path().join("b.dump");
    clients.back_up(&database, &file);
    for (arguments, purposes) in [
        (&["restore", text(&file), "--verify"][..], &["verify"][..]),
        (&["restore", text(&file), "--replace", "--yes", "--jobs", "2"], &["restore", "replaced"]),
    ] {
        let plain = clients.command(&database, arguments);
        // A shell becomes the program when it is told to, so the number is known before the program runs.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read go; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
        command.env_clear().current_dir("/");
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("sh runs");
        let others: Vec<_> =
            purposes.iter().map(|purpose| format!("authority_{purpose}_{}", child.id())).collect();
        for other in &others {
            database.execute(&format!("CREATE DATABASE {other} TEMPLATE template0")).await;
        }
        child.stdin.take().expect("a pipe").write_all(b"go\n").expect("sh reads");
        let outcome = tokio::task::spawn_blocking(move || Outcome::of(child)).await.expect("it ends");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        for other in &others {
            let dropped = format!("SELECT count(*) FROM pg_database WHERE datname = '{other}'");
            assert_eq!(database.column(&dropped).await, ["1"], "{other}");
            database.execute(&format!("DROP DATABASE {other}")).await;
        }
        assert_eq!(content(&database).await, before);
    }
}

#[tokio::test]
async fn what_is_in_template1_and_who_is_connected_to_it_does_not_matter_to_a_proof() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.sql");
    let template1 = template1(&database).await;
    execute(&template1, "CREATE TABLE public.users (a integer)").await;
    let outcome = clients.run(&database, &["backup", text(&file), "--verify"]);
    execute(&template1, "DROP TABLE public.users").await;
    template1.close().await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

/// A connection to what new databases are copied from by default.
async fn template1(database: &Database) -> sqlx::PgPool {
    let url = database.url_as("postgres").replace(database.name(), "template1");
    sqlx::PgPool::connect(&url).await.expect("template1 answers")
}
