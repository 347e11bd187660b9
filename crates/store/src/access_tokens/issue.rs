use authority_entity::sea_orm_active_enums::GrantType;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error_code::refusals;
use crate::grant::NewAccessToken;
use crate::label::label;
use crate::statements::ACCESS_TOKENS_ISSUE;
use crate::text::{comparable_list, document};
use crate::{AccessTokenId, Audit, ClientId, Scopes, SenderConstraint, Store, StoreError, UserEpoch, UserId};

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
    /// On whose behalf.
    pub subject: Subject,
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

/// On whose behalf an access token is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The client itself: client credentials (RFC 6749 section 4.4).
    Client,
    /// The user of an access token of this server: `subject_token` (RFC 8693 section 2.1), which was introspected in
    /// this request and found active.
    ///
    /// The new token carries what the subject token began with: it does not outlive it, it ends with its session and
    /// its family, and a mass revocation of the user's reaches it even if it happens between that introspection and
    /// this call. Its `auth_time` and `acr` are those of the subject token too, and not what the session has seen since:
    /// that would lend the subject token's holder a proof that it was not granted by (RFC 9470). It does not end when the
    /// subject token alone is revoked later, which a subject token without a family is when its code is replayed, nor
    /// when everything of the subject token's own client is.
    ///
    /// The caller decides whether this client may exchange that token at all: whether it is in its audience, whether the
    /// sender has proved the key or certificate that it is bound to, and which of its scopes, resources and authorization
    /// details the new one may have (RFC 8693 section 2.1). Introspection tells all of that.
    AccessToken(AccessTokenId),
    /// A user who was recognised by something that this server did not issue, such as the assertion of somebody whom
    /// it trusts (RFC 7521, RFC 8693). The epoch has to be what [`UserInfo`](crate::UserInfo) or
    /// [`UserForLogin`](crate::UserForLogin) said when the assertion was judged: what was revoked since gives no token.
    /// The token has no session, and no `auth_time`: this server has not authenticated anybody for it.
    User(UserId, UserEpoch),
}

impl Subject {
    fn columns(self) -> (Option<uuid::Uuid>, Option<i32>, Option<uuid::Uuid>) {
        match self {
            Self::Client => (None, None, None),
            Self::AccessToken(id) => (None, None, Some(id.uuid())),
            Self::User(user, epoch) => (Some(user.uuid()), Some(epoch.number()), None),
        }
    }
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
        /// A resource is no absolute URI without a fragment, or there are more than a hundred (RFC 8707 section 2).
        BadTarget = "bad_target" => InvalidTarget,
        /// An audience is not of printable ASCII without spaces, or there are more than a hundred.
        BadAudience = "bad_audience" => InvalidTarget,
        /// The authorization details are not an array of objects that each have a type, or are too large (RFC 9396
        /// section 2).
        BadAuthorizationDetails = "bad_authorization_details" => InvalidAuthorizationDetails,
        /// `act` has no `sub`, or is too large (RFC 8693 section 4.1).
        BadActor = "bad_actor" => InvalidRequest,
        /// The client has to send a DPoP proof (RFC 9449 section 5.2).
        DpopRequired = "dpop_required" => InvalidDpopProof,
        /// The client has to present a certificate (RFC 8705 section 3).
        CertificateRequired = "certificate_required" => InvalidRequest,
        /// The subject token is not there, expired, or revoked, by itself or with its family, session, user or client; or
        /// it acts for no user (RFC 8693 section 2.2.2).
        SubjectInvalid = "subject_invalid" => InvalidRequest,
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive" => InvalidGrant,
        /// Everything of the user was revoked since they were recognised.
        Revoked = "revoked" => InvalidGrant,
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
        let (user, epoch, token) = request.subject.columns();
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
                    &user,
                    &request.scopes.to_column(),
                    &comparable_list(request.audience),
                    &comparable_list(request.resources),
                    &request.authorization_details.map(document),
                    &SenderConstraint::jkt(request.sender),
                    &SenderConstraint::x5t(request.sender),
                    &request.actor.map(document),
                    &epoch,
                    &token,
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "issued" => Ok(Ok(answer.get("expires_at")?)),
            _ => answer.meaning("verdict", IssueAccessTokenRefusal::from_answer).map(Err),
        }
    }
}
