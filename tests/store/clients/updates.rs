use authority_entity::sea_orm_active_enums::{GrantType, ResponseType, TokenEndpointAuthMethod};
use authority_store::{
    Actor, AuthenticateClient, Change, ClientId, ClientMetadata, ClientSecret, Exchange, IssueCode,
    MetadataField, RotateRefusal, SecretMethod, UpdateClient, UpdateClientRefusal, UpdatedClient, UserId,
};
use macro_rules_attribute::apply;

use super::{confidential, identifier};
use crate::store::world::World;

impl World {
    async fn update(
        &mut self,
        id: ClientId,
        client_id: &str,
        secret: Option<&ClientSecret>,
        metadata: &ClientMetadata,
    ) -> Result<UpdatedClient, UpdateClientRefusal> {
        let (client_id, audit) = (identifier(client_id), self.event());
        let request = UpdateClient {
            id,
            client_id: &client_id,
            secret,
            metadata,
            actor: Actor::Client(id),
            audit: Some(&audit),
        };
        self.store.update_client(&request, self.now).await.expect("a database")
    }

    async fn is_accepted(&mut self, secret: &ClientSecret) -> bool {
        let client_id = identifier("web");
        let request =
            AuthenticateClient { client_id: &client_id, secret, method: SecretMethod::Basic, audit: None };
        let known = self.store.authenticate_client(&request, self.now, &mut self.random).await;
        known.expect("a database").is_ok()
    }
}

#[apply(both_ways)]
async fn an_update_replaces_everything_but_the_secret() {
    let mut world = World::new().await;
    let secret = world.web().await;
    world.wait(60);
    let metadata = ClientMetadata {
        name: "New".to_owned(),
        redirect_uris: vec!["https://new.example/callback".to_owned()],
        response_types: vec![ResponseType::Code, ResponseType::CodeIdToken],
        dpop_bound_access_tokens: true,
        ..confidential()
    };
    let ignored = ClientSecret::for_id(secret.id(), &mut world.random);
    for _ in 0..2 {
        let updated = world.update(secret.id(), "web", Some(&ignored), &metadata).await;
        assert_eq!(updated, Ok(UpdatedClient { is_secret_taken: false }));
    }
    let found = world.registered("web").await.expect("a client");
    assert_eq!(found.metadata, metadata);
    assert_eq!(found.updated_at, world.now);
    assert!(world.is_accepted(&secret).await);
    assert!(!world.is_accepted(&ignored).await);
    let trail = world.trail().await;
    assert_eq!(trail.iter().filter(|event| *event == "client.update success updated").count(), 2);
}

#[apply(both_ways)]
async fn a_secret_comes_and_goes_with_the_need_for_it() {
    let mut world = World::new().await;
    let secret = world.web().await;
    let second = ClientSecret::for_id(secret.id(), &mut world.random);
    let until = world.now + chrono::TimeDelta::days(1);
    let rotated = world.store.rotate_client_secret(&second, until, Actor::System, None, world.now).await;
    rotated.expect("a database").expect("rotated");
    let by_key = ClientMetadata {
        auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
        jwks_uri: Some("https://a.example/jwks".to_owned()),
        ..confidential()
    };
    let updated = world.update(secret.id(), "web", None, &by_key).await;
    assert_eq!(updated, Ok(UpdatedClient { is_secret_taken: false }));
    assert_eq!(
        world.update(secret.id(), "web", None, &confidential()).await,
        Err(UpdateClientRefusal::SecretRequired)
    );
    let third = ClientSecret::for_id(secret.id(), &mut world.random);
    for _ in 0..2 {
        let updated = world.update(secret.id(), "web", Some(&third), &confidential()).await;
        assert_eq!(updated, Ok(UpdatedClient { is_secret_taken: true }));
    }
    assert!(world.is_accepted(&third).await);
    assert!(!world.is_accepted(&second).await && !world.is_accepted(&secret).await);
}

