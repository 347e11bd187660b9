//! Codes that are not exchanged.

use std::collections::HashSet;

use authority_store::{
    AccessToken, AuthorizationCode, ClientId, CodeVerifier, ErrorCode, Exchange, ExchangeRefusal as Refusal,
    IssueCode, NewAccessToken, Thumbprint,
};
use macro_rules_attribute::apply;

use crate::store::with::{dpop, kept, uris};
use crate::store::world::World;
use crate::support::{Session, in_time};

type Change = Box<dyn for<'a> FnOnce(Exchange<'a>) -> Exchange<'a>>;

#[apply(both_ways)]
#[expect(clippy::too_many_lines, reason = "a list of every case")]
async fn each_reason_not_to_exchange_a_code_has_its_error_code_and_leaves_the_code_as_it_was() {
    let mut world = World::new().await;
    let mut seen = HashSet::new();
    let other = ClientId::new(world.now, &mut world.random);
    let verifier = kept(CodeVerifier::new("x".repeat(43)).expect("a verifier"));
    let same = || -> Change { Box::new(|request| request) };
    let cases: Vec<(&str, Refusal, ErrorCode, Change)> = vec![
        (
            "",
            Refusal::WrongClient,
            ErrorCode::InvalidGrant,
            Box::new(move |r| Exchange { client: other, ..r }),
        ),
        ("UPDATE clients SET disabled_at = now()", Refusal::ClientDisabled, ErrorCode::InvalidClient, same()),
        (
            "UPDATE clients SET grant_types = '{refresh_token}', response_types = '{}'",
            Refusal::UnauthorizedClient,
            ErrorCode::UnauthorizedClient,
            same(),
        ),
        (
            "",
            Refusal::RedirectUriMismatch,
            ErrorCode::InvalidGrant,
            Box::new(|r| Exchange { redirect_uri: None, ..r }),
        ),
        (
            "",
            Refusal::PkceMismatch,
            ErrorCode::InvalidGrant,
            Box::new(move |r| Exchange { code_verifier: Some(verifier), ..r }),
        ),
        (
            "",
            Refusal::SenderMismatch,
            ErrorCode::InvalidGrant,
            Box::new(|r| Exchange { sender: Some(dpop(2)), ..r }),
        ),
        ("", Refusal::SenderMismatch, ErrorCode::InvalidGrant, Box::new(|r| Exchange { sender: None, ..r })),
        ("UPDATE clients SET revocation_epoch = 1", Refusal::Revoked, ErrorCode::InvalidGrant, same()),
        ("UPDATE users SET revocation_epoch = 1", Refusal::Revoked, ErrorCode::InvalidGrant, same()),
        ("UPDATE users SET locked_at = now()", Refusal::UserInactive, ErrorCode::InvalidGrant, same()),
        (
            "UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'",
            Refusal::SessionEnded,
            ErrorCode::InvalidGrant,
            same(),
        ),
        (
            "",
            Refusal::TargetExceeded,
            ErrorCode::InvalidTarget,
            Box::new(|r| Exchange { resources: Some(uris(&["https://api.example/b"])), ..r }),
        ),
        (
            "",
            Refusal::TargetExceeded,
            ErrorCode::InvalidTarget,
            Box::new(|r| Exchange { resources: Some(uris(&["\0"])), ..r }),
        ),
    ];
    let code = world
        .code_with(|request| IssueCode {
            dpop_jkt: Some(Thumbprint::new([1; 32])),
            resources: uris(&["https://api.example/a"]),
            ..request
        })
        .await;
    for (sql, wanted, error, change) in cases {
        if !sql.is_empty() {
            world.sql(sql).await;
        }
        let (outcome, ..) =
            world.exchange_with(&code, |r| change(Exchange { sender: Some(dpop(1)), ..r })).await;
        assert_eq!(outcome.expect_err("a refusal"), wanted, "{sql}");
        assert_eq!(wanted.error_code(), error);
        seen.insert(wanted);
        world.restore().await;
    }
    let unbound = world.code().await;
    for (column, wanted, error) in [
        ("dpop_bound_access_tokens", Refusal::DpopRequired, ErrorCode::InvalidDpopProof),
        (
            "tls_client_certificate_bound_access_tokens",
            Refusal::CertificateRequired,
            ErrorCode::InvalidRequest,
        ),
    ] {
        world.sql(&format!("UPDATE clients SET {column} = true")).await;
        assert_eq!(world.exchange_with(&unbound, |r| r).await.0.expect_err("a refusal"), wanted);
        assert_eq!(wanted.error_code(), error);
        seen.insert(wanted);
        world.restore().await;
    }
    // What is no URI is no resource, also for a grant that names none (RFC 8707 section 2).
    for uri in ["\0", "no uri", "https://api.example/#fragment"] {
        let (outcome, ..) =
            world.exchange_with(&unbound, |r| Exchange { resources: Some(uris(&[uri])), ..r }).await;
        assert_eq!(outcome.expect_err("a refusal"), Refusal::TargetExceeded);
    }
    // Nor is a list that no table takes, although each of it was granted.
    let many = kept(vec!["https://api.example/a".to_owned(); 10_000]);
    let (outcome, ..) =
        world.exchange_with(&code, |r| Exchange { resources: Some(many), sender: Some(dpop(1)), ..r }).await;
    assert_eq!(outcome.expect_err("a refusal"), Refusal::TargetExceeded);
    for audience in [uris(&["\0"]), uris(&[""]), uris(&["a b"]), many] {
        let (outcome, ..) = world.exchange_with(&unbound, |r| Exchange { audience, ..r }).await;
        assert_eq!(outcome.expect_err("a refusal"), Refusal::BadAudience);
    }
    assert_eq!(Refusal::BadAudience.error_code(), ErrorCode::InvalidTarget);
    seen.insert(Refusal::BadAudience);
    let made_up = AuthorizationCode::for_id(code.id(), &mut world.random);
    let unknown = AuthorizationCode::generate(world.now, &mut world.random);
    for code in [&made_up, &unknown] {
        assert_eq!(world.exchange_with(code, |r| r).await.0.expect_err("a refusal"), Refusal::Unknown);
    }
    assert_eq!(Refusal::Unknown.error_code(), ErrorCode::InvalidGrant);
    assert_eq!(
        world.value("SELECT count(*) FROM authorization_codes WHERE consumed_at IS NOT NULL").await,
        "0"
    );
    assert_eq!(world.value("SELECT count(*) FROM access_tokens").await, "0");

    // After all of that, the codes are still good.
    world.exchange_with(&code, |r| Exchange { sender: Some(dpop(1)), ..r }).await.0.expect("tokens");
    assert_eq!(world.exchange_with(&code, |r| r).await.0.expect_err("used"), Refusal::Replayed);
    assert_eq!(Refusal::Replayed.error_code(), ErrorCode::InvalidGrant);
    world.wait(600);
    assert_eq!(world.exchange_with(&unbound, |r| r).await.0.expect_err("late"), Refusal::Expired);
    assert_eq!(Refusal::Expired.error_code(), ErrorCode::InvalidGrant);
    seen.extend([Refusal::Unknown, Refusal::Replayed, Refusal::Expired]);
    assert_eq!(seen, Refusal::ALL.iter().copied().collect());
}

