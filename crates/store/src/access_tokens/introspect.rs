use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::answer::Answer;
use crate::error_code::reasons;
use crate::{
    AccessToken, AccessTokenId, ClientId, ClientIdentifier, Scopes, SenderConstraint, SessionId, Store,
    StoreError, UserId,
};

/// An access token as it was presented to a resource server.
#[derive(Clone, Copy, Debug)]
pub enum PresentedAccessToken<'a> {
    /// An opaque one, which has to have the right secret.
    Opaque(&'a AccessToken),
    /// The `jti` of a JWT (RFC 9068) whose signature was verified. An opaque token does not answer to its id alone.
    Jwt(AccessTokenId),
}

impl<'a> From<&'a AccessToken> for PresentedAccessToken<'a> {
    fn from(token: &'a AccessToken) -> Self {
        Self::Opaque(token)
    }
}

/// An active access token, with the members of RFC 7662 section 2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrospectedAccessToken {
    /// `jti`.
    pub id: AccessTokenId,
    /// `client_id`.
    pub client_id: ClientIdentifier,
    /// The row of the client.
    pub client: ClientId,
    /// `sub`; none for client credentials.
    pub user: Option<UserId>,
    /// `username`; none for client credentials.
    pub username: Option<String>,
    /// The session that it ends with.
    pub session: Option<SessionId>,
    /// `scope`.
    pub scopes: Scopes,
    /// `aud`.
    pub audience: Vec<String>,
    /// Resource indicators (RFC 8707).
    pub resources: Vec<String>,
    /// `authorization_details` (RFC 9396 section 9.2).
    pub authorization_details: Option<Value>,
    /// `cnf`: who may use it; with `Dpop` the `token_type` is `DPoP`, otherwise `Bearer`.
    pub sender: Option<SenderConstraint>,
    /// `act` (RFC 8693 section 4.1).
    pub actor: Option<Value>,
    /// `iat`.
    pub issued_at: DateTime<Utc>,
    /// `exp`.
    pub expires_at: DateTime<Utc>,
    /// `auth_time` (RFC 9470 section 6.2): when the user was authenticated for the grant. Of a token without a family,
    /// that of its session, and none once they were authenticated anew there.
    pub auth_time: Option<DateTime<Utc>>,
    /// `acr` (RFC 9470 section 6.2), of the same authentication.
    pub acr: Option<String>,
}

reasons! {
    /// Why a token is not active. A resource server is told `active: false` and no more (RFC 7662 section 2.2).
    Inactive:
        /// There is no such token; it may have been made up, or its partition dropped.
        Unknown = "unknown",
        /// Its time is over.
        Expired = "expired",
        /// It was revoked by itself.
        Revoked = "revoked",
        /// Its client was disabled, or everything of the client revoked.
        Client = "client",
        /// Its user was erased or locked by an administrator, or everything of the user revoked.
        User = "user",
        /// Its session was ended.
        Session = "session",
        /// Its family was revoked.
        Family = "family",
}

/// What introspection says of one token.
pub(super) type Introspection = Result<IntrospectedAccessToken, Inactive>;

impl Store {
    /// Looks at an access token (RFC 7662). Revocation of the token, of its family, of its session, of its user and of
    /// its client counts from the moment it is committed.
    ///
    /// While a statement is on its way on every connection, callers share the next one; so a thousand callers need a
    /// few statements. Times may differ between them: each is judged by its own.
    pub async fn introspect_access_token(
        &self,
        token: PresentedAccessToken<'_>,
        now: DateTime<Utc>,
    ) -> Result<Introspection, StoreError> {
        let found = self.inner().introspect_one(token.id()).await?;
        found.map_or(Ok(Err(Inactive::Unknown)), |answer| token.judge(&answer, now))
    }

    /// Looks at many access tokens in one statement; gives as many answers, in their order.
    pub async fn introspect_access_tokens(
        &self,
        tokens: &[PresentedAccessToken<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<Introspection>, StoreError> {
        let ids: Vec<Uuid> = tokens.iter().map(PresentedAccessToken::id).collect();
        let found = self.inner().introspect(&ids).await?;
        let judge = |token: &PresentedAccessToken<'_>| match found.get(&token.id()) {
            Some(answer) => token.judge(answer, now),
            None => Ok(Err(Inactive::Unknown)),
        };
        tokens.iter().map(judge).collect()
    }
}

impl PresentedAccessToken<'_> {
    pub(super) fn id(&self) -> Uuid {
        match self {
            Self::Opaque(token) => token.id().uuid(),
            Self::Jwt(id) => id.uuid(),
        }
    }

    pub(super) fn digest(&self) -> Option<Digest> {
        match self {
            Self::Opaque(token) => Some(token.digest()),
            Self::Jwt(_) => None,
        }
    }

    fn judge(&self, answer: &Answer, now: DateTime<Utc>) -> Result<Introspection, StoreError> {
        let digest: Option<&[u8]> = answer.get("digest")?;
        let is_it = match (self, digest) {
            (Self::Opaque(token), Some(octets)) => {
                let octets = octets.try_into().map_err(|_| answer.not_understood("digest"))?;
                Digest::new(octets) == token.digest()
            }
            (Self::Jwt(_), None) => true,
            _ => false,
        };
        if !is_it {
            return Ok(Err(Inactive::Unknown));
        }
        let expires_at = answer.get("expires_at")?;
        if answer.get::<&str>("state")? != "active" {
            return answer.meaning("state", Inactive::from_answer).map(Err);
        }
        if expires_at <= now {
            return Ok(Err(Inactive::Expired));
        }
        let sender = SenderConstraint::from_columns(answer.get("dpop_jkt")?, answer.get("x5t_s256")?);
        Ok(Ok(IntrospectedAccessToken {
            id: answer.get::<Uuid>("id")?.into(),
            client_id: ClientIdentifier::from_column(answer.get("client_id")?),
            client: answer.get::<Uuid>("client_row")?.into(),
            user: answer.get::<Option<Uuid>>("user_id")?.map(Into::into),
            username: answer.get("username")?,
            session: answer.get::<Option<Uuid>>("session_id")?.map(Into::into),
            scopes: Scopes::from_column(answer.get("scopes")?),
            audience: answer.get("audience")?,
            resources: answer.get("resources")?,
            authorization_details: answer.get("authorization_details")?,
            sender: sender.map_err(|_| answer.not_understood("cnf"))?,
            actor: answer.get("actor")?,
            issued_at: answer.get("issued_at")?,
            expires_at,
            auth_time: answer.get("auth_time")?,
            acr: answer.get("acr")?,
        }))
    }
}