#[apply(both_ways)]
async fn an_update_that_cannot_be_is_refused() {
    let mut world = World::new().await;
    let secret = world.web().await;
    let id = secret.id();
    let good = confidential();
    let nobody = ClientId::new(world.now, &mut world.random);
    assert_eq!(world.update(nobody, "web", None, &good).await, Err(UpdateClientRefusal::Unknown));
    assert_eq!(world.update(id, "app", None, &good).await, Err(UpdateClientRefusal::WrongClientId));
    let foreign = ClientSecret::generate(world.now, &mut world.random);
    assert_eq!(world.update(id, "web", Some(&foreign), &good).await, Err(UpdateClientRefusal::WrongSecret));
    let stranger = UserId::new(world.now, &mut world.random);
    let owned = ClientMetadata { owner: Some(stranger), ..confidential() };
    assert_eq!(world.update(id, "web", None, &owned).await, Err(UpdateClientRefusal::UnknownOwner));
    let nowhere = ClientMetadata { redirect_uris: vec![], ..confidential() };
    assert_eq!(world.update(id, "web", None, &nowhere).await, Err(UpdateClientRefusal::BadRedirectUris));
    let plain = ClientMetadata { redirect_uris: vec!["http://evil.example/".to_owned()], ..confidential() };
    assert_eq!(world.update(id, "web", None, &plain).await, Err(UpdateClientRefusal::BadRedirectUris));
    let nameless = ClientMetadata { name: String::new(), ..confidential() };
    assert_eq!(
        world.update(id, "web", None, &nameless).await,
        Err(UpdateClientRefusal::BadMetadata(MetadataField::Name))
    );
    let bound_twice = ClientMetadata {
        dpop_bound_access_tokens: true,
        tls_client_certificate_bound_access_tokens: true,
        ..confidential()
    };
    assert_eq!(
        world.update(id, "web", None, &bound_twice).await,
        Err(UpdateClientRefusal::BadMetadata(MetadataField::DpopBoundAccessTokens))
    );
    assert_eq!(world.registered("web").await.expect("a client").metadata, good);
}

#[apply(both_ways)]
async fn an_update_gives_no_public_client_the_plain_method() {
    let mut world = World::new().await;
    let app = world.registered("app").await.expect("a client");
    let metadata = ClientMetadata { allow_plain_code_challenge: true, ..app.metadata };
    assert_eq!(
        world.update(app.id, "app", None, &metadata).await,
        Err(UpdateClientRefusal::BadMetadata(MetadataField::AllowPlainCodeChallenge))
    );
}

#[apply(both_ways)]
async fn a_grant_that_is_taken_from_a_client_ends_at_once() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let app = world.registered("app").await.expect("a client");
    let metadata = ClientMetadata { grant_types: vec![GrantType::AuthorizationCode], ..app.metadata };
    world.update(app.id, "app", None, &metadata).await.expect("updated");
    let (outcome, ..) = world.rotate(&issued.refresh).await;
    assert_eq!(outcome.expect_err("not allowed"), RotateRefusal::UnauthorizedClient);
}

#[apply(both_ways)]
async fn a_client_of_a_laxer_time_goes_on_working_until_it_is_changed() {
    let mut world = World::new().await;
    let old = "http://old.example/callback";
    world.sql(&format!("UPDATE clients SET redirect_uris = '{{{old}}}'")).await;
    let app = world.registered("app").await.expect("a client");
    assert!(app.metadata.admits_redirect_uri(old));
    let code = world.code_with(|request| IssueCode { redirect_uri: Some(old), ..request }).await;
    let (outcome, ..) =
        world.exchange_with(&code, |request| Exchange { redirect_uri: Some(old), ..request }).await;
    outcome.expect("tokens");
    let refused = world.update(app.id, "app", None, &app.metadata).await;
    assert_eq!(refused, Err(UpdateClientRefusal::BadRedirectUris));
}

#[apply(both_ways)]
async fn an_owner_who_was_erased_stays_and_none_becomes_one() {
    let mut world = World::new().await;
    let secret = world.web().await;
    let owned = ClientMetadata { owner: Some(world.user), ..confidential() };
    world.update(secret.id(), "web", None, &owned).await.expect("an owner");
    let erased = world.store.erase_user(world.user, Actor::System, None, world.now).await;
    assert_eq!(erased.expect("a database"), Change::Done);
    let found = world.registered("web").await.expect("a client").metadata;
    assert_eq!(found, owned);
    world.update(secret.id(), "web", None, &found).await.expect("nothing is changed");
    world.update(secret.id(), "web", None, &confidential()).await.expect("no owner");
    let again = world.update(secret.id(), "web", None, &owned).await;
    assert_eq!(again, Err(UpdateClientRefusal::UnknownOwner));
    assert_eq!(world.registered("web").await.expect("a client").metadata.owner, None);
}
