//! Rotation of refresh tokens, one caller at a time.

use std::collections::HashSet;

use authority_store::{
    Audit, ClientId, ErrorCode, Exchange, IssueCode, RefreshToken, Rotate, RotateRefusal as Refusal,
    Rotation, StoreError,
};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use super::with::{certificate, dpop, hex, kept, uris};
use super::world::{AUDIENCE, World, rotate};
use crate::support::{Session, in_time};

type Change = Box<dyn for<'a> FnOnce(Rotate<'a>) -> Rotate<'a>>;

/// A family of a public client that is bound to a key, for a resource.
async fn bound(world: &mut World) -> RefreshToken {
    let code =
        world.code_with(|request| IssueCode { resources: uris(&["https://api.example/a"]), ..request }).await;
    let (outcome, _, refresh) =
        world.exchange_with(&code, |request| Exchange { sender: Some(dpop(1)), ..request }).await;
    outcome.expect("tokens");
    refresh
}

#[apply(both_ways)]
#[expect(clippy::too_many_lines, reason = "a list of every case")]
async fn each_reason_not_to_rotate_has_its_error_code_and_leaves_the_token_as_it_was() {
    let mut world = World::new().await;
    let mut seen = HashSet::new();
    let token = bound(&mut world).await;
    let other = ClientId::new(world.now, &mut world.random);
    let more = kept("openid admin".parse().expect("scopes"));
    let same = || -> Change { Box::new(|request| request) };
    let cases: Vec<(&str, Refusal, ErrorCode, Change)> = vec![
        ("", Refusal::WrongClient, ErrorCode::InvalidGrant, Box::new(move |r| Rotate { client: other, ..r })),
        ("UPDATE clients SET revocation_epoch = 1", Refusal::Revoked, ErrorCode::InvalidGrant, same()),
        ("UPDATE users SET revocation_epoch = 1", Refusal::Revoked, ErrorCode::InvalidGrant, same()),
        ("UPDATE clients SET disabled_at = now()", Refusal::ClientDisabled, ErrorCode::InvalidClient, same()),
        (
            "UPDATE clients SET grant_types = '{authorization_code}'",
            Refusal::UnauthorizedClient,
            ErrorCode::UnauthorizedClient,
            same(),
        ),
        ("UPDATE users SET locked_at = now()", Refusal::UserInactive, ErrorCode::InvalidGrant, same()),
        (
            "UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'",
            Refusal::SessionEnded,
            ErrorCode::InvalidGrant,
            same(),
        ),
        ("", Refusal::SenderMismatch, ErrorCode::InvalidGrant, Box::new(|r| Rotate { sender: None, ..r })),
        (
            "",
            Refusal::SenderMismatch,
            ErrorCode::InvalidGrant,
            Box::new(|r| Rotate { sender: Some(dpop(2)), ..r }),
        ),
        (
            "",
            Refusal::SenderMismatch,
            ErrorCode::InvalidGrant,
            Box::new(|r| Rotate { sender: Some(certificate(1)), ..r }),
        ),
        (
            "",
            Refusal::ScopeExceeded,
            ErrorCode::InvalidScope,
            Box::new(move |r| Rotate { scopes: Some(more), ..r }),
        ),
        (
            "",
            Refusal::TargetExceeded,
            ErrorCode::InvalidTarget,
            Box::new(|r| Rotate { resources: Some(uris(&["https://api.example/b"])), ..r }),
        ),
        (
            "",
            Refusal::TargetExceeded,
            ErrorCode::InvalidTarget,
            Box::new(|r| Rotate { resources: Some(uris(&["\0"])), ..r }),
        ),
        (
            "",
            Refusal::BadAudience,
            ErrorCode::InvalidTarget,
            Box::new(|r| Rotate { audience: uris(&["\0"]), ..r }),
        ),
        (
            "",
            Refusal::BadAudience,
            ErrorCode::InvalidTarget,
            Box::new(|r| Rotate { audience: uris(&["https://api.example/\u{e4}"]), ..r }),
        ),
    ];
    for (sql, wanted, error, change) in cases {
        if !sql.is_empty() {
            world.sql(sql).await;
        }
        let (outcome, ..) =
            world.rotate_with(&token, |r| change(Rotate { sender: Some(dpop(1)), ..r })).await;
        assert_eq!(outcome.expect_err("a refusal"), wanted, "{sql}");
        assert_eq!(wanted.error_code(), error);
        seen.insert(wanted);
        world.restore().await;
    }
    let unbound = world.family("openid").await;
    for (column, wanted, error) in [
        ("dpop_bound_access_tokens", Refusal::DpopRequired, ErrorCode::InvalidDpopProof),
        (
            "tls_client_certificate_bound_access_tokens",
            Refusal::CertificateRequired,
            ErrorCode::InvalidRequest,
        ),
    ] {
        world.sql(&format!("UPDATE clients SET {column} = true")).await;
        assert_eq!(world.rotate(&unbound).await.0.expect_err("a refusal"), wanted);
        assert_eq!(wanted.error_code(), error);
        seen.insert(wanted);
        world.restore().await;
    }
    let never = RefreshToken::generate(world.now, &mut world.random);
    let made_up = RefreshToken::for_id(token.family(), &mut world.random);
    for token in [&never, &made_up] {
        assert_eq!(world.rotate(token).await.0.expect_err("a refusal"), Refusal::Unknown);
    }
    assert_eq!(Refusal::Unknown.error_code(), ErrorCode::InvalidGrant);
    seen.insert(Refusal::Unknown);
    assert_eq!(
        world
            .value("SELECT count(*) FROM refresh_tokens WHERE generation > 0 OR revoked_at IS NOT NULL")
            .await,
        "0"
    );

    // After all of that the tokens are still good.
    let (outcome, ..) = world.rotate_with(&token, |r| Rotate { sender: Some(dpop(1)), ..r }).await;
    assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
    world.wait(10);
    assert_eq!(world.rotate(&token).await.0.expect_err("old"), Refusal::Reused);
    assert_eq!(Refusal::Reused.error_code(), ErrorCode::InvalidGrant);
    world.wait(7 * 86400);
    assert_eq!(world.rotate(&unbound).await.0.expect_err("late"), Refusal::Expired);
    assert_eq!(Refusal::Expired.error_code(), ErrorCode::InvalidGrant);
    seen.extend([Refusal::Reused, Refusal::Expired]);
    assert_eq!(seen, Refusal::ALL.iter().copied().collect());
}

