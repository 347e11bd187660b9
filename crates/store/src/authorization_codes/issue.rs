use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error_code::refusals;
use crate::label::label;
use crate::redirect_uri::registrations;
use crate::statements::AUTHORIZATION_CODES_ISSUE;
use crate::text::{comparable, comparable_list, document};
use crate::{
    Audit, AuthorizationCode, ClientId, CodeChallenge, Scopes, SessionId, Store, StoreError, Thumbprint,
    UserEpoch, UserId,
};

/// What a person has granted at the authorization endpoint.
#[derive(Clone, Debug)]
pub struct IssueCode<'a> {
    /// The code, made beforehand.
    pub code: &'a AuthorizationCode,
    /// For which client.
    pub client: ClientId,
    /// Who granted it.
    pub user: UserId,
    /// In which session. It is over once everything of the user was revoked.
    pub session: Option<SessionId>,
    /// How often everything of theirs had been revoked when they proved who they are. Outside a session nothing else
    /// tells that it was revoked since: without either, the code counts all the same.
    pub epoch: Option<UserEpoch>,
    /// `redirect_uri` of the request; none when it had none.
    pub redirect_uri: Option<&'a str>,
    /// What was granted.
    pub scopes: &'a Scopes,
    /// Resource indicators of the request (RFC 8707).
    pub resources: &'a [String],
    /// RFC 9396.
    pub authorization_details: Option<&'a Value>,
    /// PKCE (RFC 7636).
    pub code_challenge: Option<&'a CodeChallenge>,
    /// `nonce` of the request (OpenID Connect Core 3.1.2.1).
    pub nonce: Option<&'a str>,
    /// When the person proved who they are.
    pub auth_time: DateTime<Utc>,
    /// Authentication context class reference.
    pub acr: Option<&'a str>,
    /// Authentication method references (RFC 8176).
    pub amr: &'a [String],
    /// `claims` of the request (OpenID Connect Core 5.5).
    pub requested_claims: Option<&'a Value>,
    /// `dpop_jkt` of the request (RFC 9449 section 10).
    pub dpop_jkt: Option<Thumbprint>,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

refusals! {
    /// Why no authorization code was issued (RFC 6749 section 4.1.2.1).
    IssueCodeRefusal:
        /// There is no such client. The person must not be redirected.
        UnknownClient = "unknown_client" => InvalidClient,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => UnauthorizedClient,
        /// The client may not use this grant.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// Not one of the client's ([`ClientMetadata::admits_redirect_uri`](crate::ClientMetadata::admits_redirect_uri)).
        /// The person must not be redirected.
        RedirectUriMismatch = "redirect_uri_mismatch" => InvalidRequest,
        /// The client has to use PKCE (RFC 7636 section 4.4.1).
        PkceRequired = "pkce_required" => InvalidRequest,
        /// The client may not use the method `plain`.
        PlainNotAllowed = "plain_not_allowed" => InvalidRequest,
        /// The client may not ask for one of the scopes.
        ScopeNotAllowed = "scope_not_allowed" => InvalidScope,
        /// A resource is no absolute URI without a fragment, or there are more than a hundred (RFC 8707 section 2).
        BadTarget = "bad_target" => InvalidTarget,
        /// The authorization details are not an array of objects that each have a type, or are too large (RFC 9396
        /// section 2).
        BadAuthorizationDetails = "bad_authorization_details" => InvalidAuthorizationDetails,
        /// `claims` is not a JSON object, or is too large (OpenID Connect Core 5.5).
        BadRequestedClaims = "bad_requested_claims" => InvalidRequest,
        /// `nonce` is empty or has more than 1000 characters, or NUL.
        BadNonce = "bad_nonce" => InvalidRequest,
        /// `acr` is empty or has more than 255 characters, or NUL; or an `amr` is not of printable ASCII without spaces.
        BadContext = "bad_context" => ServerError,
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive" => AccessDenied,
        /// The session is not the user's, revoked or expired.
        SessionEnded = "session_ended" => LoginRequired,
        /// Everything of the user was revoked since they proved who they are (`epoch`).
        Revoked = "revoked" => LoginRequired,
}

impl IssueCodeRefusal {
    /// Whether the client may hear of it by a redirection. Where it may not, the person is told on a page: the address
    /// is not known to be the client's (RFC 6749 section 4.1.2.1).
    #[must_use]
    pub const fn may_redirect(self) -> bool {
        !matches!(self, Self::UnknownClient | Self::RedirectUriMismatch)
    }
}

impl Store {
    /// Issues an authorization code, if the client may have one for this user: one statement. Gives when it expires:
    /// after the client's lifetime, or the setting's, of at most ten minutes (RFC 6749 section 4.1.2).
    pub async fn issue_authorization_code(
        &self,
        request: &IssueCode<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<DateTime<Utc>, IssueCodeRefusal>, StoreError> {
        let digest = request.code.digest();
        let challenge = request.code_challenge.map(|challenge| challenge.challenge.as_str());
        let method = request.code_challenge.map(|challenge| label(&challenge.method));
        let jkt = request.dpop_jkt.map(|print| print.to_string());
        let session = request.session.map(SessionId::uuid);
        let redirect_uri = request.redirect_uri.map(comparable);
        let epoch = request.epoch.map(UserEpoch::number);
        let answer = self
            .run_audited(
                &AUTHORIZATION_CODES_ISSUE,
                request.audit,
                now,
                &[
                    &request.code.id().uuid(),
                    &digest.octets(),
                    &request.client.uuid(),
                    &request.user.uuid(),
                    &session,
                    &redirect_uri,
                    &request.scopes.to_column(),
                    &comparable_list(request.resources),
                    &request.authorization_details.map(document),
                    &challenge,
                    &method,
                    &request.nonce.map(comparable),
                    &request.acr.map(comparable),
                    &comparable_list(request.amr),
                    &request.requested_claims.map(document),
                    &jkt,
                    &request.auth_time,
                    &redirect_uri.map(registrations),
                    &epoch,
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "issued" => Ok(Ok(answer.get("expires_at")?)),
            _ => answer.meaning("verdict", IssueCodeRefusal::from_answer).map(Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IssueCodeRefusal;

    #[test]
    fn nobody_is_redirected_to_an_address_that_may_not_be_the_clients() {
        let on_page: Vec<_> =
            IssueCodeRefusal::ALL.iter().filter(|refusal| !refusal.may_redirect()).copied().collect();
        assert_eq!(on_page, [IssueCodeRefusal::UnknownClient, IssueCodeRefusal::RedirectUriMismatch]);
    }
}
