//! How many statements an operation sends, as the server's log tells.

use std::collections::BTreeMap;

use authority_entity::sea_orm_active_enums::{GrantType, RevocationReason};
use authority_local_postgres::{APP_ROLE, SUPERUSER};
use authority_store::{Actor, IssueAccessToken, PresentedAccessToken};

use super::world::{World, store_at};
use crate::pgbouncer::Pooler;
use crate::support::{Need, eventually, execute, server};

/// Every operation of tokens once, with what it is called.
async fn every_operation(world: &mut World) {
    world.sql("UPDATE sessions SET user_epoch = (SELECT revocation_epoch FROM users)").await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let (outcome, successor, access) = world.rotate(&issued.refresh).await;
    outcome.expect("a successor");
    world.introspect(&access).await.expect("active");
    let (now, client, reason) = (world.now, world.client, RevocationReason::Administrator);
    let tokens = [PresentedAccessToken::Opaque(&access), PresentedAccessToken::Opaque(&issued.access)];
    world.store.introspect_access_tokens(&tokens, now).await.expect("a database");
    world.store.introspect_refresh_token(&successor, now).await.expect("a database").expect("active");
    world.store.revoke_access_token(&access, client, None, now, &mut world.random).await.expect("a database");
    world
        .store
        .revoke_refresh_token(&successor, client, None, now, &mut world.random)
        .await
        .expect("a database");
    world
        .store
        .revoke_family(successor.family(), None, reason, Actor::System, None, now)
        .await
        .expect("a database");
    let (outcome, _) =
        world.grant_with(|r| IssueAccessToken { grant_type: GrantType::RefreshToken, ..r }).await;
    outcome.expect("a token");
    world
        .store
        .revoke_tokens_of_user(world.user, reason, Actor::System, None, now)
        .await
        .expect("a database");
    world.store.revoke_tokens_of_client(client, reason, Actor::System, None, now).await.expect("a database");
}

/// What the only backend of a store logs during one more round: how often it parsed, bound and executed what.
async fn logged(world: &mut World, log_as: &str) -> BTreeMap<String, usize> {
    let superuser = world.database.pool_as(SUPERUSER).await;
    let sql = format!(
        "ALTER ROLE {log_as} IN DATABASE \"{}\" SET log_min_duration_statement = 0",
        world.database.name()
    );
    execute(&superuser, &sql).await;
    let url = world.database.url_as(APP_ROLE);
    let pooler = if log_as == APP_ROLE {
        world.store = store_at(&format!("{url}?max_pool_size=1")).await;
        None
    } else {
        let pooler =
            Pooler::with(&world.database, &[], &[("default_pool_size = 20", "default_pool_size = 1")]).await;
        world.store = store_at(&format!("{}?max_pool_size=1", pooler.url())).await;
        Some(pooler)
    };
    let process = async |world: &World, mark: &'static str| {
        let mut client = world.store.pool().get().await.expect("a connection");
        let rows = client.query(mark, &[], &[]).await.expect("a process");
        rows[0].get::<_, i32>(0)
    };
    // Prepares everything.
    every_operation(world).await;
    let pid = process(world, "SELECT pg_backend_pid() AS the_beginning").await;
    every_operation(world).await;
    assert_eq!(process(world, "SELECT pg_backend_pid() AS the_end").await, pid, "one backend");
    let read = || {
        let log = std::fs::read(server().log_path()).expect("the server's log");
        let log = String::from_utf8_lossy(&log).into_owned();
        let of_it = format!("[{pid}]");
        log.lines().filter(|line| line.contains(&of_it)).map(str::to_owned).collect::<Vec<_>>()
    };
    let executed = |line: &String, mark: &str| line.contains(" execute ") && line.contains(mark);
    eventually("the log is written", async || read().iter().any(|line| executed(line, "the_end"))).await;
    drop(pooler);
    let lines = read();
    let begin = lines.iter().rposition(|line| executed(line, "the_beginning")).expect("the beginning");
    let end =
        lines.iter().rposition(|line| line.contains(" parse ") && line.contains("the_end")).expect("the end");
    let mut counts = BTreeMap::new();
    for line in &lines[begin + 1..end] {
        // Beside durations there are the parameters of each.
        let Some((_, what)) = line.split_once(" ms  ") else { continue };
        let kind = what.split([' ', ':']).next().expect("a word").to_owned();
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn each_operation_is_one_execution_of_one_prepared_statement() {
    let mut world = World::new().await;
    let counts = logged(&mut world, APP_ROLE).await;
    assert_eq!(counts, BTreeMap::from([("bind".to_owned(), 12), ("execute".to_owned(), 12)]));
}

#[tokio::test]
async fn each_operation_is_one_statement_through_the_pooler_as_well() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let mut world = World::new().await;
    let counts = logged(&mut world, "authority").await;
    let of = |kind: &str| counts.get(kind).copied().unwrap_or_default();
    assert_eq!((of("bind"), of("execute")), (12, 12), "{counts:?}");
}
