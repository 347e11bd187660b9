use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::answer::Answer;
use crate::statements::REFRESH_TOKENS_INTROSPECT;
use crate::{
    ClientId, ClientIdentifier, Inactive, RefreshToken, Scopes, SenderConstraint, SessionId, Store,
    StoreError, UserId,
};

/// An active refresh token, with the members of RFC 7662 section 2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrospectedRefreshToken {
    /// `client_id`.
    pub client_id: ClientIdentifier,
    /// The row of the client.
    pub client: ClientId,
    /// `sub`.
    pub user: UserId,
    /// `username`.
    pub username: String,
    /// The session that it ends with; none for offline access.
    pub session: Option<SessionId>,
    /// `scope`: what was granted.
    pub scopes: Scopes,
    /// Resource indicators of the grant (RFC 8707).
    pub resources: Vec<String>,
    /// `authorization_details` (RFC 9396 section 9.2).
    pub authorization_details: Option<Value>,
    /// `cnf`: what a refresh has to prove.
    pub sender: Option<SenderConstraint>,
    /// `iat`: when the grant began.
    pub issued_at: DateTime<Utc>,
    /// `exp`: when it expires unless it is used.
    pub expires_at: DateTime<Utc>,
    /// `auth_time` (RFC 9470 section 6.2).
    pub auth_time: DateTime<Utc>,
    /// `acr` (RFC 9470 section 6.2).
    pub acr: Option<String>,
}

impl Store {
    /// Looks at a refresh token without using it (RFC 7662). A token that was replaced is inactive, and stays without
    /// consequences here. One statement.
    pub async fn introspect_refresh_token(
        &self,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<Result<IntrospectedRefreshToken, Inactive>, StoreError> {
        let rows = self.run(&REFRESH_TOKENS_INTROSPECT, &[&now, &token.family().uuid()]).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(Err(Inactive::Unknown)) };
        let answer = Answer::of(&REFRESH_TOKENS_INTROSPECT, row);
        if digest(&answer)? != token.digest() {
            return Ok(Err(Inactive::Unknown));
        }
        if answer.get::<&str>("state")? != "active" {
            return answer.meaning("state", Inactive::from_answer).map(Err);
        }
        let sender = SenderConstraint::from_columns(answer.get("dpop_jkt")?, answer.get("x5t_s256")?);
        Ok(Ok(IntrospectedRefreshToken {
            client_id: ClientIdentifier::from_column(answer.get("client_id")?),
            client: answer.get::<Uuid>("client_row")?.into(),
            user: answer.get::<Uuid>("user_id")?.into(),
            username: answer.get("username")?,
            session: answer.get::<Option<Uuid>>("session_id")?.map(Into::into),
            scopes: Scopes::from_column(answer.get("scopes")?),
            resources: answer.get("resources")?,
            authorization_details: answer.get("authorization_details")?,
            sender: sender.map_err(|_| answer.not_understood("cnf"))?,
            issued_at: answer.get("issued_at")?,
            expires_at: answer.get("expires_at")?,
            auth_time: answer.get("auth_time")?,
            acr: answer.get("acr")?,
        }))
    }
}

fn digest(answer: &Answer) -> Result<Digest, StoreError> {
    let octets: &[u8] = answer.get("digest")?;
    octets.try_into().map(Digest::new).map_err(|_| answer.not_understood("digest"))
}
