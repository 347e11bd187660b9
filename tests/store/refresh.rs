//! Rotation of refresh tokens, one caller at a time.

mod refused;
mod replaced;

use authority_store::{Rotate, RotateRefusal as Refusal, Rotation};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use super::with::{hex, kept};
use super::world::World;

#[apply(both_ways)]
async fn a_rotation_rewrites_the_row_in_place() {
    let mut world = World::new().await;
    let token = world.family("openid offline_access").await;
    world.sql("UPDATE clients SET refresh_token_ttl = 3600").await;
    world.wait(100);
    let (outcome, successor, access) = world.rotate(&token).await;
    let Ok(Rotation::Rotated(grant)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(grant.refresh_expires_at, Some(world.now + TimeDelta::hours(1)));
    let row = world
        .value(
            "SELECT concat_ws(' ', encode(digest, 'hex'), encode(previous_digest, 'hex'), generation,
                              octet_length(sealed_successor), rotated_at - issued_at, idle_expires_at - rotated_at,
                              expires_at - issued_at, encode(lineage_digest, 'hex'))
             FROM refresh_tokens",
        )
        .await;
    let wanted = format!(
        "{} {} 1 60 00:01:40 01:00:00 365 days {}",
        hex(&successor.digest()),
        hex(&token.digest()),
        hex(&token.lineage_digest())
    );
    assert_eq!(row, wanted);
    let sql = format!("SELECT refresh_token_id FROM access_tokens WHERE id = '{}'", access.id());
    assert_eq!(world.value(&sql).await, token.family().to_string());
}

#[apply(both_ways)]
async fn the_absolute_lifetime_bounds_what_a_rotation_gives() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    world.wait(7 * 86400 - 60);
    let (outcome, successor, _) = world.rotate(&token).await;
    let Ok(Rotation::Rotated(grant)) = outcome else { panic!("{outcome:?}") };
    let end = world.now + TimeDelta::seconds(60);
    assert_eq!((grant.access_expires_at, grant.refresh_expires_at), (end, Some(end)));
    world.wait(60);
    assert_eq!(world.rotate(&successor).await.0.expect_err("over"), Refusal::Expired);
}

#[apply(both_ways)]
async fn a_refresh_token_that_nobody_uses_expires_and_a_used_one_does_not() {
    let mut world = World::new().await;
    world.sql("UPDATE clients SET refresh_token_ttl = 60").await;
    let idle = world.family("openid offline_access").await;
    let mut used = world.family("openid offline_access").await;
    for _ in 0..3 {
        world.wait(59);
        let (outcome, successor, _) = world.rotate(&used).await;
        assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
        used = successor;
    }
    assert_eq!(world.rotate(&idle).await.0.expect_err("idle"), Refusal::Expired);
}

#[apply(both_ways)]
async fn scopes_are_narrowed_for_the_access_token_alone() {
    let mut world = World::new().await;
    let token = world.family("openid profile").await;
    let less = kept("openid".parse().expect("a scope"));
    let (outcome, successor, access) =
        world.rotate_with(&token, |r| Rotate { scopes: Some(less), ..r }).await;
    outcome.expect("tokens");
    assert_eq!(world.introspect(&access).await.expect("active").scopes, *less);
    let (outcome, _, access) = world.rotate(&successor).await;
    outcome.expect("tokens");
    assert_eq!(world.introspect(&access).await.expect("active").scopes.to_string(), "openid profile");
}
