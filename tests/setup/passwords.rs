//! Where the passwords of roles come from, and where they never show.

use std::fs;

use authority_connection::{Config, Environment};
use authority_local_postgres::Ephemeral;

use super::{
    ACCESS, APP_PASSWORD, OWNER_PASSWORD, addresses, empty_server, log, run, server_with_roles, setup,
    setup_of, state, superuser, url_with,
};
use crate::servers::{as_superuser, superuser_reads};
use crate::support::{Outcome, authority_db};

async fn lets_in(server: &Ephemeral, role: &str, password: &str) -> bool {
    let url = server.endpoint().url_for(role, "authority_db");
    let environment = Environment::from_pairs([("PGPASSWORD", password)]);
    Config::parse(&url, &environment).expect("an address").connection().await.is_ok()
}

#[tokio::test]
async fn given_passwords_are_set_and_stand_neither_in_the_output_nor_in_the_log() {
    let server = empty_server().await;
    let mut command = setup(&server, &[]);
    command.env("MAINTENANCE_DATABASE_URL", superuser(&server));
    command.env("AUTHORITY_OWNER_PASSWORD", OWNER_PASSWORD).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
    let outcome = run(&mut command, 0);
    assert!(!outcome.stdout.contains("generated"), "{}", outcome.stdout);
    assert!(lets_in(&server, "authority", OWNER_PASSWORD).await);
    assert!(lets_in(&server, "authority_app", APP_PASSWORD).await);
    assert!(!lets_in(&server, "authority_app", OWNER_PASSWORD).await);
    let log = log(&server);
    assert!(log.contains("CREATE ROLE \"authority\" LOGIN PASSWORD 'SCRAM-SHA-256$4096:"), "{log}");
    assert!(!log.contains(OWNER_PASSWORD) && !log.contains(APP_PASSWORD), "{log}");
    let stored = "SELECT DISTINCT substr(rolpassword, 1, 19) FROM pg_authid WHERE rolname LIKE 'authority%'";
    assert_eq!(superuser_reads(&server, "postgres", stored).await, ["SCRAM-SHA-256$4096:"]);
}

#[tokio::test]
async fn a_generated_password_that_cannot_be_shown_is_not_set() {
    let server = empty_server().await;
    let before = state(&server).await;
    let mut command = setup(&server, &[]);
    command.env("MAINTENANCE_DATABASE_URL", superuser(&server));
    command.stdout(fs::File::create("/dev/full").expect("a full device"));
    let outcome: Outcome = command.output().expect("authority-db runs").into();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("cannot print the generated passwords, so nothing was changed"));
    assert_eq!(state(&server).await, before);
}

#[tokio::test]
async fn a_weak_password_of_the_administrator_is_refused_before_anything_is_made() {
    let server = empty_server().await;
    let before = state(&server).await;
    let mut command = setup(&server, &[]);
    command.env("MAINTENANCE_DATABASE_URL", superuser(&server)).env("ADMIN_PASSWORD", "changeme123");
    let outcome = run(&mut command, 1);
    assert!(outcome.stderr.contains("password") && outcome.stdout.is_empty(), "{outcome:?}");
    assert!(!outcome.stderr.contains("changeme123"), "{outcome:?}");
    assert_eq!(state(&server).await, before);
}

#[tokio::test]
async fn the_owner_gets_the_password_that_its_url_holds() {
    let server = empty_server().await;
    let url = url_with(&server, "authority", "in-the-url", "authority_db");
    let outcome = run(setup_of(&url, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 0);
    assert!(lets_in(&server, "authority", "in-the-url").await);
    assert!(!outcome.stdout.contains("in-the-url") && !outcome.stderr.contains("in-the-url"));
    assert!(!log(&server).contains("in-the-url"));
}

#[tokio::test]
async fn the_password_of_a_role_that_exists_is_kept_until_a_new_one_is_asked_for() {
    let server = server_with_roles(ACCESS).await;
    for role in ["authority", "authority_app"] {
        as_superuser(&server, &format!("ALTER ROLE {role} PASSWORD 'old'")).await;
    }
    let url = url_with(&server, "authority", "old", "authority_db");
    run(setup_of(&url, &[]).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD).env("PGUSER", "postgres"), 0);
    assert!(lets_in(&server, "authority", "old").await && lets_in(&server, "authority_app", "old").await);

    let mut rotate = setup_of(&url, &["--new-passwords"]);
    rotate.env("MAINTENANCE_DATABASE_URL", superuser(&server)).env("AUTHORITY_APP_PASSWORD", APP_PASSWORD);
    let outcome = run(&mut rotate, 0);
    let [owner, _] = addresses(&outcome);
    assert!(lets_in(&server, "authority_app", APP_PASSWORD).await);
    assert!(!lets_in(&server, "authority_app", "old").await && !lets_in(&server, "authority", "old").await);
    // The owner's was generated, and its address is complete.
    run(&mut authority_db(&owner, &["migrate", "status", "--check"]), 0);
    let generated = owner.split([':', '@']).nth(2).expect("a password");
    assert!(!log(&server).contains(generated));
}

#[tokio::test]
async fn a_generated_password_is_shown_even_if_a_later_step_fails() {
    let server = empty_server().await;
    let admit = async |lines: &str| {
        fs::write(server.data_dir().join("pg_hba.conf"), lines).expect("the file can be written over");
        server.restart().expect("it starts again");
    };
    admit("local all postgres trust\n").await;
    // The roles and the database are made, and then the owner is not let in.
    let outcome = run(setup(&server, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 1);
    let sentence = "has no pg_hba.conf entry that admits user \"authority\" to database \"authority_db\"";
    assert!(outcome.stderr.contains(sentence), "{}", outcome.stderr);
    admit(ACCESS).await;
    let [owner, serving] = addresses(&outcome);
    run(setup_of(&owner, &[]).env("PGUSER", "postgres"), 0);
    run(&mut authority_db(&serving, &["migrate", "status", "--check"]), 0);
}
