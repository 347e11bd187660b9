//! Statements with and without names.

use authority_connection::PooledClient;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::{lent, names_of, one, pool, process};
use crate::support::Database;

const NEXT: &str = "SELECT $1::int4 + 1";
const READ: &str = "SELECT * FROM changing";

async fn next_of(client: &PooledClient, number: i32) -> i32 {
    client.query(NEXT, &[Type::INT4], &[&number]).await.expect("a number")[0].get(0)
}

#[tokio::test]
async fn a_statement_is_prepared_once_where_it_may_have_a_name_and_never_elsewhere() {
    let database = Database::empty().await;
    for (parameter, named, names) in [("auto", true, 1), ("true", true, 1), ("false", false, 0)] {
        let pool = pool(&database, &format!("prepared_statements={parameter}&max_pool_size=1")).await;
        assert_eq!(pool.server().prepared_statements, named);
        for number in 0..3 {
            // Lent anew each time: statements outlive their users.
            assert_eq!(next_of(&lent(&pool).await, number).await, number + 1);
        }
        let client = lent(&pool).await;
        assert_eq!(names_of(&client, NEXT).await, names, "prepared_statements={parameter}");
        assert_eq!(pool.status().opened, 1);
    }
}

#[tokio::test]
async fn a_statement_that_the_server_knows_no_more_or_otherwise_is_prepared_again() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE changing AS SELECT 1 AS a").await;
    let pool = pool(&database, "max_pool_size=1").await;
    let client = lent(&pool).await;
    let columns = async || client.query(READ, &[], &[]).await.expect("rows")[0].len();
    assert_eq!(columns().await, 1);
    database.execute("ALTER TABLE changing ADD b int").await;
    assert_eq!(columns().await, 2);
    assert_eq!(names_of(&client, READ).await, 1);
    client.query("DEALLOCATE ALL", &[], &[]).await.expect("all forgotten");
    assert_eq!(columns().await, 2);
    assert_eq!(pool.status().broken, 0);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_a_connection_that_works() {
    let database = Database::empty().await;
    for parameter in ["true", "false"] {
        let pool = pool(&database, &format!("prepared_statements={parameter}&max_pool_size=1")).await;
        let client = lent(&pool).await;
        let before = process(&client).await;
        let error = client.query("SELECT 1 / $1::int4", &[Type::INT4], &[&0]).await.expect_err("by zero");
        assert_eq!(error.code(), Some(&SqlState::DIVISION_BY_ZERO));
        let error = client.query("SELEC", &[], &[]).await.expect_err("no SQL");
        assert_eq!(error.code(), Some(&SqlState::SYNTAX_ERROR));
        let wrong: [&[&(dyn ToSql + Sync)]; 3] = [&[], &[&1, &2], &[&"text"]];
        for parameters in wrong {
            let refused = client.query(NEXT, &[Type::INT4], parameters).await;
            assert!(refused.is_err(), "prepared_statements={parameter}, {} parameters", parameters.len());
        }
        drop(client);
        let client = lent(&pool).await;
        assert_eq!(next_of(&client, 1).await, 2);
        assert_eq!(process(&client).await, before);
    }
}

#[tokio::test]
async fn statements_of_one_connection_may_be_under_way_together() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_pool_size=1").await;
    let client = lent(&pool).await;
    let all = tokio::join!(next_of(&client, 1), next_of(&client, 2), next_of(&client, 3));
    assert_eq!(all, (2, 3, 4));
}

#[tokio::test]
async fn rows_are_read_as_they_are_asked_for() {
    const SERIES: &str = "SELECT generate_series(1, $1::int4)";
    let database = Database::empty().await;
    for parameter in ["true", "false"] {
        let pool = pool(&database, &format!("prepared_statements={parameter}&max_pool_size=1")).await;
        let client = lent(&pool).await;
        let mut rows = client.query_rows(SERIES, &[Type::INT4], &[&100_000]).await.expect("rows");
        let mut sum = 0_i64;
        while let Some(row) = rows.try_next().await.expect("a row") {
            sum += i64::from(row.get::<_, i32>(0));
        }
        assert_eq!(sum, 5_000_050_000);
        assert!(rows.try_next().await.expect("the end").is_none(), "the end stays the end");
        drop(rows);
        drop(client);
        assert_eq!(pool.status().available, 1);
        let client = lent(&pool).await;
        assert_eq!(one::<i32>(&client, "SELECT 1").await, 1);
        assert_eq!(pool.status().opened, 1);
    }
}
