use chrono::{DateTime, Utc};

use crate::error_code::refusals;
use crate::statements::DEVICE_CODES_ANSWER;
use crate::{Audit, DeviceCodeId, Scopes, SessionId, Store, StoreError, UserCode, UserId};

/// What a person says to a device that waits (RFC 8628 section 3.3).
#[derive(Clone, Debug)]
pub struct AnswerDeviceCode<'a> {
    /// The device that they were shown.
    pub id: DeviceCodeId,
    /// The user code that they typed. Both, so that what was shown is what is answered, even if another device has
    /// taken the user code since.
    pub user_code: UserCode,
    /// Who answers.
    pub user: UserId,
    /// In which session, whose `auth_time`, `acr` and `amr` at the approval are those of the grant, whatever it sees
    /// before the device comes for its tokens.
    pub session: SessionId,
    /// What they say.
    pub answer: DeviceAnswer<'a>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAnswer<'a> {
    /// The device may have these scopes, which are some of what it asked for; all of them when none are given.
    Approve(Option<&'a Scopes>),
    /// The device gets nothing.
    Deny,
}

refusals! {
    /// Why an answer was not taken. These are for a person; an error code is there for completeness.
    AnswerDeviceCodeRefusal:
        /// There is no such device, or it has another user code.
        Unknown = "unknown" => InvalidRequest,
        /// The device has waited for too long.
        Expired = "expired" => ExpiredToken,
        /// Somebody has answered before. What they said holds.
        Answered = "answered" => InvalidRequest,
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive" => AccessDenied,
        /// The session is not the user's, revoked or expired.
        SessionEnded = "session_ended" => LoginRequired,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => UnauthorizedClient,
        /// The client may not use this grant any more.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// Everything of the client was revoked since the device asked.
        Revoked = "revoked" => AccessDenied,
        /// A scope that the device did not ask for.
        ScopeExceeded = "scope_exceeded" => InvalidScope,
        /// The client may not have one of the scopes any more.
        ScopeNotAllowed = "scope_not_allowed" => InvalidScope,
}

impl Store {
    /// Approves a device or denies it, once: one statement. Of any number of answers, however simultaneous, the first
    /// one holds and the others are `Answered`. Whoever has a session may deny, whatever has become of the client.
    ///
    /// The same call again, after its answer was lost, gives the same outcome; it is the same when the time is.
    pub async fn answer_device_code(
        &self,
        request: &AnswerDeviceCode<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), AnswerDeviceCodeRefusal>, StoreError> {
        let (word, scopes) = match request.answer {
            DeviceAnswer::Approve(scopes) => ("approved", scopes),
            DeviceAnswer::Deny => ("denied", None),
        };
        let answer = self
            .run_audited(
                &DEVICE_CODES_ANSWER,
                request.audit,
                now,
                &[
                    &request.id.uuid(),
                    &request.user_code.to_column(),
                    &request.user.uuid(),
                    &request.session.uuid(),
                    &word,
                    &scopes.map(Scopes::to_column),
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "approved" | "denied" => Ok(Ok(())),
            _ => answer.meaning("verdict", AnswerDeviceCodeRefusal::from_answer).map(Err),
        }
    }
}
