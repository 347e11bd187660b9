//! Which authentication of its user a token tells a resource server of (RFC 9470 section 6.2).

use authority_store::{AccessToken, IssueAccessToken, IssueCode, SessionToken};
use chrono::{DateTime, TimeDelta, Utc};
use macro_rules_attribute::apply;

use super::EXCHANGES;
use crate::store::with::kept;
use crate::store::world::World;

/// Without refresh tokens.
const WITHOUT_FAMILIES: &str =
    "UPDATE clients SET grant_types = '{authorization_code,urn:ietf:params:oauth:grant-type:token-exchange}'";

type Proof = (Option<DateTime<Utc>>, Option<String>);

impl World {
    /// A token by a code whose authentication was a while ago, with what the token says of that, although the session
    /// of the code has seen a later one since, at level 2.
    async fn granted_before_more_was_proved(
        &mut self,
        acr: Option<&'static str>,
        change: impl for<'a> FnOnce(IssueCode<'a>) -> IssueCode<'a>,
    ) -> (AccessToken, Proof) {
        let cookie = self.sign_in().await;
        self.session = cookie.id();
        let auth_time = self.now - TimeDelta::seconds(7);
        let code = self.code_with(|r| change(IssueCode { auth_time, acr, ..r })).await;
        let (outcome, access, _) = self.exchange_with(&code, |r| r).await;
        outcome.expect("tokens");
        let proof = (Some(auth_time), acr.map(str::to_owned));
        assert_eq!(self.proof(&access).await, proof);
        self.wait(60);
        let successor = SessionToken::for_id(cookie.id(), &mut self.random);
        assert_eq!(self.prove_again(&cookie, &successor).await, Ok(()));
        (access, proof)
    }

    /// What an introspection says of the authentication.
    async fn proof(&self, token: &AccessToken) -> Proof {
        let found = self.introspect(token).await.expect("active");
        (found.auth_time, found.acr)
    }
}

#[apply(both_ways)]
async fn a_token_keeps_the_proof_that_it_was_granted_by() {
    let mut world = World::new().await;
    let offline = kept("openid offline_access".parse().expect("scopes"));
    for (grants, families) in [(WITHOUT_FAMILIES, "0"), (EXCHANGES, "3")] {
        world.sql(grants).await;
        for (token, proof) in [
            world.granted_before_more_was_proved(Some("1"), |r| r).await,
            world.granted_before_more_was_proved(Some("1"), |r| IssueCode { session: None, ..r }).await,
            world.granted_before_more_was_proved(Some("1"), |r| IssueCode { scopes: offline, ..r }).await,
        ] {
            assert_eq!(world.proof(&token).await, proof, "{grants}");
        }
        assert_eq!(world.value("SELECT count(*) FROM refresh_tokens").await, families);
    }
}

#[apply(both_ways)]
async fn an_authentication_at_no_level_lends_none() {
    let mut world = World::new().await;
    world.sql(WITHOUT_FAMILIES).await;
    let (token, proof) = world.granted_before_more_was_proved(None, |r| r).await;
    assert_eq!(world.proof(&token).await, proof);
}

#[apply(both_ways)]
async fn a_token_for_a_subject_token_has_its_proof_and_none_that_the_session_sees_later() {
    let mut world = World::new().await;
    for grants in [WITHOUT_FAMILIES, EXCHANGES] {
        world.sql(grants).await;
        let (subject, proof) = world.granted_before_more_was_proved(Some("1"), |r| r).await;
        let (outcome, token) = world.exchange_for(&subject).await;
        outcome.expect("a token");
        assert_eq!(world.proof(&token).await, proof, "{grants}");
        let (outcome, another) = world.exchange_for(&token).await;
        outcome.expect("a token");
        assert_eq!(world.proof(&another).await, proof, "{grants}");
    }
}

#[apply(both_ways)]
async fn a_token_tells_of_no_authentication_that_this_server_has_not_seen() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let ada = world.recognised().await;
    let (outcome, for_ada) = world.grant_with(|r| IssueAccessToken { subject: ada, ..r }).await;
    outcome.expect("a token");
    let (outcome, for_nobody) = world.grant_with(|r| r).await;
    outcome.expect("a token");
    for token in [for_ada, for_nobody] {
        assert_eq!(world.proof(&token).await, (None, None));
    }
}

#[apply(both_ways)]
async fn tokens_of_a_family_leave_to_it_what_was_proved() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let code = world.code_with(|r| IssueCode { acr: Some("1"), ..r }).await;
    let issued = world.tokens(&code).await;
    let (outcome, _, rotated) = world.rotate(&issued.refresh).await;
    outcome.expect("a rotation");
    let (outcome, exchanged) = world.exchange_for(&issued.access).await;
    outcome.expect("a token");
    assert_eq!(world.value("SELECT sum(num_nonnulls(auth_time, acr)) FROM access_tokens").await, "0");
    let granted = (Some(world.now), Some("1".to_owned()));
    for token in [issued.access, rotated, exchanged] {
        assert_eq!(world.proof(&token).await, granted);
    }
}
