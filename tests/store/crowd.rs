//! Many callers at once.

use std::sync::Arc;

use authority_connection::Environment;
use authority_store::{
    AccessToken, Audit, AuthorizationCode, ClientId, CodeChallenge, CodeVerifier, Exchange, ExchangeRefusal,
    Exchanged, IssueCode, IssueCodeRefusal, RefreshToken, Rotate, RotateRefusal, Rotation, Scopes, Store,
    StoreError, UserId, system_random,
};
use chrono::{DateTime, Utc};
use tokio::sync::Barrier;

use super::with::challenge;
use super::world::{AUDIENCE, REDIRECT_URI, VERIFIER, World, exchange, rotate};

/// How many at once, where there is a connection for each.
pub(crate) const CALLERS: usize = 64;

/// How often a race is run: as `AUTHORITY_RACE_ROUNDS` says, or else as often as takes a few seconds.
pub(crate) fn rounds(usual: usize) -> usize {
    let environment = Environment::from_process().expect("the environment can be read");
    let told = environment.get_os("AUTHORITY_RACE_ROUNDS");
    told.map_or(usual, |rounds| rounds.to_str().and_then(|text| text.parse().ok()).expect("a number"))
}

/// What each of so many callers got, who have a task each and wait for each other before they begin.
pub(crate) async fn at_once<T, F>(callers: usize, mut call: impl FnMut(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(callers));
    let tasks: Vec<_> = (0..callers)
        .map(|number| {
            let (call, start) = (call(number), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                call.await
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

/// What a task needs of a world to act for its user and client.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) store: Store,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
    pub(crate) now: DateTime<Utc>,
}

impl World {
    /// For a task of its own.
    pub(crate) fn party(&self) -> Party {
        Party { store: self.store.clone(), client: self.client, user: self.user, now: self.now }
    }
}

impl Party {
    /// What issues a code outside any session.
    pub(crate) fn asking<'a>(
        &self,
        code: &'a AuthorizationCode,
        scopes: &'a Scopes,
        challenge: &'a CodeChallenge,
    ) -> IssueCode<'a> {
        IssueCode {
            code,
            client: self.client,
            user: self.user,
            session: None,
            epoch: None,
            redirect_uri: Some(REDIRECT_URI),
            scopes,
            resources: &[],
            authorization_details: None,
            code_challenge: Some(challenge),
            nonce: None,
            auth_time: self.now,
            acr: None,
            amr: &[],
            requested_claims: None,
            dpop_jkt: None,
            audit: None,
        }
    }

    /// Issues a code outside any session, with a scope for refresh tokens.
    pub(crate) async fn issue(
        &self,
        code: &AuthorizationCode,
        audit: Option<&Audit>,
    ) -> Result<Result<DateTime<Utc>, IssueCodeRefusal>, StoreError> {
        let (scopes, challenge) = ("openid offline_access".parse().expect("scopes"), challenge());
        let request = IssueCode { audit, ..self.asking(code, &scopes, &challenge) };
        self.store.issue_authorization_code(&request, self.now).await
    }

    /// Exchanges a code.
    pub(crate) async fn exchange(
        &self,
        code: &AuthorizationCode,
        (access, refresh): (&AccessToken, &RefreshToken),
        audit: Option<&Audit>,
    ) -> Result<Result<Exchanged, ExchangeRefusal>, StoreError> {
        let (verifier, audience) = (CodeVerifier::new(VERIFIER).expect("a verifier"), [AUDIENCE.to_owned()]);
        let request =
            Exchange { audit, ..exchange(code, self.client, &verifier, access, refresh, &audience) };
        self.store.exchange_authorization_code(&request, self.now, &mut system_random()).await
    }

    /// Exchanges a refresh token.
    pub(crate) async fn rotate(
        &self,
        token: &RefreshToken,
        (access, successor): (&AccessToken, &RefreshToken),
        audit: Option<&Audit>,
    ) -> Result<Result<Rotation, RotateRefusal>, StoreError> {
        let audience = [AUDIENCE.to_owned()];
        let request = Rotate { audit, ..rotate(token, successor, self.client, access, &audience) };
        self.store.rotate_refresh_token(&request, self.now, &mut system_random()).await
    }
}
