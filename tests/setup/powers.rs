//! What the roles can do afterwards, tried with real statements.

use authority_connection::{Config, Environment};
use authority_local_postgres::Ephemeral;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::{addresses, empty_server, run, setup, superuser, url_with};
use crate::connection::is;
use crate::servers::{as_superuser, superuser_reads};
use crate::support::{column, execute, fails};

/// `insufficient_privilege`.
const DENIED: &str = "42501";

struct Roles {
    server: Ephemeral,
    owner: PgPool,
    serving: PgPool,
}

impl Roles {
    /// On a server that was empty, through the addresses that `setup` ended with.
    async fn set_up() -> Self {
        let server = empty_server().await;
        let outcome = run(setup(&server, &[]).env("MAINTENANCE_DATABASE_URL", superuser(&server)), 0);
        let pool =
            |url: &String| PgPoolOptions::new().max_connections(2).connect_lazy(url).expect("an address");
        let [owner, serving] = addresses(&outcome);
        Self { server, owner: pool(&owner), serving: pool(&serving) }
    }
}

#[tokio::test]
async fn the_serving_role_has_the_powers_that_it_needs_and_no_others() {
    let Roles { serving, server, .. } = Roles::set_up().await;
    for allowed in [
        "INSERT INTO audit_logs (id, event, outcome, actor_kind)
         VALUES ('019aa000-0000-7000-8000-000000000001', 'user.login', 'success', 'user')",
        "SELECT count(*) FROM audit_logs",
        "UPDATE users SET given_name = given_name",
        "UPDATE access_tokens SET client_id = client_id",
        "UPDATE settings SET description = description",
        "DELETE FROM scopes WHERE name = 'nothing'",
        "SELECT version FROM seaql_migrations",
    ] {
        execute(&serving, allowed).await;
    }
    for denied in [
        "UPDATE audit_logs SET event = 'user.logout'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "DELETE FROM users",
        "DELETE FROM access_tokens",
        "TRUNCATE access_tokens",
        "SELECT * FROM audit_logs_default",
        "DELETE FROM audit_logs_default",
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m', 0)",
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "SET ROLE authority",
        "ALTER TABLE users DISABLE TRIGGER ALL",
        "DROP TABLE users",
    ] {
        let refusal = fails(&serving, denied).await;
        assert_eq!(refusal.code, DENIED, "{denied}: {refusal:?}");
    }
    serving.close().await;
    drop(server);
}

#[tokio::test]
async fn a_partition_that_is_made_later_is_reached_through_its_parent_and_not_directly() {
    let Roles { owner, serving, server } = Roles::set_up().await;
    // Of a time that no maintenance has made a partition for.
    let later = "CREATE TABLE audit_logs_later PARTITION OF audit_logs
                 FOR VALUES FROM ('069a0000-0000-0000-0000-000000000000') TO ('069b0000-0000-0000-0000-000000000000')";
    execute(&owner, later).await;
    let event = "(id, event, outcome, actor_kind)
                 VALUES ('069a0000-0000-7000-8000-000000000001', 'user.login', 'success', 'user')";
    execute(&serving, &format!("INSERT INTO audit_logs {event}")).await;
    let place =
        "SELECT tableoid::regclass::text FROM audit_logs WHERE id = '069a0000-0000-7000-8000-000000000001'";
    assert_eq!(column(&serving, place).await, ["audit_logs_later"]);
    for denied in [
        "SELECT * FROM audit_logs_later",
        &format!("INSERT INTO audit_logs_later {event}"),
        "UPDATE audit_logs_later SET event = 'user.logout'",
        "DELETE FROM audit_logs_later",
    ] {
        let refusal = fails(&serving, denied).await;
        assert_eq!(refusal.code, DENIED, "{denied}: {refusal:?}");
    }
    for pool in [owner, serving] {
        pool.close().await;
    }
    drop(server);
}

#[tokio::test]
async fn nobody_else_is_let_in_and_neither_role_has_a_power_over_the_server() {
    let Roles { server, .. } = Roles::set_up().await;
    as_superuser(&server, "CREATE ROLE stranger LOGIN PASSWORD 's'").await;
    let url = url_with(&server, "stranger", "s", "authority_db");
    let config = Config::parse(&url, &Environment::default()).expect("an address");
    let error = config.connection().await.expect_err("a stranger is not let in");
    assert!(is(&error, "NoConnectPrivilege"), "{error:?}");
    let powers =
        "SELECT concat_ws(' ', rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls)
                  FROM pg_roles WHERE rolname LIKE 'authority%' ORDER BY rolname COLLATE \"C\"";
    let powers = superuser_reads(&server, "postgres", powers).await;
    assert_eq!(powers, ["authority f f f f f", "authority_app f f f f f"]);
}
