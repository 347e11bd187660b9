use authority_connection::{Config, Environment};
use authority_store::{
    AccessToken, AuthorizationCode, ClientId, CodeChallenge, CodeVerifier, Exchange, ExchangeRefusal,
    Exchanged, Inactive, IntrospectedAccessToken, IssueCode, NewAccessToken, PresentedAccessToken,
    RefreshToken, Rotate, RotateRefusal, Rotation, Scopes, SessionId, Store, UserId,
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::ways;
use super::with::challenge;
use crate::support::Database;

/// Where the clients of these tests want their codes.
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// What a resource server of these tests is called.
pub(crate) const AUDIENCE: &str = "https://api.example";

/// A database with a client, a user and a session, a store on it, and the clock and randomness of the test.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) store: Store,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) now: DateTime<Utc>,
    pub(crate) random: StdRng,
}

/// Tokens that an exchange has issued.
pub(crate) struct Issued {
    pub(crate) access: AccessToken,
    pub(crate) refresh: RefreshToken,
    pub(crate) exchanged: Exchanged,
}

impl World {
    /// A public client `app` that may use codes and refresh tokens, the user `ada`, and a session of hers.
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// The same, with further parameters in the address of the database.
    pub(crate) async fn with(parameters: &str) -> Self {
        let database = Database::migrated().await;
        let store = store_on(&database, parameters).await;
        let now = "2026-11-25T12:00:00Z".parse().expect("a time");
        let mut random = StdRng::seed_from_u64(7);
        let client = ClientId::new(now, &mut random);
        let user = UserId::new(now, &mut random);
        let session = SessionId::new(now, &mut random);
        database
            .execute(&format!(
                "INSERT INTO users (id, username, email) VALUES ('{user}', 'ada', 'ada@example.com');
                 INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris,
                                      allowed_scopes, grant_types)
                 VALUES ('{client}', 'app', 'App', 'public', 'none', '{{{REDIRECT_URI}}}',
                         '{{openid,profile,offline_access}}', '{{authorization_code,refresh_token}}');
                 INSERT INTO sessions (id, digest, sid, user_id, auth_time, created_at, last_active_at, idle_expires_at,
                                       expires_at)
                 VALUES ('{session}', sha256('s'), 'sid', '{user}', '{now}', '{now}', '{now}',
                         '{now}'::timestamptz + interval '1 day', '{now}'::timestamptz + interval '7 days')"
            ))
            .await;
        Self { database, store, client, user, session, now, random }
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }

    /// A code that ada has granted to app.
    pub(crate) async fn code(&mut self) -> AuthorizationCode {
        self.code_for("openid profile").await
    }

    /// A code with these scopes.
    pub(crate) async fn code_for(&mut self, scopes: &str) -> AuthorizationCode {
        let code = AuthorizationCode::generate(self.now, &mut self.random);
        let (scopes, challenge) = (scopes.parse().expect("scopes"), challenge());
        let request = self.issue(&code, &scopes, &challenge);
        self.store.issue_authorization_code(&request, self.now).await.expect("a database").expect("a code");
        code
    }

    /// What issues a code, to be changed by the test.
    pub(crate) fn issue<'a>(
        &self,
        code: &'a AuthorizationCode,
        scopes: &'a Scopes,
        challenge: &'a CodeChallenge,
    ) -> IssueCode<'a> {
        IssueCode {
            session: Some(self.session),
            nonce: Some("n-0S6_WzA2Mj"),
            ..self.party().asking(code, scopes, challenge)
        }
    }

    /// Exchanges a code for an access token and a refresh token, which have to be issued.
    pub(crate) async fn tokens(&mut self, code: &AuthorizationCode) -> Issued {
        let (access, refresh) = self.new_tokens();
        let exchanged = self.exchange(code, &access, &refresh).await.expect("tokens");
        Issued { access, refresh, exchanged }
    }

    /// Tokens that are not issued yet.
    pub(crate) fn new_tokens(&mut self) -> (AccessToken, RefreshToken) {
        (
            AccessToken::generate(self.now, &mut self.random),
            RefreshToken::generate(self.now, &mut self.random),
        )
    }

    /// Exchanges a code for these tokens.
    pub(crate) async fn exchange(
        &mut self,
        code: &AuthorizationCode,
        access: &AccessToken,
        refresh: &RefreshToken,
    ) -> Result<Exchanged, ExchangeRefusal> {
        let verifier = CodeVerifier::new(VERIFIER).expect("a verifier");
        let audience = [AUDIENCE.to_owned()];
        let request = exchange(code, self.client, &verifier, access, refresh, &audience);
        self.store
            .exchange_authorization_code(&request, self.now, &mut self.random)
            .await
            .expect("a database")
    }

    /// Exchanges a refresh token for a successor and an access token.
    pub(crate) async fn rotate(
        &mut self,
        token: &RefreshToken,
    ) -> (Result<Rotation, RotateRefusal>, RefreshToken, AccessToken) {
        let successor = token.successor(&mut self.random);
        let access = AccessToken::generate(self.now, &mut self.random);
        let audience = [AUDIENCE.to_owned()];
        let request = rotate(token, &successor, self.client, &access, &audience);
        let outcome =
            self.store.rotate_refresh_token(&request, self.now, &mut self.random).await.expect("a database");
        (outcome, successor, access)
    }

    /// Looks at an access token.
    pub(crate) async fn introspect(&self, token: &AccessToken) -> Result<IntrospectedAccessToken, Inactive> {
        let presented = PresentedAccessToken::Opaque(token);
        self.store.introspect_access_token(presented, self.now).await.expect("a database")
    }
}

