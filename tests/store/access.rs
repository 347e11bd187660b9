//! Access tokens that are issued by themselves, and their revocation by clients.

mod proof;

use std::collections::HashSet;

use authority_entity::sea_orm_active_enums::GrantType;
use authority_store::{
    AccessToken, AccessTokenId, ClientId, ErrorCode, Inactive, IssueAccessToken,
    IssueAccessTokenRefusal as Refusal, NewAccessToken, PresentedAccessToken, Revocation, Subject, UserId,
};
use chrono::{DateTime, TimeDelta, Utc};
use macro_rules_attribute::apply;
use serde_json::json;

use super::with::{certificate, dpop, kept, uris};
use super::world::World;
use crate::support::{Session, in_time};

impl World {
    /// Ada, as somebody else's assertion names her.
    async fn recognised(&self) -> Subject {
        let found = self.store.find_user(self.user, self.now).await.expect("a database");
        Subject::User(self.user, found.expect("ada is there").epoch)
    }

    /// A token of the client for whoever an access token is of.
    async fn exchange_for(&mut self, token: &AccessToken) -> (Result<DateTime<Utc>, Refusal>, AccessToken) {
        let subject = Subject::AccessToken(token.id());
        self.grant_with(|r| IssueAccessToken { subject, ..r }).await
    }
}

const EXCHANGES: &str = "UPDATE clients SET grant_types = '{authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:token-exchange}'";

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

#[apply(both_ways)]
async fn everything_of_the_request_is_in_the_answer_of_an_introspection() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    world.sql("UPDATE clients SET access_token_ttl = 60, revocation_epoch = 2; UPDATE users SET revocation_epoch = 3").await;
    let details = kept(json!([{"type": "payment"}]));
    let actor = kept(json!({"sub": "service", "act": {"sub": "gateway"}}));
    let subject = world.recognised().await;
    for sender in [dpop(1), certificate(2)] {
        let (outcome, token) = world
            .grant_with(|r| IssueAccessToken {
                subject,
                resources: uris(&["https://api.example/a"]),
                authorization_details: Some(details),
                actor: Some(actor),
                sender: Some(sender),
                ..r
            })
            .await;
        assert_eq!(outcome, Ok(world.now + TimeDelta::seconds(60)));
        let active = world.introspect(&token).await.expect("active");
        assert_eq!(active.resources, ["https://api.example/a"]);
        assert_eq!(active.audience, [super::world::AUDIENCE]);
        assert_eq!(active.authorization_details.as_ref(), Some(details));
        assert_eq!(active.actor.as_ref(), Some(actor));
        assert_eq!(active.sender, Some(sender));
        assert_eq!((active.issued_at, active.expires_at), (world.now, world.now + TimeDelta::seconds(60)));
        assert_eq!((active.session, active.acr), (None, None));
    }
    assert_eq!(
        world.value("SELECT DISTINCT client_epoch || ' ' || user_epoch FROM access_tokens").await,
        "2 3"
    );
}

#[apply(both_ways)]
async fn a_token_lives_as_the_client_says_or_the_setting_but_a_day_at_most() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    for (setting, client, seconds) in [
        ("60", "NULL", 60),
        ("null", "NULL", 3600),
        ("999999999999999999", "NULL", 86400),
        ("0", "NULL", 1),
        ("60", "30", 30),
    ] {
        world.setting("access_token_ttl", setting).await;
        world.sql(&format!("UPDATE clients SET access_token_ttl = {client}")).await;
        let (outcome, token) = world.grant_with(|r| r).await;
        assert_eq!(outcome, Ok(world.now + TimeDelta::seconds(seconds)), "{setting} {client}");
        let then = world.now;
        world.wait(seconds);
        assert_eq!(world.introspect(&token).await.expect_err("over"), Inactive::Expired);
        world.now = then;
    }
}

#[apply(both_ways)]
async fn a_client_acts_for_itself_without_a_user() {
    let mut world = World::new().await;
    world.sql("UPDATE clients SET client_type = 'confidential', token_endpoint_auth_method = 'private_key_jwt', jwks_uri = 'https://app.example/keys', grant_types = '{authorization_code,client_credentials}'").await;
    let (outcome, token) =
        world.grant_with(|r| IssueAccessToken { grant_type: GrantType::ClientCredentials, ..r }).await;
    outcome.expect("a token");
    let active = world.introspect(&token).await.expect("active");
    assert_eq!((active.user, active.username), (None, None));
    world.sql("UPDATE clients SET revocation_epoch = 1").await;
    assert_eq!(world.introspect(&token).await.expect_err("revoked"), Inactive::Client);
}

