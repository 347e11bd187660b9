use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::answer::Answer;
use crate::statements::REFRESH_TOKENS_LIST;
use crate::{ClientId, ClientIdentifier, RefreshTokenId, Scopes, SessionId, Store, StoreError, UserId};

/// A family as its person sees it among others: an application that may act for them.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFamily {
    /// The row, by which it can be revoked.
    pub id: RefreshTokenId,
    /// The row of the client.
    pub client: ClientId,
    /// `client_id`.
    pub client_id: ClientIdentifier,
    /// What the client is called.
    pub client_name: String,
    /// `logo_uri` (RFC 7591 section 2).
    pub logo_uri: Option<String>,
    /// `client_uri` (RFC 7591 section 2).
    pub client_uri: Option<String>,
    /// The session that it ends with; none for offline access.
    pub session: Option<SessionId>,
    /// What was granted.
    pub scopes: Scopes,
    /// Resource indicators of the grant (RFC 8707).
    pub resources: Vec<String>,
    /// RFC 9396.
    pub authorization_details: Option<Value>,
    /// When it was granted.
    pub issued_at: DateTime<Utc>,
    /// When its refresh token was last exchanged, or it was granted.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless its refresh token is exchanged before.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// The families of a user whose refresh token would be accepted now, last used first: one statement.
    /// [`revoke_family`](Self::revoke_family) revokes one of them.
    pub async fn families_of_user(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<ListedFamily>, StoreError> {
        let rows = self.run(&REFRESH_TOKENS_LIST, &[&now, &user.uuid()]).await?;
        rows.into_iter().map(|row| read(&Answer::of(&REFRESH_TOKENS_LIST, row))).collect()
    }
}

fn read(answer: &Answer) -> Result<ListedFamily, StoreError> {
    Ok(ListedFamily {
        id: answer.get::<Uuid>("id")?.into(),
        client: answer.get::<Uuid>("client_row")?.into(),
        client_id: ClientIdentifier::from_column(answer.get("client_id")?),
        client_name: answer.get("name")?,
        logo_uri: answer.get("logo_uri")?,
        client_uri: answer.get("client_uri")?,
        session: answer.get::<Option<Uuid>>("session_id")?.map(Into::into),
        scopes: Scopes::from_column(answer.get("scopes")?),
        resources: answer.get("resources")?,
        authorization_details: answer.get("authorization_details")?,
        issued_at: answer.get("issued_at")?,
        last_used_at: answer.get("last_used_at")?,
        expires_at: answer.get("expires_at")?,
    })
}
