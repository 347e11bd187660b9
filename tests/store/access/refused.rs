//! What is refused, and that nothing is written then.

use std::collections::HashSet;

use authority_entity::sea_orm_active_enums::GrantType;
use authority_store::{
    AccessTokenId, ClientId, ErrorCode, IssueAccessToken, IssueAccessTokenRefusal as Refusal, Subject, UserId,
};
use macro_rules_attribute::apply;
use serde_json::json;

use super::EXCHANGES;
use crate::store::with::{kept, uris};
use crate::store::world::World;

type Change = Box<dyn for<'a> FnOnce(IssueAccessToken<'a>) -> IssueAccessToken<'a>>;

/// What a client may have sent, and no row could hold.
fn refused_values() -> Vec<(&'static str, Refusal, ErrorCode, Change)> {
    vec![
        (
            "",
            Refusal::BadTarget,
            ErrorCode::InvalidTarget,
            Box::new(|r| IssueAccessToken { resources: uris(&["https://api.example/#a"]), ..r }),
        ),
        (
            "",
            Refusal::BadAudience,
            ErrorCode::InvalidTarget,
            Box::new(|r| IssueAccessToken { audience: uris(&["\0"]), ..r }),
        ),
        (
            "",
            Refusal::BadAuthorizationDetails,
            ErrorCode::InvalidAuthorizationDetails,
            Box::new(|r| IssueAccessToken { authorization_details: Some(kept(json!([{"type": 1}]))), ..r }),
        ),
        (
            "",
            Refusal::BadActor,
            ErrorCode::InvalidRequest,
            Box::new(|r| IssueAccessToken { actor: Some(kept(json!({"client_id": "a"}))), ..r }),
        ),
        (
            "",
            Refusal::BadActor,
            ErrorCode::InvalidRequest,
            Box::new(|r| IssueAccessToken { actor: Some(kept(json!({"sub": "a\0"}))), ..r }),
        ),
    ]
}

#[apply(both_ways)]
async fn each_reason_not_to_issue_a_token_has_its_error_code_and_writes_nothing() {
    let mut world = World::new().await;
    let mut seen = HashSet::new();
    let client = ClientId::new(world.now, &mut world.random);
    let nobody = UserId::new(world.now, &mut world.random);
    let unknown = AccessTokenId::new(world.now, &mut world.random);
    let ada = world.recognised().await;
    let Subject::User(_, epoch) = ada else { panic!("{ada:?}") };
    let scopes = kept("openid admin".parse().expect("scopes"));
    let same = || -> Change { Box::new(|request| request) };
    let cases: Vec<(&str, Refusal, ErrorCode, Change)> = vec![
        (
            "",
            Refusal::UnknownClient,
            ErrorCode::InvalidClient,
            Box::new(move |r| IssueAccessToken { client, ..r }),
        ),
        ("UPDATE clients SET disabled_at = now()", Refusal::ClientDisabled, ErrorCode::InvalidClient, same()),
        (
            "",
            Refusal::UnauthorizedClient,
            ErrorCode::UnauthorizedClient,
            Box::new(|r| IssueAccessToken { grant_type: GrantType::ClientCredentials, ..r }),
        ),
        (
            "",
            Refusal::ScopeNotAllowed,
            ErrorCode::InvalidScope,
            Box::new(move |r| IssueAccessToken { scopes, ..r }),
        ),
        (
            "UPDATE clients SET dpop_bound_access_tokens = true",
            Refusal::DpopRequired,
            ErrorCode::InvalidDpopProof,
            same(),
        ),
        (
            "UPDATE clients SET tls_client_certificate_bound_access_tokens = true",
            Refusal::CertificateRequired,
            ErrorCode::InvalidRequest,
            same(),
        ),
        (
            "UPDATE users SET locked_at = now()",
            Refusal::UserInactive,
            ErrorCode::InvalidGrant,
            Box::new(move |r| IssueAccessToken { subject: ada, ..r }),
        ),
        (
            "UPDATE users SET revocation_epoch = 1",
            Refusal::Revoked,
            ErrorCode::InvalidGrant,
            Box::new(move |r| IssueAccessToken { subject: ada, ..r }),
        ),
        (
            "",
            Refusal::SubjectInvalid,
            ErrorCode::InvalidRequest,
            Box::new(move |r| IssueAccessToken { subject: Subject::AccessToken(unknown), ..r }),
        ),
        (
            "",
            Refusal::UserInactive,
            ErrorCode::InvalidGrant,
            Box::new(move |r| IssueAccessToken { subject: Subject::User(nobody, epoch), ..r }),
        ),
    ];
    for (sql, wanted, error, change) in cases.into_iter().chain(refused_values()) {
        world.sql(EXCHANGES).await;
        if !sql.is_empty() {
            world.sql(sql).await;
        }
        assert_eq!(world.grant_with(change).await.0, Err(wanted), "{sql}");
        assert_eq!(wanted.error_code(), error);
        seen.insert(wanted);
        world.restore().await;
    }
    assert_eq!(seen, Refusal::ALL.iter().copied().collect());
    assert_eq!(world.value("SELECT count(*) FROM access_tokens").await, "0");
}