#[apply(both_ways)]
async fn a_new_token_that_is_no_successor_is_stored_nowhere() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let (access, stranger) = world.new_tokens();
    let of_another_lineage = RefreshToken::for_id(token.family(), &mut world.random);
    let audience = [AUDIENCE.to_owned()];
    for successor in [&stranger, &of_another_lineage, &token] {
        let request = rotate(&token, successor, world.client, &access, &audience);
        let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
        assert!(matches!(outcome, Err(StoreError::NotASuccessor)), "{outcome:?}");
    }
    world.rotate(&token).await.0.expect("the token is good as before");
}

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

#[apply(both_ways)]
async fn a_confidential_client_may_change_its_key_and_a_public_one_may_not() {
    let mut world = World::new().await;
    let token = bound(&mut world).await;
    let (outcome, ..) = world.rotate_with(&token, |r| Rotate { sender: Some(dpop(2)), ..r }).await;
    assert_eq!(outcome.expect_err("another key"), Refusal::SenderMismatch);
    world.sql("UPDATE clients SET client_type = 'confidential', token_endpoint_auth_method = 'private_key_jwt', jwks_uri = 'https://app.example/keys'").await;
    let token = bound(&mut world).await;
    let (outcome, _, access) = world.rotate_with(&token, |r| Rotate { sender: Some(dpop(2)), ..r }).await;
    outcome.expect("tokens");
    assert_eq!(world.introspect(&access).await.expect("active").sender, Some(dpop(2)));
}

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
async fn a_token_of_somebody_who_was_erased_is_refused_whatever_its_epoch() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    world
        .sql(
            "UPDATE users SET erased_at = now(), tokens_revoked_before = now(), username = 'erased-' || id,
                 email = id || '@erased.invalid'",
        )
        .await;
    assert_eq!(world.rotate(&token).await.0.expect_err("erased"), Refusal::UserInactive);
}

#[apply(both_ways)]
async fn a_replaced_token_without_a_sealed_successor_is_taken_for_theft() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    world.rotate(&token).await.0.expect("a successor");
    world.sql("UPDATE refresh_tokens SET sealed_successor = NULL").await;
    assert_eq!(world.rotate(&token).await.0.expect_err("theft"), Refusal::Reused);
}

#[apply(both_ways)]
async fn a_token_that_is_bound_to_a_certificate_needs_that_one() {
    let mut world = World::new().await;
    let code = world.code().await;
    let sender = Some(certificate(1));
    let (outcome, _, token) = world.exchange_with(&code, |r| Exchange { sender, ..r }).await;
    outcome.expect("tokens");
    for other in [None, Some(certificate(2)), Some(dpop(1))] {
        let (outcome, ..) = world.rotate_with(&token, |r| Rotate { sender: other, ..r }).await;
        assert_eq!(outcome.expect_err("another"), Refusal::SenderMismatch, "{other:?}");
    }
    world.rotate_with(&token, |r| Rotate { sender, ..r }).await.0.expect("a successor");
}
