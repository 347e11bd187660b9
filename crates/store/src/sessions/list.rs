use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::answer::Answer;
use crate::statements::SESSIONS_LIST;
use crate::{SessionId, Store, StoreError, UserId};

/// A session as its person sees it among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// The row, by which it can be ended.
    pub id: SessionId,
    /// `sid`, which clients see.
    pub sid: String,
    /// When the person last proved who they are.
    pub auth_time: DateTime<Utc>,
    /// Authentication context class reference.
    pub acr: Option<String>,
    /// Authentication method references (RFC 8176).
    pub amr: Vec<String>,
    /// The address that it began from.
    pub address: Option<IpAddr>,
    /// The user agent that it began with.
    pub user_agent: Option<String>,
    /// What the device is called.
    pub device: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, within [`TOUCH_SECONDS`](crate::TOUCH_SECONDS).
    pub last_active_at: DateTime<Utc>,
    /// When it ends however much it is used.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// The sessions of a user that would be accepted now, last used first: one statement.
    pub async fn sessions_of_user(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<ListedSession>, StoreError> {
        let rows = self.run(&SESSIONS_LIST, &[&now, &user.uuid()]).await?;
        rows.into_iter().map(|row| read(&Answer::of(&SESSIONS_LIST, row))).collect()
    }
}

fn read(answer: &Answer) -> Result<ListedSession, StoreError> {
    let address = answer.get::<Option<&str>>("address")?.map(str::parse::<IpAddr>).transpose();
    Ok(ListedSession {
        id: answer.get::<Uuid>("id")?.into(),
        sid: answer.get("sid")?,
        auth_time: answer.get("auth_time")?,
        acr: answer.get("acr")?,
        amr: answer.get("amr")?,
        address: address.map_err(|_| answer.not_understood("address"))?,
        user_agent: answer.get("user_agent")?,
        device: answer.get("device")?,
        created_at: answer.get("created_at")?,
        last_active_at: answer.get("last_active_at")?,
        expires_at: answer.get("expires_at")?,
    })
}
