//! Through a real PgBouncer.

use tokio::task::JoinSet;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::{lent, names_of, one};
use crate::connection::config;
use crate::pgbouncer::Pooler;
use crate::support::{Database, Need, eventually};

const NEXT: &str = "SELECT $1::int4 + 1";
const RUNS: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' \
                    AND datname = current_database() AND pid <> pg_backend_pid()";
const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE \
                   '%pg_sleep(600)%' AND datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_given_statements_without_names() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let zone = format!("ALTER DATABASE \"{}\" SET TimeZone TO 'Asia/Tokyo'", database.name());
    database.execute(&zone).await;
    let pooler = Pooler::with(&database, &[], &[("default_pool_size = 20", "default_pool_size = 2")]).await;
    let pool = config(pooler.url(), &[]).client_pool().await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(pool.server().pooled && !pool.server().prepared_statements, "{:?}", pool.server());
    let tasks: Vec<_> = (0..50_i32)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut client = lent(&pool).await;
                let rows = client.query(NEXT, &[Type::INT4], &[&number]).await.expect("a number");
                assert_eq!(rows[0].get::<_, i32>(0), number + 1);
                assert_eq!(one::<String>(&mut client, "SHOW TimeZone").await, "UTC");
                assert_eq!(names_of(&mut client, NEXT).await, 0);
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!(pool.status().broken, 0);
}

#[tokio::test]
async fn a_long_statement_after_a_refused_one_reaches_its_own_session_whole() {
    const ARRIVES: &str = "SELECT $1::text = repeat($2, 3000000)";
    /// The server has files to remove between its refusal and being ready again.
    const REFUSED: &str = "DO $$ BEGIN
        FOR number IN 1..30 LOOP
            EXECUTE format('CREATE TABLE t%s_%s (a int)', pg_backend_pid(), number);
        END LOOP;
        PERFORM 1 / 0;
    END $$";
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::with(&database, &[], &[("default_pool_size = 20", "default_pool_size = 8")]).await;
    let url = format!("{}?max_pool_size=8", pooler.url());
    let pool = config(&url, &[]).client_pool().await.unwrap_or_else(|error| panic!("{error:?}"));
    let mut callers = JoinSet::new();
    for letter in 'a'..='h' {
        let pool = pool.clone();
        callers.spawn(async move {
            let mut client = lent(&pool).await;
            let letter = letter.to_string();
            let text = letter.repeat(3_000_000);
            for _ in 0..5 {
                let refused = client.query(REFUSED, &[], &[]).await;
                assert_eq!(refused.expect_err("by zero").code(), Some(&SqlState::DIVISION_BY_ZERO));
                let rows = client.query(ARRIVES, &[Type::TEXT, Type::TEXT], &[&text, &letter]).await;
                assert!(rows.expect("a row")[0].get::<_, bool>(0), "something of somebody else");
            }
        });
    }
    while let Some(outcome) = callers.join_next().await {
        outcome.unwrap_or_else(|panic| panic!("{panic}, {}", pooler.log()));
    }
    assert_eq!(pool.status().broken, 0);
}

#[tokio::test]
async fn a_pooler_in_session_mode_carries_names_for_who_says_so() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let session = ("pool_mode = transaction", "pool_mode = session");
    let pooler = Pooler::with(&database, &[], &[session]).await;
    let url = format!("{}?prepared_statements=true&max_pool_size=1", pooler.url());
    let pool = config(&url, &[]).client_pool().await.unwrap_or_else(|error| panic!("{error:?}"));
    let mut client = lent(&pool).await;
    for number in 0..2 {
        client.query(NEXT, &[Type::INT4], &[&number]).await.expect("a number");
    }
    assert_eq!(names_of(&mut client, NEXT).await, 1);
}

#[tokio::test]
async fn a_client_that_gives_up_leaves_the_pooler_and_the_pool_sound() {
    const SLEEP: &str = "SELECT 1 FROM pg_sleep(600)";
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::of(&database).await;
    let url = format!("{}?max_pool_size=1&checkout_timeout=30", pooler.url());
    let pool = config(&url, &[]).client_pool().await.unwrap_or_else(|error| panic!("{error:?}"));
    for _ in 0..3 {
        let mut client = lent(&pool).await;
        let sleeping = tokio::spawn(async move { client.query(SLEEP, &[], &[]).await });
        eventually("it runs", async || database.column(RUNS).await != ["0"]).await;
        sleeping.abort();
        assert_eq!(one::<i32>(&mut lent(&pool).await, "SELECT 7").await, 7, "{}", pooler.log());
        // Behind a pooler, it is left to itself.
        database.execute(END).await;
        eventually("it is ended", async || database.column(RUNS).await == ["0"]).await;
    }
    let status = pool.status();
    assert_eq!(
        (status.size, status.opened, status.abandoned, status.broken),
        (1, 4, 3, 0),
        "{}",
        pooler.log()
    );
}