#[apply(both_ways)]
async fn a_code_is_good_until_the_last_moment() {
    let mut world = World::new().await;
    let code = world.code().await;
    world.now += chrono::TimeDelta::microseconds(599_999_999);
    world.tokens(&code).await;
}

#[apply(both_ways)]
async fn a_made_up_secret_waits_for_nobody() {
    let mut world = World::new().await;
    let code = world.code().await;
    let lock = format!("SELECT FROM authorization_codes WHERE id = '{}' FOR UPDATE", code.id());
    let session = Session::begin(&world.database, &lock).await;
    let made_up = AuthorizationCode::for_id(code.id(), &mut world.random);
    let (outcome, ..) = in_time("a forged exchange", world.exchange_with(&made_up, |r| r)).await;
    assert_eq!(outcome.expect_err("made up"), Refusal::Unknown);
    session.end().await;
    world.tokens(&code).await;
}

#[apply(both_ways)]
async fn a_replay_leaves_when_and_why_something_was_revoked_before() {
    let mut world = World::new().await;
    let code = world.code().await;
    world.tokens(&code).await;
    for table in ["access_tokens", "refresh_tokens"] {
        world
            .sql(&format!(
                "UPDATE {table} SET revoked_at = '2026-11-25T11:00:00Z', revocation_reason = 'administrator'"
            ))
            .await;
    }
    assert_eq!(world.exchange_with(&code, |r| r).await.0.expect_err("used"), Refusal::Replayed);
    let sql = "SELECT count(*) FROM (SELECT revoked_at, revocation_reason FROM access_tokens
                                     UNION ALL SELECT revoked_at, revocation_reason FROM refresh_tokens) one
               WHERE revoked_at = '2026-11-25T11:00:00Z' AND revocation_reason = 'administrator'";
    assert_eq!(world.value(sql).await, "2");
}

