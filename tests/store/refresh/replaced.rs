//! Tokens that were replaced: asked for again, within the grace and after it, and stolen.

use authority_store::{Audit, RefreshToken, Rotate, RotateRefusal as Refusal, Rotation};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use crate::store::world::{AUDIENCE, World, rotate};
use crate::support::{Session, in_time};

#[apply(both_ways)]
async fn the_grace_is_a_setting_that_counts_at_once_and_zero_is_strict() {
    let mut world = World::new().await;
    for (setting, wait, repeated) in [
        ("10", 9, true),
        ("10", 10, false),
        ("300", 299, true),
        ("0", 0, false),
        // The clock of another machine, behind.
        ("0", -2, false),
        ("-5", -10, false),
        ("null", 9, true),
        ("999999999999999999", 86399, true),
        ("999999999999999999", 86400, false),
    ] {
        let token = world.family("openid offline_access").await;
        world.rotate(&token).await.0.expect("a successor");
        world.setting("refresh_grace_seconds", setting).await;
        let then = world.now;
        world.wait(wait);
        let (outcome, ..) = world.rotate(&token).await;
        assert_eq!(matches!(outcome, Ok(Rotation::Repeated(..))), repeated, "{setting} {wait}: {outcome:?}");
        if !repeated {
            assert_eq!(outcome.expect_err("theft"), Refusal::Reused);
        }
        world.now = then;
    }
}

#[apply(both_ways)]
async fn a_made_up_token_neither_revokes_the_family_nor_waits_for_it() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let lock = format!("SELECT FROM refresh_tokens WHERE id = '{}' FOR UPDATE", token.family());
    let session = Session::begin(&world.database, &lock).await;
    let made_up = RefreshToken::for_id(token.family(), &mut world.random);
    let (outcome, ..) = in_time("a forged rotation", world.rotate(&made_up)).await;
    assert_eq!(outcome.expect_err("made up"), Refusal::Unknown);
    let revoked =
        world.store.revoke_refresh_token(&made_up, world.client, None, world.now, &mut world.random);
    assert_eq!(
        in_time("a forged revocation", revoked).await.expect("a database"),
        authority_store::Revocation::Unknown
    );
    session.end().await;
    assert!(matches!(world.rotate(&token).await.0, Ok(Rotation::Rotated(_))));
}

#[apply(both_ways)]
async fn an_ancestor_of_any_age_is_known_and_the_theft_revokes_the_family() {
    let mut world = World::new().await;
    let first = world.family("openid").await;
    let (mut token, mut access) = (None, None);
    for _ in 0..5 {
        let (outcome, successor, issued) = world.rotate(token.as_ref().unwrap_or(&first)).await;
        outcome.expect("a successor");
        (token, access) = (Some(successor), Some(issued));
    }
    assert_eq!(world.rotate(&first).await.0.expect_err("theft"), Refusal::Reused);
    let token = token.expect("five");
    assert_eq!(world.rotate(&token).await.0.expect_err("revoked"), Refusal::Revoked);
    assert_eq!(
        world.introspect(&access.expect("five")).await.expect_err("revoked"),
        authority_store::Inactive::Family
    );
    let seal = "SELECT revocation_reason || coalesce(sealed_successor::text, '') FROM refresh_tokens";
    assert_eq!(world.value(seal).await, "refresh_token_reuse");
}

#[apply(both_ways)]
async fn the_same_call_again_gives_the_same_outcome_whatever_that_was() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let (successor, audience) = (token.successor(&mut world.random), [AUDIENCE.to_owned()]);
    let (access, _) = world.new_tokens();
    let audit = Audit::new(world.now, &mut world.random);
    let request =
        Rotate { audit: Some(&audit), ..rotate(&token, &successor, world.client, &access, &audience) };
    let mut grants = Vec::new();
    for _ in 0..3 {
        let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
        let Ok(Rotation::Rotated(grant)) = outcome.expect("a database") else { panic!("not rotated") };
        grants.push(grant);
    }
    assert!(grants.iter().all(|grant| *grant == grants[0]));
    let counts = "SELECT concat_ws(' ', (SELECT generation FROM refresh_tokens),
        (SELECT count(*) FROM access_tokens WHERE refresh_token_id IS NOT NULL),
        (SELECT count(*) FROM audit_logs WHERE event = 'refresh_token.rotate'))";
    assert_eq!(world.value(counts).await, "1 2 1");

    // Another tab was given the successor meanwhile, and has used it: the lost answer is still the same.
    world.rotate(&successor).await.0.expect("the next");
    let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
    assert!(matches!(outcome, Ok(Ok(Rotation::Rotated(_)))), "{outcome:?}");

    // A theft is told again as well.
    let (next, (access, _)) = (token.successor(&mut world.random), world.new_tokens());
    let request = rotate(&token, &next, world.client, &access, &audience);
    for _ in 0..2 {
        let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
        assert_eq!(outcome.expect("a database").expect_err("theft"), Refusal::Reused);
    }
}

#[apply(both_ways)]
async fn a_replaced_token_is_given_the_same_successor_with_an_access_token_of_its_own() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let (outcome, successor, first) = world.rotate(&token).await;
    outcome.expect("a successor");
    world.wait(5);
    let (outcome, unused, second) = world.rotate(&token).await;
    let Ok(Rotation::Repeated(grant, again)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(*again.reveal(), *successor.reveal());
    assert_eq!(grant.access_expires_at, world.now + TimeDelta::hours(1));
    for access in [&first, &second] {
        assert!(world.introspect(access).await.is_ok());
    }
    // Who presents the successor that was made in vain has one that never was: but it is of the family.
    assert_eq!(world.rotate(&unused).await.0.expect_err("never given"), Refusal::Reused);
}

#[apply(both_ways)]
async fn a_replaced_token_without_a_sealed_successor_is_taken_for_theft() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    world.rotate(&token).await.0.expect("a successor");
    world.sql("UPDATE refresh_tokens SET sealed_successor = NULL").await;
    assert_eq!(world.rotate(&token).await.0.expect_err("theft"), Refusal::Reused);
}
