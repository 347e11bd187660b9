use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use serde_json::Value;

use crate::blind::Blind;
use crate::error_code::refusals;
use crate::grant::{Grant, NewAccessToken};
use crate::statements::{AUTHORIZATION_CODES_EXCHANGE, AUTHORIZATION_CODES_REVOKE_ISSUED};
use crate::text::{comparable, comparable_list, narrowing};
use crate::{
    Audit, AuthorizationCode, ClientId, CodeVerifier, RefreshToken, SenderConstraint, Store, StoreError,
};

/// A token request with `grant_type=authorization_code` (RFC 6749 section 4.1.3).
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    /// The code as it was presented.
    pub code: &'a AuthorizationCode,
    /// The client that presented it, authenticated where it can be.
    pub client: ClientId,
    /// `redirect_uri` of the request.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier` of the request (RFC 7636).
    pub code_verifier: Option<&'a CodeVerifier>,
    /// What the sender has proved; the tokens are bound to it.
    pub sender: Option<SenderConstraint>,
    /// `resource` of the request, some of the code's (RFC 8707 section 2.2); none takes all of the code's. A code
    /// that was asked for without any leaves the choice to this request: who does not want that refuses it before.
    pub resources: Option<&'a [String]>,
    /// The access token to issue.
    pub access_token: NewAccessToken<'a>,
    /// Who may accept the access token (RFC 9068 section 2.2).
    pub audience: &'a [String],
    /// The refresh token to issue, where the client may have one; none where policy does not give one.
    pub refresh_token: Option<&'a RefreshToken>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// The tokens were issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchanged {
    /// What was granted. Without `refresh_expires_at` no refresh token was issued, although one was made.
    pub grant: Grant,
    /// `nonce` of the authorization request, for the ID token.
    pub nonce: Option<String>,
    /// `claims` of the authorization request (OpenID Connect Core 5.5).
    pub requested_claims: Option<Value>,
}

refusals! {
    /// Why a code was not exchanged (RFC 6749 section 5.2).
    ExchangeRefusal:
        /// There is no such code; it may have been made up.
        Unknown = "unknown" => InvalidGrant,
        /// The code was issued to another client.
        WrongClient = "wrong_client" => InvalidGrant,
        /// The code was used before: what it had issued is revoked now (RFC 6749 section 4.1.2).
        Replayed = "replayed" => InvalidGrant,
        /// The code's time is over.
        Expired = "expired" => InvalidGrant,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => InvalidClient,
        /// The client may not use this grant any more.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// Not that of the authorization request (RFC 6749 section 4.1.3).
        RedirectUriMismatch = "redirect_uri_mismatch" => InvalidGrant,
        /// The verifier is missing, wrong, or there although the code has no challenge (RFC 7636 section 4.6, RFC 9700
        /// section 2.1.1).
        PkceMismatch = "pkce_mismatch" => InvalidGrant,
        /// Another key than the authorization request announced (RFC 9449 section 10).
        SenderMismatch = "sender_mismatch" => InvalidGrant,
        /// The client has to send a DPoP proof (RFC 9449 section 5.2).
        DpopRequired = "dpop_required" => InvalidDpopProof,
        /// The client has to present a certificate (RFC 8705 section 3).
        CertificateRequired = "certificate_required" => InvalidRequest,
        /// Everything of the user or of the client was revoked since.
        Revoked = "revoked" => InvalidGrant,
        /// The account is erased, or locked by an administrator.
        UserInactive = "user_inactive" => InvalidGrant,
        /// The session in which the code was granted has ended.
        SessionEnded = "session_ended" => InvalidGrant,
        /// A resource that was not granted (RFC 8707 section 2.2).
        TargetExceeded = "target_exceeded" => InvalidTarget,
        /// An audience is not of printable ASCII without spaces, or there are more than a hundred.
        BadAudience = "bad_audience" => InvalidTarget,
}

impl Store {
    /// Exchanges an authorization code for tokens: consumes it, inserts the access token and, where it is wanted and
    /// the client may have one, the family of the refresh token. One statement.
    ///
    /// Of any number of exchanges of one code, however simultaneous, exactly one succeeds: each waits for the code's
    /// row and decides by what it finds then. The others are `Replayed`, and what was issued is revoked. That takes a
    /// second statement: the winner may have committed after the first one's snapshot, which then cannot see what
    /// there is to revoke. If the process dies between the two, the next replay revokes it.
    ///
    /// The same call again, after its answer was lost, gives the same outcome: the code knows its access token's id.
    pub async fn exchange_authorization_code(
        &self,
        request: &Exchange<'_>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<Exchanged, ExchangeRefusal>, StoreError> {
        let blind = Blind::new(random);
        let id = request.code.id().uuid();
        let digest = blind.digest(&request.code.digest());
        let s256 = request.code_verifier.map(|verifier| blind.of(verifier.s256().as_bytes()));
        let plain = request.code_verifier.map(|verifier| blind.of(verifier.plain().as_bytes()));
        let access_digest = request.access_token.digest();
        let refresh = request.refresh_token;
        let refresh_digest = refresh.map(RefreshToken::digest);
        let lineage_digest = refresh.map(RefreshToken::lineage_digest);
        let answer = self
            .run_audited(
                &AUTHORIZATION_CODES_EXCHANGE,
                request.audit,
                now,
                &[
                    &id,
                    &blind.octets(),
                    &&digest[..],
                    &request.client.uuid(),
                    &request.redirect_uri.map(comparable),
                    &s256.as_ref().map(|octets| &octets[..]),
                    &plain.as_ref().map(|octets| &octets[..]),
                    &SenderConstraint::jkt(request.sender),
                    &SenderConstraint::x5t(request.sender),
                    &request.access_token.id().uuid(),
                    &access_digest.as_ref().map(authority_entity::secret::Digest::octets),
                    &comparable_list(request.audience),
                    &refresh.map(|token| token.family().uuid()),
                    &refresh_digest.as_ref().map(authority_entity::secret::Digest::octets),
                    &lineage_digest.as_ref().map(authority_entity::secret::Digest::octets),
                    &narrowing(request.resources),
                ],
            )
            .await?;
        if answer.get::<&str>("verdict")? == "exchanged" {
            return Ok(Ok(Exchanged {
                grant: Grant::read(&answer)?,
                nonce: answer.get("nonce")?,
                requested_claims: answer.get("requested_claims")?,
            }));
        }
        let refusal = answer.meaning("verdict", ExchangeRefusal::from_answer)?;
        if refusal == ExchangeRefusal::Replayed {
            self.run(&AUTHORIZATION_CODES_REVOKE_ISSUED, &[&id, &now]).await?;
        }
        Ok(Err(refusal))
    }
}
