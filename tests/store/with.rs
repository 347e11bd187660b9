//! Operations with something changed in their request, and what they wrote.

use authority_entity::sea_orm_active_enums::{CodeChallengeMethod, GrantType};
use authority_entity::secret::Digest;
use authority_local_postgres::SUPERUSER;
use authority_store::{
    AccessToken, AuthorizationCode, CodeChallenge, CodeVerifier, Exchange, ExchangeRefusal, Exchanged,
    IssueAccessToken, IssueAccessTokenRefusal, IssueCode, IssueCodeRefusal, NewAccessToken, RefreshToken,
    Rotate, RotateRefusal, Rotation, SenderConstraint, Subject, Thumbprint,
};
use chrono::{DateTime, Utc};

use super::world::{self, AUDIENCE, VERIFIER, World};
use crate::support::{Database, column, eventually};

/// A proof of a key.
pub(super) fn dpop(octet: u8) -> SenderConstraint {
    SenderConstraint::Dpop(Thumbprint::new([octet; 32]))
}

/// A certificate.
pub(super) fn certificate(octet: u8) -> SenderConstraint {
    SenderConstraint::Certificate(Thumbprint::new([octet; 32]))
}

/// Something that a request refers to, for as long as the program runs.
pub(super) fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Resource indicators.
pub(super) fn uris(all: &[&str]) -> &'static [String] {
    kept(all.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>())
}

/// The challenge that [`VERIFIER`] answers.
pub(super) fn challenge() -> CodeChallenge {
    CodeChallenge::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", CodeChallengeMethod::S256)
        .expect("a challenge")
}

/// A digest as PostgreSQL's `encode` shows it.
pub(super) fn hex(digest: &Digest) -> String {
    digest.octets().iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

/// Ends the server's sessions of the store, and says how many there were when all of them have ended.
pub(super) async fn end_sessions(database: &Database) -> usize {
    let superuser = database.pool_as(SUPERUSER).await;
    let end = async || {
        let sql = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                   WHERE datname = current_database() AND usename = 'authority_app'";
        column(&superuser, sql).await.len()
    };
    let ended = end().await;
    eventually("the sessions have ended", async || end().await == 0).await;
    ended
}

impl World {
    /// Issues a code by a request that is changed first.
    pub(super) async fn issue_with(
        &mut self,
        change: impl for<'a> FnOnce(IssueCode<'a>) -> IssueCode<'a>,
    ) -> (Result<DateTime<Utc>, IssueCodeRefusal>, AuthorizationCode) {
        let code = AuthorizationCode::generate(self.now, &mut self.random);
        let (scopes, challenge) = ("openid profile".parse().expect("scopes"), challenge());
        let request = change(self.issue(&code, &scopes, &challenge));
        let outcome = self.store.issue_authorization_code(&request, self.now).await.expect("a database");
        (outcome, code)
    }

    /// A code by a request that is changed first.
    pub(super) async fn code_with(
        &mut self,
        change: impl for<'a> FnOnce(IssueCode<'a>) -> IssueCode<'a>,
    ) -> AuthorizationCode {
        let (outcome, code) = self.issue_with(change).await;
        outcome.expect("a code");
        code
    }

    /// Exchanges a code by a request that is changed first.
    pub(super) async fn exchange_with(
        &mut self,
        code: &AuthorizationCode,
        change: impl for<'a> FnOnce(Exchange<'a>) -> Exchange<'a>,
    ) -> (Result<Exchanged, ExchangeRefusal>, AccessToken, RefreshToken) {
        let (access, refresh) = self.new_tokens();
        let verifier = CodeVerifier::new(VERIFIER).expect("a verifier");
        let audience = [AUDIENCE.to_owned()];
        let request = change(world::exchange(code, self.client, &verifier, &access, &refresh, &audience));
        let outcome = self.store.exchange_authorization_code(&request, self.now, &mut self.random).await;
        (outcome.expect("a database"), access, refresh)
    }

    /// A refresh token whose grant has these scopes.
    pub(super) async fn family(&mut self, scopes: &str) -> RefreshToken {
        let code = self.code_for(scopes).await;
        self.tokens(&code).await.refresh
    }

    /// Exchanges a refresh token by a request that is changed first.
    pub(super) async fn rotate_with(
        &mut self,
        token: &RefreshToken,
        change: impl for<'a> FnOnce(Rotate<'a>) -> Rotate<'a>,
    ) -> (Result<Rotation, RotateRefusal>, RefreshToken, AccessToken) {
        let successor = token.successor(&mut self.random);
        let access = AccessToken::generate(self.now, &mut self.random);
        let audience = [AUDIENCE.to_owned()];
        let request = change(world::rotate(token, &successor, self.client, &access, &audience));
        let outcome = self.store.rotate_refresh_token(&request, self.now, &mut self.random).await;
        (outcome.expect("a database"), successor, access)
    }

    /// Issues an access token by itself, by a token exchange for nobody, by a request that is changed first.
    pub(super) async fn grant_with(
        &mut self,
        change: impl for<'a> FnOnce(IssueAccessToken<'a>) -> IssueAccessToken<'a>,
    ) -> (Result<DateTime<Utc>, IssueAccessTokenRefusal>, AccessToken) {
        let token = AccessToken::generate(self.now, &mut self.random);
        let scopes = "openid".parse().expect("a scope");
        let audience = [AUDIENCE.to_owned()];
        let request = change(IssueAccessToken {
            access_token: NewAccessToken::Opaque(&token),
            client: self.client,
            grant_type: GrantType::TokenExchange,
            subject: Subject::Client,
            scopes: &scopes,
            audience: &audience,
            resources: &[],
            authorization_details: None,
            sender: None,
            actor: None,
            audit: None,
        });
        let outcome = self.store.issue_access_token(&request, self.now).await.expect("a database");
        (outcome, token)
    }

    /// Changes rows of the database behind the store's back.
    pub(super) async fn sql(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// The first column of the only row of a query.
    pub(super) async fn value(&self, sql: &str) -> String {
        let rows = self.database.column(sql).await;
        let [value] = &*rows else { panic!("{rows:?} is not one row, of: {sql}") };
        value.clone()
    }

    /// Sets a setting, given as JSON.
    pub(super) async fn setting(&self, key: &str, value: &str) {
        self.sql(&format!(
            "INSERT INTO settings (key, value, value_type, category, description)
             VALUES ('tokens.{key}', '{value}', 'integer', 'tokens', 'For a test.')
             ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ))
        .await;
    }

    /// Puts everything back that a test may have changed about who asks and for whom.
    pub(super) async fn restore(&self) {
        self.sql(
            "UPDATE clients SET disabled_at = NULL, grant_types = '{authorization_code,refresh_token}',
                 dpop_bound_access_tokens = false, tls_client_certificate_bound_access_tokens = false,
                 allow_plain_code_challenge = false, revocation_epoch = 0, response_types = '{code}'
             WHERE client_id = 'app';
             UPDATE users SET locked_at = NULL, locked_until = NULL, lock_reason = NULL, revocation_epoch = 0;
             UPDATE sessions SET revoked_at = NULL, revocation_reason = NULL, user_epoch = 0",
        )
        .await;
    }
}
