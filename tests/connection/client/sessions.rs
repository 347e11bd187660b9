//! What a session begins with.

use std::net::TcpListener;

use authority_connection::ConnectError;
use tokio_postgres::error::SqlState;

use super::{lent, one, pool};
use crate::connection::config;
use crate::support::{Database, Need, server};

const PLANS: &str = "SHOW plan_cache_mode";
const LOCKS: &str = "SHOW lock_timeout";
const ZONE: &str = "SHOW TimeZone";

#[tokio::test]
async fn a_session_has_the_settings_of_the_url_and_plans_a_statement_once() {
    let database = Database::empty().await;
    let plain = pool(&database, "").await;
    let mut client = lent(&plain).await;
    for (setting, value) in [
        (PLANS, "force_generic_plan"),
        (LOCKS, "2s"),
        (ZONE, "UTC"),
        ("SHOW application_name", "authority"),
        ("SHOW statement_timeout", "0"),
    ] {
        assert_eq!(one::<String>(&mut client, setting).await, value, "{setting}");
    }
    let told = pool(
        &database,
        "options=-c%20Plan_Cache_Mode=auto%20-c%20lock_timeout=7s%20-c%20timezone=Asia/Tokyo%20-c%20its.text=a\\%20b&\
         application_name=it%27s%20me&statement_timeout=200ms",
    )
    .await;
    let mut client = lent(&told).await;
    for (setting, value) in [
        (PLANS, "auto"),
        (LOCKS, "7s"),
        (ZONE, "Asia/Tokyo"),
        ("SHOW its.text", "a b"),
        ("SHOW application_name", "it's me"),
        ("SHOW statement_timeout", "200ms"),
    ] {
        assert_eq!(one::<String>(&mut client, setting).await, value, "{setting}");
    }
}

#[tokio::test]
async fn how_long_a_session_waits_for_a_lock_is_the_programs_or_the_operators() {
    let database = Database::empty().await;
    for (variables, value) in [(&[("PGOPTIONS", "-c lock_timeout=0")][..], "0"), (&[], "2s")] {
        let pool = config(&database.url(), variables).client_pool().await.expect("a pool");
        assert_eq!(one::<String>(&mut lent(&pool).await, LOCKS).await, value, "{variables:?}");
    }
    let plain = pool(&database, "").await;
    let finds_deadlocks_first = "SELECT max(setting::int) FILTER (WHERE name = 'deadlock_timeout')
                                        < max(setting::int) FILTER (WHERE name = 'lock_timeout') FROM pg_settings";
    assert!(one::<bool>(&mut lent(&plain).await, finds_deadlocks_first).await);
}

#[tokio::test]
async fn a_statement_that_takes_longer_than_the_url_allows_is_stopped_and_the_connection_stays_good() {
    if Need::Timers.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let limited = pool(&database, "options=-c%20plan_cache_mode=auto&statement_timeout=200ms").await;
    let mut client = lent(&limited).await;
    let error = client.query("SELECT 1 FROM pg_sleep(60)", &[], &[]).await.expect_err("it takes too long");
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(one::<String>(&mut client, PLANS).await, "auto", "as before");
}

#[tokio::test]
async fn nothing_that_is_printed_shows_the_password() {
    let database = Database::empty().await;
    let url = server().endpoint().tcp_url_for(database.name());
    let config = config(url.reveal(), &[]);
    let password = config.password().expect("a password").reveal().to_owned();
    let pool = config.client_pool().await.expect("a pool");
    let client = lent(&pool).await;
    for printed in [format!("{pool:?}"), format!("{client:?}"), format!("{:?}", pool.status())] {
        assert!(!printed.is_empty() && !printed.contains(&password), "{printed}");
    }
}

#[tokio::test]
async fn the_initial_connections_are_open_before_the_first_is_asked_for() {
    let database = Database::empty().await;
    for (parameters, size) in [("", 1), ("initial_pool_size=0", 1), ("initial_pool_size=3", 3)] {
        let status = pool(&database, parameters).await.status();
        assert_eq!((status.size, status.available), (size, size), "{parameters}");
        assert_eq!((status.checkouts, status.max_size), (0, 10));
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_not_there_is_no_pool() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
    let nobody = config(&format!("postgres://authority@127.0.0.1:{port}/a?retry_attempts=0"), &[]);
    let error = nobody.client_pool().await.expect_err("nobody is there");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
}
