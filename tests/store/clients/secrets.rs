use std::sync::Arc;

use authority_store::{
    Actor, AuthenticateClient, AuthenticateClientRefusal, AuthenticatedClient, ClientId, ClientSecret,
    RotateSecretRefusal, SecretMethod,
};
use chrono::TimeDelta;
use macro_rules_attribute::apply;
use tokio::task::JoinSet;

use super::identifier;
use crate::store::crowd::at_once;
use crate::store::world::World;
use crate::support::Session;

impl World {
    async fn authenticate(
        &mut self,
        client_id: &str,
        secret: &ClientSecret,
        method: SecretMethod,
    ) -> Result<AuthenticatedClient, AuthenticateClientRefusal> {
        let (client_id, audit) = (identifier(client_id), self.event());
        let request = AuthenticateClient { client_id: &client_id, secret, method, audit: Some(&audit) };
        self.store.authenticate_client(&request, self.now, &mut self.random).await.expect("a database")
    }

    async fn basic(
        &mut self,
        secret: &ClientSecret,
    ) -> Result<AuthenticatedClient, AuthenticateClientRefusal> {
        self.authenticate("web", secret, SecretMethod::Basic).await
    }

    async fn rotate_secret(&self, secret: &ClientSecret, seconds: i64) -> Result<(), RotateSecretRefusal> {
        let until = self.now + TimeDelta::seconds(seconds);
        let rotated = self.store.rotate_client_secret(secret, until, Actor::System, None, self.now).await;
        rotated.expect("a database")
    }
}

#[apply(both_ways)]
async fn a_client_is_who_its_secret_says() {
    let mut world = World::new().await;
    let secret = world.web().await;
    let known = AuthenticatedClient { id: secret.id(), secret_expires_at: None };
    assert_eq!(world.basic(&secret).await, Ok(known));
    assert_eq!(world.trail().await, ["client.authenticate success authenticated"]);
}

#[apply(both_ways)]
async fn every_other_is_refused_as_an_invalid_client() {
    let mut world = World::new().await;
    let secret = world.web().await;
    let forged = ClientSecret::for_id(secret.id(), &mut world.random);
    let foreign = ClientSecret::generate(world.now, &mut world.random);
    world.register(foreign.id(), "other", Some(&foreign), &super::confidential()).await.expect("a client");
    let post = SecretMethod::Post;
    assert_eq!(
        world.authenticate("nobody", &secret, SecretMethod::Basic).await,
        Err(AuthenticateClientRefusal::Unknown)
    );
    assert_eq!(world.basic(&forged).await, Err(AuthenticateClientRefusal::WrongSecret));
    assert_eq!(world.basic(&foreign).await, Err(AuthenticateClientRefusal::WrongSecret));
    let public = ClientSecret::for_id(world.client, &mut world.random);
    assert_eq!(world.authenticate("app", &public, post).await, Err(AuthenticateClientRefusal::WrongSecret));
    assert_eq!(world.authenticate("web", &secret, post).await, Err(AuthenticateClientRefusal::WrongMethod));
    world.store.disable_client(secret.id(), Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.basic(&secret).await, Err(AuthenticateClientRefusal::ClientDisabled));
    assert_eq!(world.basic(&forged).await, Err(AuthenticateClientRefusal::WrongSecret));
    let trail = world.trail().await;
    assert_eq!(trail.iter().filter(|event| event.starts_with("client.authenticate failure")).count(), 7);
    let proved = "SELECT count(actor_id)::text FROM audit_logs WHERE outcome = 'failure'";
    assert_eq!(world.database.column(proved).await, ["0"]);
    for refusal in AuthenticateClientRefusal::ALL {
        assert_eq!(refusal.error_code().as_str(), "invalid_client");
    }
}

