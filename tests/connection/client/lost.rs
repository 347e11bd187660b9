//! Connections that the server ends, and servers that go away.

use std::sync::Arc;

use authority_connection::{ConnectError, PoolError};
use tokio_postgres::types::Type;

use super::{lent, one, pool, process};
use crate::connection::config;
use crate::servers::start;
use crate::support::{Database, eventually, in_time};

const END: &str = "SELECT pg_terminate_backend($1::int4)";
const GONE: &str = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1::int4)";

#[tokio::test]
async fn a_connection_whose_server_process_ended_is_not_handed_out_again() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=2&initial_pool_size=2").await;
    let (mut first, mut second) = (lent(&pool).await, lent(&pool).await);
    let ended = process(&mut first).await;
    drop(first);
    let end = second.query(END, &[Type::INT4], &[&ended]).await.expect("it ends");
    assert!(end[0].get::<_, bool>(0));
    let gone = async || {
        let rows = second.query(GONE, &[Type::INT4], &[&ended]).await.expect("it looks");
        rows[0].get::<_, bool>(0)
    };
    eventually("it is gone", gone).await;
    let mut next = lent(&pool).await;
    assert_ne!(process(&mut next).await, ended);
    let status = pool.status();
    assert_eq!((status.size, status.opened, status.broken), (2, 3, 1));
}

#[tokio::test]
async fn a_statement_whose_server_process_ends_fails_and_its_connection_is_given_up() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=2&initial_pool_size=2").await;
    let (mut first, mut second) = (lent(&pool).await, lent(&pool).await);
    let ended = process(&mut first).await;
    let sleeping = first.query("SELECT 1 FROM pg_sleep(60)", &[], &[]);
    let ending = async { second.query(END, &[Type::INT4], &[&ended]).await };
    let (slept, _) = in_time("ending it", async { tokio::join!(sleeping, ending) }).await;
    slept.expect_err("it was ended");
    drop(first);
    assert_eq!((pool.status().size, pool.status().broken), (1, 1));
    assert_ne!(process(&mut lent(&pool).await).await, ended);
}

#[tokio::test]
async fn a_connection_that_waits_for_something_else_than_a_statement_is_given_up() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE filled (a int)").await;
    let pool = pool(&database, "max_pool_size=1").await;
    let mut client = lent(&pool).await;
    let before = process(&mut client).await;
    in_time("COPY", client.query("COPY filled FROM STDIN", &[], &[])).await.expect_err("it is no query");
    drop(client);
    assert_ne!(process(&mut lent(&pool).await).await, before);
    assert_eq!(pool.status().broken, 1);
    in_time("closing", pool.close()).await;
}

#[tokio::test]
async fn a_server_that_goes_away_and_comes_back_is_used_again() {
    let server = Arc::new(start(&[], None));
    let impatient = config(&format!("{}?retry_attempts=0&max_pool_size=2", server.url()), &[]);
    let pool = impatient.client_pool().await.expect("a pool");
    assert_eq!(one::<i32>(&mut lent(&pool).await, "SELECT 1").await, 1);
    // In another thread, so that this one can see it happen.
    let stopping = Arc::clone(&server);
    tokio::task::spawn_blocking(move || stopping.stop_fast()).await.expect("no panic").expect("it stops");
    for _ in 0..3 {
        let error = pool.get().await.expect_err("nobody is there");
        assert!(matches!(error, PoolError::Connect(ConnectError::NoSocket { .. })), "{error:?}");
        assert!(error.fix().contains("unix_socket_directories"), "{}", error.fix());
    }
    assert_eq!(pool.status().size, 0);
    server.start_again().expect("it starts");
    assert_eq!(one::<i32>(&mut lent(&pool).await, "SELECT 1").await, 1);
    assert_eq!(pool.status().opened, 2);
}

#[tokio::test]
async fn a_full_server_is_told_from_a_full_pool_and_asked_again_while_somebody_waits() {
    // Three are for superusers, and one may not be free again yet of the connection that looked at the server.
    let server = start(&[("max_connections", "6")], None);
    let once = config(&format!("{}?retry_attempts=0", server.url()), &[]);
    let full = once.client_pool().await.expect("a pool");
    let mut all = Vec::new();
    let error = loop {
        match full.get().await {
            Ok(client) => all.push(client),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, PoolError::Connect(ConnectError::TooManyConnections { .. })), "{error:?}");
    let patient = format!("{}?retry_attempts=100&retry_delay=0.2&checkout_timeout=60", server.url());
    let patient = config(&patient, &[]);
    let waiting = tokio::spawn(async move { patient.client_pool().await });
    drop(all);
    in_time("closing", full.close()).await;
    in_time("the place", waiting).await.expect("no panic").expect("a pool");
}
