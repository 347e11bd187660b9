//! What a token endpoint puts into its answer.

use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::answer::Answer;
use crate::{AccessToken, AccessTokenId, Scopes, SessionId, StoreError, UserId};

/// The access token that an operation issues, made by the caller beforehand.
#[derive(Clone, Copy, Debug)]
pub enum NewAccessToken<'a> {
    /// An opaque one.
    Opaque(&'a AccessToken),
    /// A JWT (RFC 9068) with this `jti`, which its signature protects.
    Jwt(AccessTokenId),
}

/// What was granted: the inputs of an access token and of an ID token.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// On whose behalf.
    pub user_id: UserId,
    /// The session that it ends with; none for offline access. A session that is only idle does not end it: what is
    /// refreshed meanwhile goes on until the session is ended or expires.
    pub session_id: Option<SessionId>,
    /// `sid` of the session that it was granted in (OpenID Connect Back-Channel Logout 2.1); none without a session, and
    /// none at the rotation of offline access, which has outgrown it.
    pub sid: Option<String>,
    /// The scopes of the access token.
    pub scopes: Scopes,
    /// The resource indicators of the access token (RFC 8707).
    pub resources: Vec<String>,
    /// RFC 9396.
    pub authorization_details: Option<Value>,
    /// When the person proved who they are.
    pub auth_time: DateTime<Utc>,
    /// Authentication context class reference.
    pub acr: Option<String>,
    /// Authentication method references (RFC 8176).
    pub amr: Vec<String>,
    /// When the access token expires.
    pub access_expires_at: DateTime<Utc>,
    /// When the refresh token expires unless it is used; none when there is none.
    pub refresh_expires_at: Option<DateTime<Utc>>,
}

impl NewAccessToken<'_> {
    pub(crate) fn id(self) -> AccessTokenId {
        match self {
            Self::Opaque(token) => token.id(),
            Self::Jwt(id) => id,
        }
    }

    pub(crate) fn digest(self) -> Option<Digest> {
        match self {
            Self::Opaque(token) => Some(token.digest()),
            Self::Jwt(_) => None,
        }
    }
}

impl Grant {
    pub(crate) fn read(answer: &Answer) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: answer.get::<uuid::Uuid>("user_id")?.into(),
            session_id: answer.get::<Option<uuid::Uuid>>("session_id")?.map(Into::into),
            sid: answer.get("sid")?,
            scopes: Scopes::from_column(answer.get("scopes")?),
            resources: answer.get("resources")?,
            authorization_details: answer.get("authorization_details")?,
            auth_time: answer.get("auth_time")?,
            acr: answer.get("acr")?,
            amr: answer.get("amr")?,
            access_expires_at: answer.get("access_expires_at")?,
            refresh_expires_at: answer.get("refresh_expires_at")?,
        })
    }
}
