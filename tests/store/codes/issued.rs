//! Issuing codes.

use std::collections::HashSet;

use authority_entity::sea_orm_active_enums::CodeChallengeMethod;
use authority_store::{
    CodeChallenge, ErrorCode, IssueCode, IssueCodeRefusal as Refusal, SessionId, Thumbprint, UserEpoch,
    UserId,
};
use chrono::TimeDelta;
use macro_rules_attribute::apply;
use serde_json::json;

use crate::store::with::{kept, uris};
use crate::store::world::{VERIFIER, World};

/// What a client, or whoever the person proved themselves to, may have sent, and no row could hold.
fn refused_values() -> Vec<(Refusal, ErrorCode, Change)> {
    let mut all: Vec<(Refusal, ErrorCode, Change)> = Vec::new();
    for uri in ["", "\0", "no uri", "/relative", "https://api.example/#fragment", "javascript:alert(1)"] {
        let change: Change =
            Box::new(move |r| IssueCode { resources: uris(&["https://api.example/", uri]), ..r });
        all.push((Refusal::BadTarget, ErrorCode::InvalidTarget, change));
    }
    for nonce in [String::new(), "\0".to_owned(), "n".repeat(1001)] {
        let change: Change = Box::new(move |r| IssueCode { nonce: Some(kept(nonce)), ..r });
        all.push((Refusal::BadNonce, ErrorCode::InvalidRequest, change));
    }
    let large = "x".repeat(70_000);
    for details in
        [json!({}), json!([1]), json!([{}]), json!([{"type": "a\0"}]), json!([{"type": "a", "b": large}])]
    {
        let change: Change = Box::new(move |r| IssueCode { authorization_details: Some(kept(details)), ..r });
        all.push((Refusal::BadAuthorizationDetails, ErrorCode::InvalidAuthorizationDetails, change));
    }
    for claims in
        [json!(null), json!([]), json!({"userinfo": {"a\0": null}}), json!({"userinfo": {"a": large}})]
    {
        let change: Change = Box::new(move |r| IssueCode { requested_claims: Some(kept(claims)), ..r });
        all.push((Refusal::BadRequestedClaims, ErrorCode::InvalidRequest, change));
    }
    for acr in [String::new(), "\0".to_owned(), "a".repeat(256)] {
        let change: Change = Box::new(move |r| IssueCode { acr: Some(kept(acr)), ..r });
        all.push((Refusal::BadContext, ErrorCode::ServerError, change));
    }
    for amr in ["", "\0", "p w d", "\u{e4}"] {
        let change: Change = Box::new(move |r| IssueCode { amr: uris(&[amr]), ..r });
        all.push((Refusal::BadContext, ErrorCode::ServerError, change));
    }
    all
}

#[apply(both_ways)]
async fn what_else_is_wrong_is_not_told_to_an_address_that_may_not_be_the_clients() {
    let mut world = World::new().await;
    for sql in [
        "UPDATE clients SET disabled_at = now()",
        "UPDATE clients SET grant_types = '{refresh_token}', response_types = '{}'",
        "UPDATE users SET locked_at = now()",
        "UPDATE sessions SET user_epoch = 1",
    ] {
        world.sql(sql).await;
        let (outcome, _) =
            world.issue_with(|r| IssueCode { redirect_uri: Some("https://evil.example/"), ..r }).await;
        assert_eq!(outcome, Err(Refusal::RedirectUriMismatch), "{sql}");
        world.restore().await;
    }
    for (_, _, change) in refused_values() {
        let (outcome, _) = world
            .issue_with(|r| change(IssueCode { redirect_uri: Some("https://evil.example/"), ..r }))
            .await;
        let refusal = outcome.expect_err("a refusal");
        assert_eq!((refusal, refusal.may_redirect()), (Refusal::RedirectUriMismatch, false));
    }
}

type Change = Box<dyn for<'a> FnOnce(IssueCode<'a>) -> IssueCode<'a>>;

