//! Users who go away in the middle of a statement.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::{lent, one, pool, process};
use crate::support::{Database, eventually};

const SLEEP: &str = "SELECT 1 FROM pg_sleep(600)";
const RUNS: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' \
                    AND datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_stopped_and_its_connection_closed() {
    let database = Database::empty().await;
    for parameter in ["true", "false"] {
        let parameters = format!("prepared_statements={parameter}&max_pool_size=1&checkout_timeout=30");
        let pool = pool(&database, &parameters).await;
        let mut client = lent(&pool).await;
        let before = process(&mut client).await;
        let sleeping = tokio::spawn(async move { client.query(SLEEP, &[], &[]).await });
        eventually("it runs", async || database.column(RUNS).await == ["1"]).await;
        sleeping.abort();
        sleeping.await.expect_err("it was aborted");
        // The place in the pool comes free when the server has stopped, not before.
        let mut next = lent(&pool).await;
        assert_eq!(database.column(RUNS).await, ["0"]);
        assert_ne!(process(&mut next).await, before);
        let status = pool.status();
        assert_eq!((status.size, status.opened, status.abandoned, status.broken), (1, 2, 1, 0));
    }
}

#[tokio::test]
async fn clients_that_give_up_at_any_moment_leave_a_sound_pool() {
    const ECHO: &str = "SELECT $1::int4 FROM pg_sleep($2::float8)";
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=3&checkout_timeout=30").await;
    let mut tasks = Vec::new();
    for number in 0..60_i32 {
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            let patience = Duration::from_millis(u64::from(number.unsigned_abs()) % 7);
            let asking = async {
                let mut client = lent(&pool).await;
                let rows = client.query(ECHO, &[Type::INT4, Type::FLOAT8], &[&number, &0.003]).await;
                rows.expect("a row")[0].get::<_, i32>(0)
            };
            if let Ok(answer) = timeout(patience, asking).await {
                assert_eq!(answer, number, "an answer to another question");
            }
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    eventually("all is quiet", async || pool.status().available == pool.status().size).await;
    let mut all = [lent(&pool).await, lent(&pool).await, lent(&pool).await];
    for client in &mut all {
        assert_eq!(one::<i32>(client, "SELECT 7").await, 7);
    }
    assert_eq!((pool.status().size, pool.status().waiting), (3, 0));
}