/// What exchanges a code, to be changed by the test.
pub(crate) fn exchange<'a>(
    code: &'a AuthorizationCode,
    client: ClientId,
    verifier: &'a CodeVerifier,
    access: &'a AccessToken,
    refresh: &'a RefreshToken,
    audience: &'a [String],
) -> Exchange<'a> {
    Exchange {
        code,
        client,
        redirect_uri: Some(REDIRECT_URI),
        code_verifier: Some(verifier),
        sender: None,
        resources: None,
        access_token: NewAccessToken::Opaque(access),
        audience,
        refresh_token: Some(refresh),
        audit: None,
    }
}

/// What exchanges a refresh token, to be changed by the test.
pub(crate) fn rotate<'a>(
    token: &'a RefreshToken,
    successor: &'a RefreshToken,
    client: ClientId,
    access: &'a AccessToken,
    audience: &'a [String],
) -> Rotate<'a> {
    Rotate {
        refresh_token: token,
        successor,
        client,
        scopes: None,
        resources: None,
        sender: None,
        access_token: NewAccessToken::Opaque(access),
        audience,
        audit: None,
    }
}

/// A store on a database, the way that this test goes, with parameters in the address.
///
/// Where the parameters name no `options`, its statements wait for a lock as long as it takes: tests hold locks, and
/// machines may be slow.
pub(crate) async fn store_on(database: &Database, parameters: &str) -> Store {
    let mut parameters: Vec<_> = parameters.split('&').filter(|parameter| !parameter.is_empty()).collect();
    if !ways::is_pooled() && !parameters.iter().any(|parameter| parameter.starts_with("options=")) {
        parameters.push("options=-c%20lock_timeout=0");
    }
    let store = store_at(&format!("{}?{}", ways::address_of(database).await, parameters.join("&"))).await;
    assert_eq!(store.pool().server().pooled, ways::is_pooled());
    store
}

/// A store on the database at an address.
pub(crate) async fn store_at(url: &str) -> Store {
    let config = Config::parse(url, &Environment::from_pairs([("HOME", "/")])).expect("an address");
    let pool = config.client_pool().await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    Store::new(pool)
}
