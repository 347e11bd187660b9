//! Who gets a connection, when, and who does not.

use std::time::Duration;

use authority_connection::PoolError;
use tokio_postgres::types::Type;

use super::{lent, one, pool};
use crate::support::{Database, eventually, in_time};

#[tokio::test]
async fn who_waits_too_long_is_told_and_who_waits_is_served() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=2&checkout_timeout=0.3").await;
    let taken = (lent(&pool).await, lent(&pool).await);
    let error = pool.get().await.expect_err("all are taken");
    let PoolError::Timeout { after, size } = &error else { panic!("{error:?}") };
    assert_eq!((*after, *size), (Duration::from_millis(300), 2));
    assert_eq!(error.to_string(), "none of the 2 connections of the pool came free within 0.3 s");
    assert!(error.fix().contains("max_pool_size"), "{}", error.fix());

    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { one::<i32>(&mut lent(&pool).await, "SELECT 7").await }
    });
    eventually("somebody waits", async || pool.status().waiting == 1).await;
    drop(taken.0);
    assert_eq!(in_time("being served", waiting).await.expect("no panic"), 7);
    drop(taken.1);
    let status = pool.status();
    assert_eq!((status.size, status.available, status.waiting), (2, 2, 0));
    assert_eq!((status.opened, status.checkouts, status.checkout_timeouts), (2, 3, 1));
    assert!(status.waited >= Duration::from_millis(300), "{:?}", status.waited);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_share_a_few_connections() {
    const DOUBLE: &str = "SELECT $1::int8 * 2";
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=4&checkout_timeout=60").await;
    let tasks: Vec<_> = (0..200_i64)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut client = lent(&pool).await;
                let rows = client.query(DOUBLE, &[Type::INT8], &[&number]).await.expect("a number");
                assert_eq!(rows[0].get::<_, i64>(0), number * 2);
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let status = pool.status();
    assert!(status.opened <= 4 && status.size <= 4, "{status:?}");
    assert_eq!((status.available, status.checkouts, status.broken), (status.size, 200, 0));
}

#[tokio::test]
async fn no_more_connections_lie_idle_than_are_allowed() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=4&max_idle_pool_size=1&initial_pool_size=0").await;
    let taken = [lent(&pool).await, lent(&pool).await, lent(&pool).await];
    assert_eq!(pool.status().size, 3);
    drop(taken);
    let status = pool.status();
    assert_eq!((status.size, status.available, status.broken), (1, 1, 0));
}

#[tokio::test]
async fn a_closed_pool_waits_for_its_last_connection_and_gives_out_none() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=2&initial_pool_size=2").await;
    let mut client = lent(&pool).await;
    let closing = tokio::spawn({
        let pool = pool.clone();
        async move { pool.close().await }
    });
    eventually("the pool is closed", async || matches!(pool.get().await, Err(PoolError::Closed))).await;
    assert_eq!(one::<i32>(&mut client, "SELECT 7").await, 7, "what is lent stays lent");
    assert!(!closing.is_finished());
    drop(client);
    in_time("closing", closing).await.expect("no panic");
    assert_eq!(pool.status().size, 0);
    eventually("the server has let go", async || {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \
                     application_name = 'authority'";
        database.column(count).await == ["0"]
    })
    .await;
}