fn same(request: IssueCode<'_>) -> IssueCode<'_> {
    request
}

#[apply(both_ways)]
async fn each_reason_not_to_issue_a_code_has_its_error_code_and_writes_nothing() {
    let mut world = World::new().await;
    // It has a test of its own.
    let mut seen = HashSet::from([Refusal::Revoked]);
    let unknown = authority_store::ClientId::new(world.now, &mut world.random);
    let nobody = UserId::new(world.now, &mut world.random);
    let no_session = SessionId::new(world.now, &mut world.random);
    let plain = kept(CodeChallenge::new(VERIFIER, CodeChallengeMethod::Plain).expect("a challenge"));
    let scopes = kept("openid admin".parse().expect("scopes"));
    let now = world.now;
    let mut check = async |sql: &str, wanted, code, change: fn(IssueCode<'_>) -> IssueCode<'_>| {
        if !sql.is_empty() {
            world.sql(sql).await;
        }
        let (outcome, _) = world.issue_with(change).await;
        assert_eq!(outcome, Err(wanted), "{sql}");
        assert_eq!(wanted.error_code(), code);
        seen.insert(wanted);
        world.restore().await;
    };
    check(
        "UPDATE clients SET disabled_at = now()",
        Refusal::ClientDisabled,
        ErrorCode::UnauthorizedClient,
        same,
    )
    .await;
    check(
        "UPDATE clients SET grant_types = '{refresh_token}', response_types = '{}'",
        Refusal::UnauthorizedClient,
        ErrorCode::UnauthorizedClient,
        same,
    )
    .await;
    let changes: [fn(IssueCode<'_>) -> IssueCode<'_>; 4] = [
        |request| IssueCode { redirect_uri: Some("https://app.example/callback/"), ..request },
        |request| IssueCode { redirect_uri: Some("https://APP.example/callback"), ..request },
        |request| IssueCode { redirect_uri: Some(""), ..request },
        |request| IssueCode { redirect_uri: Some("https://app.example/callback\0"), ..request },
    ];
    for change in changes {
        check("", Refusal::RedirectUriMismatch, ErrorCode::InvalidRequest, change).await;
    }
    check(
        "UPDATE clients SET redirect_uris = redirect_uris || 'https://app.example/two'::text",
        Refusal::RedirectUriMismatch,
        ErrorCode::InvalidRequest,
        |request| IssueCode { redirect_uri: None, ..request },
    )
    .await;
    check("", Refusal::PkceRequired, ErrorCode::InvalidRequest, |request| IssueCode {
        code_challenge: None,
        ..request
    })
    .await;
    for sql in
        ["UPDATE users SET locked_at = now()", "UPDATE users SET locked_at = now(), lock_reason = 'fraud'"]
    {
        check(sql, Refusal::UserInactive, ErrorCode::AccessDenied, same).await;
    }
    for sql in [
        "UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'",
        "UPDATE sessions SET user_epoch = 1",
        "UPDATE users SET revocation_epoch = 1",
    ] {
        check(sql, Refusal::SessionEnded, ErrorCode::LoginRequired, same).await;
    }
    let cases: [(Refusal, ErrorCode, Change); 5] = [
        (
            Refusal::UnknownClient,
            ErrorCode::InvalidClient,
            Box::new(move |r| IssueCode { client: unknown, ..r }),
        ),
        (
            Refusal::PlainNotAllowed,
            ErrorCode::InvalidRequest,
            Box::new(move |r| IssueCode { code_challenge: Some(plain), ..r }),
        ),
        (Refusal::ScopeNotAllowed, ErrorCode::InvalidScope, Box::new(move |r| IssueCode { scopes, ..r })),
        (Refusal::UserInactive, ErrorCode::AccessDenied, Box::new(move |r| IssueCode { user: nobody, ..r })),
        (
            Refusal::SessionEnded,
            ErrorCode::LoginRequired,
            Box::new(move |r| IssueCode { session: Some(no_session), ..r }),
        ),
    ];
    for (wanted, code, change) in cases.into_iter().chain(refused_values()) {
        let (outcome, _) = world.issue_with(change).await;
        assert_eq!((outcome, wanted.error_code()), (Err(wanted), code));
        seen.insert(wanted);
    }
    for days in [1, 7] {
        world.now = now + TimeDelta::days(days);
        assert_eq!(world.issue_with(|request| request).await.0, Err(Refusal::SessionEnded), "day {days}");
    }
    assert_eq!(seen, Refusal::ALL.iter().copied().collect());
    assert_eq!(world.value("SELECT count(*) FROM authorization_codes").await, "0");
}

fn outside_a_session(epoch: Option<UserEpoch>) -> Change {
    Box::new(move |r| IssueCode { session: None, epoch, ..r })
}

#[apply(both_ways)]
async fn a_code_outside_a_session_does_not_stand_on_a_proof_after_which_everything_was_revoked() {
    let mut world = World::new().await;
    let proof = world.epoch().await;
    assert!(world.issue_with(outside_a_session(Some(proof))).await.0.is_ok());
    world.revoke_everything().await;
    assert_eq!(world.issue_with(outside_a_session(Some(proof))).await.0, Err(Refusal::Revoked));
    assert_eq!(Refusal::Revoked.error_code(), ErrorCode::LoginRequired);
    let fresh = world.epoch().await;
    for epoch in [Some(fresh), None] {
        assert!(world.issue_with(outside_a_session(epoch)).await.0.is_ok(), "{epoch:?}");
    }
    assert_eq!(
        world.issue_with(|r| IssueCode { epoch: Some(fresh), ..r }).await.0,
        Err(Refusal::SessionEnded)
    );
}

#[apply(both_ways)]
async fn everything_of_the_request_is_in_the_row() {
    let mut world = World::new().await;
    world.sql("UPDATE clients SET revocation_epoch = 3; UPDATE users SET revocation_epoch = 5; UPDATE sessions SET user_epoch = 5").await;
    let details = kept(json!([{"type": "payment"}]));
    let claims = kept(json!({"userinfo": {"email": null}}));
    let amr = uris(&["pwd", "otp"]);
    world
        .code_with(|request| IssueCode {
            resources: uris(&["https://api.example/a"]),
            authorization_details: Some(details),
            requested_claims: Some(claims),
            acr: Some("urn:acr:2"),
            amr,
            dpop_jkt: Some(Thumbprint::new([1; 32])),
            ..request
        })
        .await;
    let row = world
        .value(
            "SELECT concat_ws(' ', scopes, resources, authorization_details, code_challenge_method, nonce, acr, amr,
                              requested_claims, dpop_jkt, client_epoch, user_epoch, expires_at - issued_at,
                              octet_length(digest), session_id IS NOT NULL, consumed_at IS NULL)
             FROM authorization_codes",
        )
        .await;
    assert_eq!(
        row,
        "{openid,profile} {https://api.example/a} [{\"type\": \"payment\"}] S256 n-0S6_WzA2Mj urn:acr:2 {pwd,otp} \
         {\"userinfo\": {\"email\": null}} AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE 3 5 00:10:00 32 t t"
    );
}

#[apply(both_ways)]
async fn a_code_lives_as_the_client_says_or_the_setting_but_ten_minutes_at_most() {
    let mut world = World::new().await;
    for (setting, client, seconds) in [
        ("60", "NULL", 60),
        ("null", "NULL", 600),
        ("999999999999999999", "NULL", 600),
        ("-999999999999999999", "NULL", 1),
        ("0", "NULL", 1),
        ("60", "30", 30),
    ] {
        world.setting("authorization_code_ttl", setting).await;
        world.sql(&format!("UPDATE clients SET authorization_code_ttl = {client}")).await;
        let (outcome, _) = world.issue_with(|request| request).await;
        assert_eq!(outcome, Ok(world.now + TimeDelta::seconds(seconds)), "{setting} {client}");
    }
}

#[apply(both_ways)]
async fn a_lock_that_ends_by_itself_does_not_keep_who_is_signed_in_from_granting() {
    let mut world = World::new().await;
    world.sql("UPDATE users SET locked_at = now(), locked_until = now() + interval '1 hour'").await;
    let code = world.code().await;
    world.tokens(&code).await;
}

#[apply(both_ways)]
async fn the_same_call_again_issues_the_same_code_once() {
    let mut world = World::new().await;
    let code = authority_store::AuthorizationCode::generate(world.now, &mut world.random);
    let scopes = "openid".parse().expect("a scope");
    let challenge = crate::store::with::challenge();
    let audit = authority_store::Audit::new(world.now, &mut world.random);
    let request = IssueCode { audit: Some(&audit), ..world.issue(&code, &scopes, &challenge) };
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(world.store.issue_authorization_code(&request, world.now).await.expect("a database"));
    }
    assert_eq!(outcomes, [outcomes[0]; 3]);
    assert_eq!(world.value("SELECT count(*) FROM authorization_codes").await, "1");
    assert_eq!(world.value("SELECT count(*) FROM audit_logs").await, "1");
}