#[apply(both_ways)]
async fn the_same_call_again_issues_one_token() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let id = AccessTokenId::new(world.now, &mut world.random);
    for _ in 0..3 {
        let (outcome, _) =
            world.grant_with(|r| IssueAccessToken { access_token: NewAccessToken::Jwt(id), ..r }).await;
        outcome.expect("a token");
    }
    assert_eq!(world.value("SELECT count(*) FROM access_tokens").await, "1");
}

#[apply(both_ways)]
async fn a_client_revokes_its_own_tokens_opaque_and_jwt_and_nobody_elses() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let other = ClientId::new(world.now, &mut world.random);
    let (_, opaque) = world.grant_with(|r| r).await;
    let id = AccessTokenId::new(world.now, &mut world.random);
    let (outcome, _) =
        world.grant_with(|r| IssueAccessToken { access_token: NewAccessToken::Jwt(id), ..r }).await;
    outcome.expect("a token");
    let made_up = AccessToken::for_id(opaque.id(), &mut world.random);
    let under_jwt = AccessToken::for_id(id, &mut world.random);
    let (client, mut random) = (world.client, authority_store::system_random());
    let (store, mut now) = (world.store.clone(), world.now);
    let mut revoke = async |token: PresentedAccessToken<'_>, client, now| {
        store.revoke_access_token(token, client, None, now, &mut random).await.expect("a database")
    };
    for token in [
        (&made_up).into(),
        (&under_jwt).into(),
        PresentedAccessToken::Jwt(opaque.id()),
        PresentedAccessToken::Jwt(AccessTokenId::new(now, &mut world.random)),
    ] {
        assert_eq!(revoke(token, client, now).await, Revocation::Unknown, "{token:?}");
    }
    for token in [(&opaque).into(), PresentedAccessToken::Jwt(id)] {
        assert_eq!(revoke(token, other, now).await, Revocation::WrongClient);
        let found = world.store.introspect_access_token(token, now).await.expect("a database");
        assert!(found.is_ok(), "{found:?}");
        // The second is the same call again.
        assert_eq!(revoke(token, client, now).await, Revocation::Revoked);
        assert_eq!(revoke(token, client, now).await, Revocation::Revoked);
        now += TimeDelta::seconds(1);
        assert_eq!(revoke(token, client, now).await, Revocation::Already);
        let found = world.store.introspect_access_token(token, now).await.expect("a database");
        assert_eq!(found, Err(Inactive::Revoked));
    }
}

#[apply(both_ways)]
async fn a_made_up_secret_waits_for_nobody() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let (_, token) = world.grant_with(|r| r).await;
    let lock = format!("SELECT FROM access_tokens WHERE id = '{}' FOR UPDATE", token.id());
    let session = Session::begin(&world.database, &lock).await;
    let made_up = AccessToken::for_id(token.id(), &mut world.random);
    let revoked = world.store.revoke_access_token(&made_up, world.client, None, world.now, &mut world.random);
    assert_eq!(in_time("a forged revocation", revoked).await.expect("a database"), Revocation::Unknown);
    session.end().await;
}

#[apply(both_ways)]
async fn a_token_for_a_subject_token_is_of_the_same_user_and_ends_with_the_same_grant() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    for (sql, wanted) in [
        ("UPDATE users SET revocation_epoch = revocation_epoch + 1", Inactive::User),
        ("UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'", Inactive::Session),
        ("UPDATE refresh_tokens SET revoked_at = now(), revocation_reason = 'logout'", Inactive::Family),
    ] {
        let code = world.code().await;
        let subject = world.tokens(&code).await.access;
        let (outcome, token) = world.exchange_for(&subject).await;
        outcome.expect("a token");
        let active = world.introspect(&token).await.expect("active");
        assert_eq!((active.user, active.session), (Some(world.user), Some(world.session)));
        world.sql(sql).await;
        assert_eq!(world.introspect(&token).await.expect_err(sql), wanted);
        world.restore().await;
        world.sql(EXCHANGES).await;
    }
}

