use authority_entity::sea_orm_active_enums::GrantType;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error_code::refusals;
use crate::grant::NewAccessToken;
use crate::label::label;
use crate::statements::ACCESS_TOKENS_ISSUE;
use crate::{Audit, ClientId, Scopes, SenderConstraint, Store, StoreError, UserId};

/// A token request whose grant leaves no row of its own: client credentials (RFC 6749 section 4.4) or token exchange
/// (RFC 8693).
#[derive(Clone, Debug)]
pub struct IssueAccessToken<'a> {
    /// The access token to issue.
    pub access_token: NewAccessToken<'a>,
    /// The client that asked, authenticated.
    pub client: ClientId,
    /// `grant_type` of the request, which the client has to be allowed.
    pub grant_type: GrantType,
    /// On whose behalf; none for client credentials.
    pub user: Option<UserId>,
    /// What it may be used for: some of what the client is allowed.
    pub scopes: &'a Scopes,
    /// Who may accept it (RFC 9068 section 2.2).
    pub audience: &'a [String],
    /// Resource indicators (RFC 8707).
    pub resources: &'a [String],
    /// RFC 9396.
    pub authorization_details: Option<&'a Value>,
    /// What the sender has proved; the token is bound to it.
    pub sender: Option<SenderConstraint>,
    /// `act`: who acts for the user (RFC 8693 section 4.1).
    pub actor: Option<&'a Value>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

refusals! {
    /// Why no access token was issued (RFC 6749 section 5.2).
    IssueAccessTokenRefusal:
        /// There is no such client.
        UnknownClient = "unknown_client" => InvalidClient,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => InvalidClient,
        /// The client may not use this grant.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// The client may not ask for one of the scopes.
        ScopeNotAllowed = "scope_not_allowed" => InvalidScope,
        /// The client has to send a DPoP proof (RFC 9449 section 5.2).
        DpopRequired = "dpop_required" => InvalidDpopProof,
        /// The client has to present a certificate (RFC 8705 section 3).
        CertificateRequired = "certificate_required" => InvalidRequest,
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive" => InvalidGrant,
}

impl Store {
    /// Issues an access token: one statement. Gives when it expires.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    pub async fn issue_access_token(
        &self,
        request: &IssueAccessToken<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<DateTime<Utc>, IssueAccessTokenRefusal>, StoreError> {
        let digest = request.access_token.digest();
        let answer = self
            .run_audited(
                &ACCESS_TOKENS_ISSUE,
                request.audit,
                now,
                &[
                    &request.access_token.id().uuid(),
                    &digest.as_ref().map(authority_entity::secret::Digest::octets),
                    &request.client.uuid(),
                    &label(&request.grant_type),
                    &request.user.map(UserId::uuid),
                    &request.scopes.to_column(),
                    &request.audience,
                    &request.resources,
                    &request.authorization_details,
                    &SenderConstraint::jkt(request.sender),
                    &SenderConstraint::x5t(request.sender),
                    &request.actor,
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "issued" => Ok(Ok(answer.get("expires_at")?)),
            _ => answer.meaning("verdict", IssueAccessTokenRefusal::from_answer).map(Err),
        }
    }
}
