use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::error_code::refusals;
use crate::statements::DEVICE_CODES_ISSUE;
use crate::text::{comparable_list, one_line};
use crate::{Audit, ClientId, DeviceCode, Scopes, Store, StoreError, UserCode};

/// A device authorization request (RFC 8628 section 3.1).
#[derive(Clone, Debug)]
pub struct IssueDeviceCode<'a> {
    /// The code that the device polls with, made beforehand.
    pub device_code: &'a DeviceCode,
    /// The code that the person types, made beforehand.
    pub user_code: UserCode,
    /// The client on the device, authenticated where it can be.
    pub client: ClientId,
    /// `scope` of the request.
    pub scopes: &'a Scopes,
    /// Resource indicators of the request (RFC 8707).
    pub resources: &'a [String],
    /// Seconds that the device has to wait between polls, of which it takes 5 when it is not told: from 1 to 3600, and
    /// the nearer of these otherwise.
    pub interval: u16,
    /// Where the request came from, for the person to recognise.
    pub ip_address: Option<IpAddr>,
    /// `User-Agent` of the request, for the person to recognise; what does not fit is left out.
    pub user_agent: Option<&'a str>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

refusals! {
    /// Why no device code was issued (RFC 8628 section 3.2, RFC 6749 section 5.2).
    IssueDeviceCodeRefusal:
        /// There is no such client.
        UnknownClient = "unknown_client" => InvalidClient,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => InvalidClient,
        /// The client may not use this grant.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// The client may not ask for one of the scopes.
        ScopeNotAllowed = "scope_not_allowed" => InvalidScope,
        /// A resource is no absolute URI without a fragment, or there are more than a hundred (RFC 8707 section 2).
        BadTarget = "bad_target" => InvalidTarget,
        /// Another device waits under this user code: call again with another one. Nothing for a client to hear.
        UserCodeTaken = "user_code_taken" => TemporarilyUnavailable,
}

impl Store {
    /// Issues a device code and its user code: one statement. Gives when they expire: after the client's lifetime, or
    /// the setting's, of at most an hour.
    ///
    /// A user code is taken as long as somebody may still answer under it or fetch what was answered. What has
    /// expired gives it up.
    ///
    /// The same call again, after its answer was lost, gives the same outcome. Whether a taken user code is this call's
    /// own, whose first sending was still on its way, takes a second look to tell; that is the one case in which there
    /// are two statements.
    pub async fn issue_device_code(
        &self,
        request: &IssueDeviceCode<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<DateTime<Utc>, IssueDeviceCodeRefusal>, StoreError> {
        match self.issue_device_code_once(request, now).await? {
            Err(IssueDeviceCodeRefusal::UserCodeTaken) => self.issue_device_code_once(request, now).await,
            outcome => Ok(outcome),
        }
    }

    async fn issue_device_code_once(
        &self,
        request: &IssueDeviceCode<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<DateTime<Utc>, IssueDeviceCodeRefusal>, StoreError> {
        let digest = request.device_code.digest();
        let address = request.ip_address.map(|address| address.to_string());
        let agent = request.user_agent.and_then(|agent| one_line(agent, 1000));
        let answer = self
            .run_audited(
                &DEVICE_CODES_ISSUE,
                request.audit,
                now,
                &[
                    &request.device_code.id().uuid(),
                    &digest.octets(),
                    &request.user_code.to_column(),
                    &request.client.uuid(),
                    &request.scopes.to_column(),
                    &comparable_list(request.resources),
                    &i32::from(request.interval.clamp(1, 3600)),
                    &address,
                    &agent,
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "issued" => Ok(Ok(answer.get("expires_at")?)),
            _ => answer.meaning("verdict", IssueDeviceCodeRefusal::from_answer).map(Err),
        }
    }
}