#[apply(both_ways)]
async fn a_token_does_not_outlive_its_subject_token() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let code = world.code().await;
    let subject = world.tokens(&code).await;
    world.wait(3599);
    let (outcome, token) = world.exchange_for(&subject.access).await;
    assert_eq!(outcome, Ok(subject.exchanged.grant.access_expires_at));
    let again = Subject::AccessToken(token.id());
    world.wait(1);
    let (outcome, _) = world.grant_with(|r| IssueAccessToken { subject: again, ..r }).await;
    assert_eq!(outcome, Err(Refusal::SubjectInvalid));
}

#[apply(both_ways)]
async fn a_mass_revocation_between_introspection_and_exchange_leaves_nothing() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let code = world.code().await;
    let subject = world.tokens(&code).await.access;
    world.introspect(&subject).await.expect("active");
    let ada = world.recognised().await;
    // An exchange that cannot see the revocation yet, because it began before that was committed.
    let session = Session::begin(
        &world.database,
        "UPDATE users SET revocation_epoch = revocation_epoch + 1, tokens_revoked_before = now()",
    )
    .await;
    let (outcome, by_token) = world.exchange_for(&subject).await;
    outcome.expect("not revoked yet");
    let (outcome, by_assertion) = world.grant_with(|r| IssueAccessToken { subject: ada, ..r }).await;
    outcome.expect("not revoked yet");
    session.end().await;
    world.sql("UPDATE users SET revocation_epoch = 1").await;
    for token in [by_token, by_assertion] {
        assert_eq!(world.introspect(&token).await.expect_err("revoked"), Inactive::User);
    }
    // And one that began afterwards.
    assert_eq!(world.exchange_for(&subject).await.0, Err(Refusal::SubjectInvalid));
    assert_eq!(world.grant_with(|r| IssueAccessToken { subject: ada, ..r }).await.0, Err(Refusal::Revoked));
}

#[apply(both_ways)]
async fn a_subject_token_that_introspection_would_not_accept_gives_no_token() {
    let mut world = World::new().await;
    let mut id = ClientId::new(world.now, &mut world.random);
    for sql in [
        "UPDATE access_tokens SET revoked_at = now(), revocation_reason = 'client_request'",
        "UPDATE refresh_tokens SET revoked_at = now(), revocation_reason = 'logout'",
        "UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'",
        "UPDATE users SET locked_at = now()",
        "UPDATE users SET revocation_epoch = 1",
        "UPDATE clients SET disabled_at = now() WHERE client_id <> 'other'",
        "UPDATE clients SET revocation_epoch = 1 WHERE client_id <> 'other'",
        "DELETE FROM refresh_tokens",
        "UPDATE access_tokens SET user_id = NULL, session_id = NULL, refresh_token_id = NULL",
    ] {
        let code = world.code().await;
        let subject = world.tokens(&code).await.access;
        // It is another client that asks, as it mostly is.
        id = ClientId::new(world.now, &mut world.random);
        world
            .sql(&format!(
                "DELETE FROM clients WHERE client_id = 'other';
                 INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, jwks_uri, allowed_scopes, grant_types,
                                      response_types)
                 VALUES ('{id}', 'other', 'Other', 'confidential', 'private_key_jwt', 'https://other.example/keys', '{{openid}}',
                         '{{urn:ietf:params:oauth:grant-type:token-exchange}}', '{{}}')"
            ))
            .await;
        world.sql(sql).await;
        let subject = Subject::AccessToken(subject.id());
        let (outcome, _) = world.grant_with(|r| IssueAccessToken { subject, client: id, ..r }).await;
        assert_eq!(outcome, Err(Refusal::SubjectInvalid), "{sql}");
        world
            .sql("DELETE FROM access_tokens; DELETE FROM refresh_tokens; DELETE FROM authorization_codes")
            .await;
        world.restore().await;
    }
    let code = world.code().await;
    let subject = Subject::AccessToken(world.tokens(&code).await.access.id());
    let (outcome, token) = world.grant_with(|r| IssueAccessToken { subject, client: id, ..r }).await;
    outcome.expect("a token");
    assert_eq!(world.introspect(&token).await.expect("active").client, id);
}