#[apply(both_ways)]
async fn a_missing_digest_is_not_the_digest_of_a_guess() {
    let mut world = World::new().await;
    world.web().await;
    world.database.execute("UPDATE clients SET token_endpoint_auth_method = 'tls_client_auth', secret_digest = NULL, tls_client_auth_subject_dn = 'CN=web' WHERE client_id = 'web'").await;
    let id = world.registered("web").await.expect("a client").id;
    for _ in 0..8 {
        let guess = ClientSecret::for_id(id, &mut world.random);
        assert_eq!(world.basic(&guess).await, Err(AuthenticateClientRefusal::WrongSecret));
    }
}

#[apply(both_ways)]
async fn the_secret_before_is_valid_until_its_end() {
    let mut world = World::new().await;
    let first = world.web().await;
    let second = ClientSecret::for_id(first.id(), &mut world.random);
    let until = world.now + TimeDelta::seconds(100);
    assert_eq!(world.rotate_secret(&second, 100).await, Ok(()));
    world.wait(99);
    let known = AuthenticatedClient { id: first.id(), secret_expires_at: Some(until) };
    assert_eq!(world.basic(&first).await, Ok(known));
    assert_eq!(world.basic(&second).await, Ok(AuthenticatedClient { secret_expires_at: None, ..known }));
    assert_eq!(world.registered("web").await.expect("a client").previous_secret_expires_at, Some(until));
    world.wait(1);
    assert_eq!(world.basic(&first).await, Err(AuthenticateClientRefusal::WrongSecret));
    assert!(world.basic(&second).await.is_ok());
}

#[apply(both_ways)]
async fn a_rotation_that_is_told_again_changes_nothing() {
    let mut world = World::new().await;
    let first = world.web().await;
    let second = ClientSecret::for_id(first.id(), &mut world.random);
    let third = ClientSecret::for_id(first.id(), &mut world.random);
    for _ in 0..2 {
        assert_eq!(world.rotate_secret(&second, 100).await, Ok(()));
    }
    assert!(world.basic(&first).await.is_ok(), "the second call made it the one before the one before");
    assert_eq!(world.rotate_secret(&third, 100).await, Ok(()));
    assert_eq!(world.rotate_secret(&second, 100).await, Ok(()), "and never goes back");
    assert!(world.basic(&third).await.is_ok());
    assert!(world.basic(&second).await.is_ok());
    assert_eq!(world.basic(&first).await, Err(AuthenticateClientRefusal::WrongSecret));
}

#[apply(both_ways)]
async fn a_rotation_that_is_told_again_after_a_leak_does_not_bring_its_secret_back() {
    let mut world = World::new().await;
    let first = world.web().await;
    let [second, third] = [(); 2].map(|()| ClientSecret::for_id(first.id(), &mut world.random));
    let (one, until, store, now) = (world.event(), world.now, world.store.clone(), world.now);
    let rotate = async |secret| {
        let rotated = store.rotate_client_secret(secret, until, Actor::System, Some(&one), now).await;
        assert_eq!(rotated.expect("a database"), Ok(()));
    };
    // The one event is of each of them.
    for secret in [&second, &third, &second, &third, &second] {
        rotate(secret).await;
    }
    assert!(world.basic(&third).await.is_ok());
    assert_eq!(world.basic(&second).await, Err(AuthenticateClientRefusal::WrongSecret));
    let written = "SELECT count(*)::text FROM audit_logs WHERE event = 'client.rotate_secret'";
    assert_eq!(world.database.column(written).await, ["2"]);
    // What had nothing to rotate is told so again.
    let nobody = ClientSecret::for_id(ClientId::new(world.now, &mut world.random), &mut world.random);
    for _ in 0..2 {
        let refused = store.rotate_client_secret(&nobody, until, Actor::System, Some(&one), now).await;
        assert_eq!(refused.expect("a database"), Err(RotateSecretRefusal::Unknown));
    }
}

