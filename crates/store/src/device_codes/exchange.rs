use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::error_code::refusals;
use crate::grant::{Grant, NewAccessToken};
use crate::statements::DEVICE_CODES_EXCHANGE;
use crate::text::{comparable_list, narrowing};
use crate::{Audit, ClientId, DeviceCode, RefreshToken, SenderConstraint, Store, StoreError};

/// A token request with `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 section 3.4): a poll.
#[derive(Clone, Debug)]
pub struct ExchangeDeviceCode<'a> {
    /// The code as it was presented.
    pub device_code: &'a DeviceCode,
    /// The client that presented it, authenticated where it can be.
    pub client: ClientId,
    /// What the sender has proved; the tokens are bound to it.
    pub sender: Option<SenderConstraint>,
    /// `resource` of the request, some of the code's (RFC 8707 section 2.2); none takes all of the code's. A code
    /// that was asked for without any leaves the choice to this request: who does not want that refuses it before.
    pub resources: Option<&'a [String]>,
    /// The access token to issue, once the device is approved.
    pub access_token: NewAccessToken<'a>,
    /// Who may accept the access token (RFC 9068 section 2.2).
    pub audience: &'a [String],
    /// The refresh token to issue, where the client may have one; none where policy does not give one.
    pub refresh_token: Option<&'a RefreshToken>,
    /// What to write into the audit trail, unless the answer is that the device has to wait.
    pub audit: Option<&'a Audit>,
}

refusals! {
    /// Why a device code was not exchanged (RFC 8628 section 3.5, RFC 6749 section 5.2).
    ExchangeDeviceCodeRefusal:
        /// There is no such code; it may have been made up.
        Unknown = "unknown" => InvalidGrant,
        /// The code was issued to another client.
        WrongClient = "wrong_client" => InvalidGrant,
        /// The code was exchanged before. What was issued stays: no document asks for more, and a device that lost its
        /// answer asks like this too.
        AlreadyExchanged = "already_exchanged" => InvalidGrant,
        /// The code's time is over, approved or not.
        Expired = "expired" => ExpiredToken,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => InvalidClient,
        /// The client may not use this grant any more.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// Everything of the user or of the client was revoked since.
        Revoked = "revoked" => InvalidGrant,
        /// A person said no.
        Denied = "denied" => AccessDenied,
        /// The client has to send a DPoP proof (RFC 9449 section 5.2).
        DpopRequired = "dpop_required" => InvalidDpopProof,
        /// The client has to present a certificate (RFC 8705 section 3).
        CertificateRequired = "certificate_required" => InvalidRequest,
        /// Nobody has answered yet.
        Pending = "pending" => AuthorizationPending,
        /// Nobody has answered yet, and the device asked too early: it has to wait five seconds more from now on.
        SlowDown = "slow_down" => SlowDown,
        /// The account is erased, or locked by an administrator.
        UserInactive = "user_inactive" => InvalidGrant,
        /// The session in which the device was approved has ended.
        SessionEnded = "session_ended" => InvalidGrant,
        /// A resource that was not asked for (RFC 8707 section 2.2).
        TargetExceeded = "target_exceeded" => InvalidTarget,
        /// An audience is not of printable ASCII without spaces, or there are more than a hundred.
        BadAudience = "bad_audience" => InvalidTarget,
}

impl Store {
    /// Answers a poll of a device, and exchanges the code for tokens once it is approved, as
    /// [`Store::exchange_authorization_code`] does: one statement.
    ///
    /// Of any number of polls of an approved code, however simultaneous, exactly one gets tokens; the others are
    /// `AlreadyExchanged`. To be too early matters as long as nobody has answered, for `slow_down` is a kind of
    /// `authorization_pending` (RFC 8628 section 3.5); it means by a second or more, which is what clocks of
    /// several servers may differ by.
    ///
    /// The same call again, after its answer was lost, gives the same outcome and is not counted as another poll; it is
    /// the same when the time is. Whether a code that was exchanged at this very time was so by this call, whose first
    /// sending was still on its way, takes a second look to tell; that is the one case in which there are two
    /// statements.
    pub async fn exchange_device_code(
        &self,
        request: &ExchangeDeviceCode<'_>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<Grant, ExchangeDeviceCodeRefusal>, StoreError> {
        let blind = Blind::new(random);
        match self.exchange_device_code_once(request, now, &blind).await? {
            (Err(ExchangeDeviceCodeRefusal::AlreadyExchanged), true) => {}
            (outcome, _) => return Ok(outcome),
        }
        self.exchange_device_code_once(request, now, &blind).await.map(|(outcome, _)| outcome)
    }

    /// The outcome, and whether a code that was exchanged already was so at the time of this call.
    async fn exchange_device_code_once(
        &self,
        request: &ExchangeDeviceCode<'_>,
        now: DateTime<Utc>,
        blind: &Blind,
    ) -> Result<(Result<Grant, ExchangeDeviceCodeRefusal>, bool), StoreError> {
        let digest = blind.digest(&request.device_code.digest());
        let access_digest = request.access_token.digest();
        let refresh = request.refresh_token;
        let refresh_digest = refresh.map(RefreshToken::digest);
        let lineage_digest = refresh.map(RefreshToken::lineage_digest);
        let answer = self
            .run_audited(
                &DEVICE_CODES_EXCHANGE,
                request.audit,
                now,
                &[
                    &request.device_code.id().uuid(),
                    &blind.octets(),
                    &&digest[..],
                    &request.client.uuid(),
                    &SenderConstraint::jkt(request.sender),
                    &SenderConstraint::x5t(request.sender),
                    &request.access_token.id().uuid(),
                    &access_digest.as_ref().map(Digest::octets),
                    &comparable_list(request.audience),
                    &refresh.map(|token| token.family().uuid()),
                    &refresh_digest.as_ref().map(Digest::octets),
                    &lineage_digest.as_ref().map(Digest::octets),
                    &narrowing(request.resources),
                ],
            )
            .await?;
        let is_of_this_time = answer.get::<Option<bool>>("is_of_this_time")? == Some(true);
        let outcome = match answer.get("verdict")? {
            "exchanged" => Ok(Grant::read(&answer)?),
            _ => Err(answer.meaning("verdict", ExchangeDeviceCodeRefusal::from_answer)?),
        };
        Ok((outcome, is_of_this_time))
    }
}
