//! The same through PgBouncer in transaction mode.

use authority_store::{Inactive, PresentedAccessToken, Rotation};

use super::kills::survives_kills;
use super::races::{race_for_a_code, race_for_a_refresh_token, rounds};
use super::world::{World, store_at};
use crate::pgbouncer::Pooler;
use crate::support::Need;

/// A world whose store has so many connections to a pooler that has so many to the server.
async fn behind(clients: u32, servers: u32) -> (World, Pooler) {
    let mut world = World::new().await;
    let size = format!("default_pool_size = {servers}");
    let pooler = Pooler::with(&world.database, &[], &[("default_pool_size = 20", &size)]).await;
    world.store =
        store_at(&format!(
        // Without optimization the driver takes a while for the password of each connection.
        "{}?max_pool_size={clients}&connect_timeout=60&checkout_timeout=60&retry_delay=0.05&retry_attempts=20",
        pooler.url()
    )).await;
    assert!(world.store.pool().server().pooled);
    (world, pooler)
}

#[tokio::test]
async fn a_grant_goes_its_way_through_the_pooler() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let (mut world, _pooler) = behind(4, 2).await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let (outcome, successor, access) = world.rotate(&issued.refresh).await;
    assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
    let tokens = [PresentedAccessToken::Opaque(&access), PresentedAccessToken::Opaque(&issued.access)];
    let found = world.store.introspect_access_tokens(&tokens, world.now).await.expect("a database");
    assert!(found.iter().all(Result::is_ok));
    let revoked =
        world.store.revoke_refresh_token(&successor, world.client, None, world.now, &mut world.random);
    revoked.await.expect("a database");
    assert_eq!(world.introspect(&access).await.expect_err("revoked"), Inactive::Family);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_wins_through_the_pooler_as_well() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let (mut world, _pooler) = behind(24, 12).await;
    let mut token = world.family("openid offline_access").await;
    for _ in 0..rounds(5) {
        race_for_a_code(&mut world, 64).await;
        token = race_for_a_refresh_token(&mut world, token, 64).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn backends_that_die_behind_the_pooler_lose_nothing_and_double_nothing() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let (world, _pooler) = behind(8, 4).await;
    survives_kills(&world, "authority", 8, rounds(5)).await;
}
