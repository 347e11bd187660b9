use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::error_code::refusals;
use crate::statements::SESSIONS_CREATE;
use crate::text::{comparable, comparable_list, one_line};
use crate::{Audit, SessionToken, Store, StoreError, UserEpoch, UserId};

/// A person has signed in.
#[derive(Clone, Debug)]
pub struct CreateSession<'a> {
    /// What the cookie will hold, made beforehand.
    pub token: &'a SessionToken,
    /// `sid`, which clients see: 1 to 255 characters of printable ASCII without space, made at random beforehand.
    pub sid: &'a str,
    /// Who.
    pub user: UserId,
    /// What [`UserForLogin`](crate::UserForLogin) said when the password was looked up: if everything of the user was
    /// revoked since, as by a change of password, there is no session for whoever knew the old one.
    pub epoch: UserEpoch,
    /// When they proved who they are (OpenID Connect Core 2).
    pub auth_time: DateTime<Utc>,
    /// Authentication context class reference.
    pub acr: Option<&'a str>,
    /// Authentication method references (RFC 8176).
    pub amr: &'a [String],
    /// The address that they came from.
    pub address: Option<IpAddr>,
    /// The `User-Agent` of the request: its first 1000 characters are kept, without control characters.
    pub user_agent: Option<&'a str>,
    /// What to call the device in a list: the first 200 characters are kept, without control characters.
    pub device: Option<&'a str>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// A session has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatedSession {
    /// When it ends unless it is used: after `sessions.idle_timeout_minutes`.
    pub idle_expires_at: DateTime<Utc>,
    /// When it ends however much it is used: after `sessions.duration_days`.
    pub expires_at: DateTime<Utc>,
}

refusals! {
    /// Why there is no session.
    CreateSessionRefusal:
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive" => AccessDenied,
        /// The account is locked for a while, after too many failed logins.
        UserLocked = "user_locked" => AccessDenied,
        /// Everything of the user was revoked since they proved who they are.
        Revoked = "revoked" => LoginRequired,
        /// `acr` is empty or has more than 255 characters, or NUL; or an `amr` is not of printable ASCII without spaces.
        BadContext = "bad_context" => ServerError,
}

impl Store {
    /// Begins a session: one statement.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    ///
    /// Fails as every operation does ([`StoreError`]); a `sid` that the schema refuses, or that another session has, is a
    /// `Constraint`.
    pub async fn create_session(
        &self,
        request: &CreateSession<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<CreatedSession, CreateSessionRefusal>, StoreError> {
        let answer = self
            .run_audited(
                &SESSIONS_CREATE,
                request.audit,
                now,
                &[
                    &request.token.id().uuid(),
                    &request.token.digest().octets(),
                    &request.sid,
                    &request.user.uuid(),
                    &request.auth_time,
                    &request.acr.map(comparable),
                    &comparable_list(request.amr),
                    &request.address.map(|address| address.to_string()),
                    &request.user_agent.and_then(|agent| one_line(agent, 1000)),
                    &request.device.and_then(|device| one_line(device, 200)),
                    &request.epoch.number(),
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "created" => Ok(Ok(CreatedSession {
                idle_expires_at: answer.get("idle_expires_at")?,
                expires_at: answer.get("expires_at")?,
            })),
            _ => answer.meaning("verdict", CreateSessionRefusal::from_answer).map(Err),
        }
    }
}
