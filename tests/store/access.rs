//! Access tokens that are issued by themselves, and their revocation by clients.

mod proof;
mod refused;
mod subject;

use authority_entity::sea_orm_active_enums::GrantType;
use authority_store::{
    AccessToken, AccessTokenId, ClientId, Inactive, IssueAccessToken, IssueAccessTokenRefusal as Refusal,
    NewAccessToken, PresentedAccessToken, Revocation, Subject,
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
