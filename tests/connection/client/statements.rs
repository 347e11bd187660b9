//! Statements with and without names.

use authority_connection::PooledClient;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::{lent, names_of, pool, process};
use crate::support::Database;

const NEXT: &str = "SELECT $1::int4 + 1";
const READ: &str = "SELECT * FROM changing";

async fn next_of(client: &mut PooledClient, number: i32) -> i32 {
    client.query(NEXT, &[Type::INT4], &[&number]).await.expect("a number")[0].get(0)
}

async fn columns(client: &mut PooledClient) -> usize {
    client.query(READ, &[], &[]).await.expect("rows")[0].len()
}

#[tokio::test]
async fn a_statement_is_prepared_once_where_it_may_have_a_name_and_never_elsewhere() {
    let database = Database::empty().await;
    for (parameter, named, names) in [("auto", true, 1), ("true", true, 1), ("false", false, 0)] {
        let pool = pool(&database, &format!("prepared_statements={parameter}&max_pool_size=1")).await;
        assert_eq!(pool.server().prepared_statements, named);
        for number in 0..3 {
            // Lent anew each time: statements outlive their users.
            assert_eq!(next_of(&mut lent(&pool).await, number).await, number + 1);
        }
        let mut client = lent(&pool).await;
        assert_eq!(names_of(&mut client, NEXT).await, names, "prepared_statements={parameter}");
        assert_eq!(pool.status().opened, 1);
    }
}

#[tokio::test]
async fn a_statement_that_the_server_knows_no_more_or_otherwise_is_prepared_again() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE changing AS SELECT 1 AS a").await;
    let pool = pool(&database, "max_pool_size=1").await;
    let mut client = lent(&pool).await;
    assert_eq!(columns(&mut client).await, 1);
    database.execute("ALTER TABLE changing ADD b int").await;
    assert_eq!(columns(&mut client).await, 2);
    assert_eq!(names_of(&mut client, READ).await, 1);
    client.query("DEALLOCATE ALL", &[], &[]).await.expect("all forgotten");
    assert_eq!(columns(&mut client).await, 2);
    assert_eq!(pool.status().broken, 0);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_a_connection_that_works() {
    let database = Database::empty().await;
    for parameter in ["true", "false"] {
        let pool = pool(&database, &format!("prepared_statements={parameter}&max_pool_size=1")).await;
        let mut client = lent(&pool).await;
        let before = process(&mut client).await;
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
        let mut client = lent(&pool).await;
        assert_eq!(next_of(&mut client, 1).await, 2);
        assert_eq!(process(&mut client).await, before);
    }
}
