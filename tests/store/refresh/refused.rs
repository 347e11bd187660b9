//! What is refused, and what that leaves as it was.

use std::collections::HashSet;

use authority_store::{
    ClientId, ErrorCode, Exchange, IssueCode, RefreshToken, Rotate, RotateRefusal as Refusal, Rotation,
    StoreError,
};
use macro_rules_attribute::apply;

use crate::store::with::{certificate, dpop, kept, uris};
use crate::store::world::{AUDIENCE, World, rotate};

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