#[apply(both_ways)]
async fn a_replay_revokes_tokens_of_every_kind_that_the_code_gave() {
    let mut world = World::new().await;
    let code = world.code().await;
    let jwt = kept(AccessToken::generate(world.now, &mut world.random)).id();
    let (outcome, _, refresh) =
        world.exchange_with(&code, |r| Exchange { access_token: NewAccessToken::Jwt(jwt), ..r }).await;
    outcome.expect("tokens");
    let (rotated, successor, access) = world.rotate(&refresh).await;
    rotated.expect("a successor");
    assert_eq!(world.exchange_with(&code, |r| r).await.0.expect_err("used"), Refusal::Replayed);
    let presented = authority_store::PresentedAccessToken::Jwt(jwt);
    let found = world.store.introspect_access_token(presented, world.now).await.expect("a database");
    assert_eq!(found.expect_err("revoked"), authority_store::Inactive::Revoked);
    assert_eq!(world.introspect(&access).await.expect_err("revoked"), authority_store::Inactive::Family);
    assert_eq!(
        world.rotate(&successor).await.0.expect_err("revoked"),
        authority_store::RotateRefusal::Revoked
    );
    assert_eq!(
        world
            .value("SELECT revocation_reason || coalesce(sealed_successor::text, '') FROM refresh_tokens")
            .await,
        "code_replay"
    );
}

#[apply(both_ways)]
async fn a_code_of_somebody_who_was_erased_is_refused_whatever_its_epoch() {
    let mut world = World::new().await;
    let code = world.code().await;
    world
        .sql(
            "UPDATE users SET erased_at = now(), tokens_revoked_before = now(), username = 'erased-' || id,
                 email = id || '@erased.invalid'",
        )
        .await;
    assert_eq!(world.exchange_with(&code, |r| r).await.0.expect_err("erased"), Refusal::UserInactive);
}

#[apply(both_ways)]
async fn a_code_does_not_outlive_the_session_that_it_was_granted_in() {
    let mut world = World::new().await;
    world.sql("UPDATE sessions SET expires_at = created_at + interval '60 seconds', idle_expires_at = created_at + interval '60 seconds'").await;
    for scopes in ["openid", "openid offline_access"] {
        let then = world.now;
        let code = world.code_for(scopes).await;
        world.wait(60);
        assert_eq!(world.exchange_with(&code, |r| r).await.0.expect_err("over"), Refusal::SessionEnded);
        world.now = then;
    }
}
