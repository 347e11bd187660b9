use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error_code::refusals;
use crate::statements::DEVICE_CODES_LOOK_UP;
use crate::{
    Audit, ClientId, ClientIdentifier, DeviceCodeId, Scopes, SessionId, Store, StoreError, UserCode, UserId,
};

/// A user code that somebody typed on the verification page (RFC 8628 section 3.3).
#[derive(Clone, Debug)]
pub struct LookUpDeviceCode<'a> {
    /// What they typed.
    pub user_code: UserCode,
    /// Who they are, where they have signed in.
    pub user: Option<UserId>,
    /// Their session.
    pub session: Option<SessionId>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// A device that waits for an answer: what a person needs to know of it (RFC 8628 sections 3.3 and 5.4).
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRequest {
    /// What to answer.
    pub id: DeviceCodeId,
    /// The row of the client.
    pub client: ClientId,
    /// `client_id`.
    pub client_id: ClientIdentifier,
    /// What the client is called.
    pub client_name: String,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Its privacy policy.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// What it asks for.
    pub scopes: Scopes,
    /// Resource indicators of the request (RFC 8707).
    pub resources: Vec<String>,
    /// Where the device asked from.
    pub ip_address: Option<IpAddr>,
    /// User agent of the device.
    pub user_agent: Option<String>,
    /// When the device asked.
    pub issued_at: DateTime<Utc>,
    /// Until when it can be answered.
    pub expires_at: DateTime<Utc>,
    /// How often its user code was typed, this time included. More than once or twice looks like phishing: a code
    /// that was sent to many (RFC 8628 section 5.4).
    pub attempts: u32,
}

refusals! {
    /// Why nothing can be answered under a user code. These are for a person; an error code is there for completeness.
    LookUpDeviceCodeRefusal:
        /// There is no such user code: mistyped, guessed, or answered and done with.
        Unknown = "unknown" => InvalidRequest,
        /// The device has waited for too long.
        Expired = "expired" => ExpiredToken,
        /// Somebody approved it, and the device has yet to notice.
        Answered = "answered" => InvalidRequest,
        /// The client was disabled, or everything of it was revoked.
        ClientDisabled = "client_disabled" => UnauthorizedClient,
        /// The user code was typed ten times before.
        TooManyAttempts = "too_many_attempts" => AccessDenied,
}

impl Store {
    /// Finds the device that waits under a user code: one statement.
    ///
    /// It counts how often the code was typed, and ends after ten times: a code that was sent to many people lets in
    /// few of them. A call that was repeated because its answer was lost may count twice. Guesses at codes that do not
    /// exist have no row to be counted in: the address and the user have to be slowed down (RFC 8628 section 5.1), by
    /// whom the events `device_code.look_up` that failed can be counted.
    pub async fn look_up_device_code(
        &self,
        request: &LookUpDeviceCode<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<DeviceRequest, LookUpDeviceCodeRefusal>, StoreError> {
        let (user, session) = (request.user.map(UserId::uuid), request.session.map(SessionId::uuid));
        let answer = self
            .run_audited(
                &DEVICE_CODES_LOOK_UP,
                request.audit,
                now,
                &[&request.user_code.to_column(), &user, &session],
            )
            .await?;
        if answer.get::<&str>("verdict")? != "found" {
            return answer.meaning("verdict", LookUpDeviceCodeRefusal::from_answer).map(Err);
        }
        let address = answer.get::<Option<&str>>("ip_address")?.map(str::parse).transpose();
        Ok(Ok(DeviceRequest {
            id: answer.get::<Uuid>("id")?.into(),
            client: answer.get::<Uuid>("client_row")?.into(),
            client_id: ClientIdentifier::from_column(answer.get("client_id")?),
            client_name: answer.get("name")?,
            logo_uri: answer.get("logo_uri")?,
            client_uri: answer.get("client_uri")?,
            policy_uri: answer.get("policy_uri")?,
            tos_uri: answer.get("tos_uri")?,
            scopes: Scopes::from_column(answer.get("scopes")?),
            resources: answer.get("resources")?,
            ip_address: address.map_err(|_| answer.not_understood("ip_address"))?,
            user_agent: answer.get("user_agent")?,
            issued_at: answer.get("issued_at")?,
            expires_at: answer.get("expires_at")?,
            attempts: answer.get::<i32>("attempts")?.unsigned_abs(),
        }))
    }
}