#[apply(both_ways)]
async fn a_rotation_that_is_sent_again_while_it_and_another_one_wait_does_not_go_back() {
    let mut world = World::new().await;
    let first = world.web().await;
    let [second, third] = [(); 2].map(|()| Arc::new(ClientSecret::for_id(first.id(), &mut world.random)));
    let one = world.event();
    let sql = format!("SELECT FROM clients WHERE id = '{}' FOR UPDATE", first.id());
    let blocker = Session::begin(&world.database, &sql).await;
    let mut calls = JoinSet::new();
    for (waiting, secret) in [(1, &second), (2, &third), (3, &second)] {
        let (store, now, one, secret) = (world.store.clone(), world.now, one.clone(), Arc::clone(secret));
        calls.spawn(
            async move { store.rotate_client_secret(&secret, now, Actor::System, Some(&one), now).await },
        );
        world.until_waiting(waiting).await;
    }
    blocker.end().await;
    for rotated in calls.join_all().await {
        assert_eq!(rotated.expect("a database"), Ok(()));
    }
    assert!(world.basic(&third).await.is_ok());
    assert_eq!(world.basic(&second).await, Err(AuthenticateClientRefusal::WrongSecret));
    let written = "SELECT count(*)::text FROM audit_logs WHERE event = 'client.rotate_secret'";
    assert_eq!(world.database.column(written).await, ["2"]);
}

#[apply(both_ways)]
async fn a_leaked_secret_ends_at_once() {
    let mut world = World::new().await;
    let first = world.web().await;
    let second = ClientSecret::for_id(first.id(), &mut world.random);
    assert_eq!(world.rotate_secret(&second, 0).await, Ok(()));
    assert_eq!(world.basic(&first).await, Err(AuthenticateClientRefusal::WrongSecret));
    assert!(world.basic(&second).await.is_ok());
}

#[apply(both_ways)]
async fn a_client_without_a_secret_has_none_to_rotate() {
    let mut world = World::new().await;
    let public = ClientSecret::for_id(world.client, &mut world.random);
    assert_eq!(world.rotate_secret(&public, 0).await, Err(RotateSecretRefusal::NoSecret));
    let nobody = ClientSecret::for_id(ClientId::new(world.now, &mut world.random), &mut world.random);
    assert_eq!(world.rotate_secret(&nobody, 0).await, Err(RotateSecretRefusal::Unknown));
}

#[apply(both_ways)]
async fn simultaneous_rotations_leave_two_secrets() {
    let mut world = World::new().await;
    let first = world.web().await;
    let secrets = at_once(16, |_| {
        let secret = ClientSecret::for_id(first.id(), &mut world.random);
        let (store, now) = (world.store.clone(), world.now);
        async move {
            let until = now + TimeDelta::seconds(100);
            let rotated = store.rotate_client_secret(&secret, until, Actor::System, None, now).await;
            rotated.expect("a database").expect("rotated");
            secret
        }
    })
    .await;
    let mut valid = 0;
    for secret in secrets {
        valid += usize::from(world.basic(&secret).await.is_ok());
    }
    assert_eq!(valid, 2);
    assert!(world.basic(&first).await.is_err());
}

#[apply(both_ways)]
async fn only_a_client_that_is_registered_without_a_proof_is_known_by_its_name() {
    let world = World::new().await;
    let identify = |name: &str| {
        let (store, name) = (world.store.clone(), name.parse().expect("a client_id"));
        async move { store.identify_client(&name).await.expect("a database").map(|client| client.id) }
    };
    assert_eq!(identify("app").await, Ok(world.client));
    assert_eq!(identify("nobody").await, Err(AuthenticateClientRefusal::Unknown));
    world.database.execute("UPDATE clients SET disabled_at = now()").await;
    assert_eq!(identify("app").await, Err(AuthenticateClientRefusal::ClientDisabled));
    world
        .database
        .execute(
            "UPDATE clients SET client_type = 'confidential', token_endpoint_auth_method = 'client_secret_basic',
                                secret_digest = sha256('s')",
        )
        .await;
    assert_eq!(identify("app").await, Err(AuthenticateClientRefusal::WrongMethod));
}
