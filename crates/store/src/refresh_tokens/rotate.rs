use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::error_code::refusals;
use crate::grant::{Grant, NewAccessToken};
use crate::statements::REFRESH_TOKENS_ROTATE;
use crate::text::{comparable_list, narrowing};
use crate::{Audit, ClientId, RefreshToken, Scopes, SenderConstraint, Store, StoreError, seal};

/// A token request with `grant_type=refresh_token` (RFC 6749 section 6).
#[derive(Clone, Debug)]
pub struct Rotate<'a> {
    /// The refresh token as it was presented.
    pub refresh_token: &'a RefreshToken,
    /// The one that takes its place, made beforehand with [`RefreshToken::successor`].
    pub successor: &'a RefreshToken,
    /// The client that presented it, authenticated where it can be.
    pub client: ClientId,
    /// `scope` of the request, for the access token: some of what was granted; none takes all.
    pub scopes: Option<&'a Scopes>,
    /// `resource` of the request (RFC 8707 section 2.2); none takes all that were granted. A grant without any
    /// leaves the choice to this request.
    pub resources: Option<&'a [String]>,
    /// What the sender has proved; the access token is bound to it. A public client has to prove what it proved when
    /// the grant began (RFC 9449 section 5, RFC 8705 section 4).
    pub sender: Option<SenderConstraint>,
    /// The access token to issue.
    pub access_token: NewAccessToken<'a>,
    /// Who may accept the access token (RFC 9068 section 2.2).
    pub audience: &'a [String],
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// How a refresh token was exchanged.
#[derive(Debug)]
pub enum Rotation {
    /// The successor that was given is the family's token now: it is for the client.
    Rotated(Grant),
    /// The token had been exchanged a moment ago: the successor of then, which nobody has used, is for the client. The
    /// one that was given is of no use.
    Repeated(Grant, RefreshToken),
}

refusals! {
    /// Why a refresh token was not exchanged (RFC 6749 section 5.2).
    RotateRefusal:
        /// Never was a token of a family; it may have been made up. Nothing was changed.
        Unknown = "unknown" => InvalidGrant,
        /// The token was issued to another client. Nothing was changed.
        WrongClient = "wrong_client" => InvalidGrant,
        /// The family, or everything of its user or client, was revoked before.
        Revoked = "revoked" => InvalidGrant,
        /// The family was not used for too long, or is too old.
        Expired = "expired" => InvalidGrant,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => InvalidClient,
        /// The client may not use this grant any more.
        UnauthorizedClient = "unauthorized_client" => UnauthorizedClient,
        /// The account is erased, or locked by an administrator.
        UserInactive = "user_inactive" => InvalidGrant,
        /// The session that the grant belongs to was ended.
        SessionEnded = "session_ended" => InvalidGrant,
        /// A token of the family that had been replaced: somebody has a copy. The family is revoked now (RFC 9700
        /// section 4.14.2).
        Reused = "reused" => InvalidGrant,
        /// Not the key or certificate that the family is bound to.
        SenderMismatch = "sender_mismatch" => InvalidGrant,
        /// The client has to send a DPoP proof (RFC 9449 section 5.2).
        DpopRequired = "dpop_required" => InvalidDpopProof,
        /// The client has to present a certificate (RFC 8705 section 3).
        CertificateRequired = "certificate_required" => InvalidRequest,
        /// A scope that was not granted (RFC 6749 section 6).
        ScopeExceeded = "scope_exceeded" => InvalidScope,
        /// A resource that was not granted (RFC 8707 section 2.2).
        TargetExceeded = "target_exceeded" => InvalidTarget,
        /// An audience is not of printable ASCII without spaces, or there are more than a hundred.
        BadAudience = "bad_audience" => InvalidTarget,
}

impl Store {
    /// Exchanges a refresh token for its successor and a new access token: one statement, which rewrites the row of
    /// the family in place.
    ///
    /// If the answer is lost, or two tabs refresh at once, the second presentation of the replaced token gives the
    /// same successor, as long as nobody used that and the setting `tokens.refresh_grace_seconds` (0 for never) has
    /// not passed since. Presented later, or after its successor was used, it is taken for theft and the family is
    /// revoked; `docs/rotation.md` proves that no interleaving gives two live successors, and that none revokes the
    /// family of a client that asks again in time. What never was a token of the family changes nothing.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    ///
    /// Fails as every operation does, and with [`StoreError::NotASuccessor`].
    pub async fn rotate_refresh_token(
        &self,
        request: &Rotate<'_>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<Rotation, RotateRefusal>, StoreError> {
        let presented = request.refresh_token;
        if !presented.precedes(request.successor) {
            return Err(StoreError::NotASuccessor);
        }
        let blind = Blind::new(random);
        let digest = blind.digest(&presented.digest());
        let lineage = blind.digest(&presented.lineage_digest());
        let sealed = seal::seal(presented, request.successor, random).ok_or(StoreError::Seal)?;
        let access_digest = request.access_token.digest();
        let answer = self
            .run_audited(
                &REFRESH_TOKENS_ROTATE,
                request.audit,
                now,
                &[
                    &presented.family().uuid(),
                    &blind.octets(),
                    &&digest[..],
                    &&lineage[..],
                    &request.client.uuid(),
                    &request.successor.digest().octets(),
                    &sealed,
                    &request.scopes.map(Scopes::to_column),
                    &narrowing(request.resources),
                    &SenderConstraint::jkt(request.sender),
                    &SenderConstraint::x5t(request.sender),
                    &request.access_token.id().uuid(),
                    &access_digest.as_ref().map(authority_entity::secret::Digest::octets),
                    &comparable_list(request.audience),
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "rotated" => Ok(Ok(Rotation::Rotated(Grant::read(&answer)?))),
            "repeated" => {
                let sealed: &[u8] = answer.get("sealed_successor")?;
                let successor = seal::open(presented, sealed)
                    .ok_or_else(|| answer.not_understood("the sealed successor"))?;
                Ok(Ok(Rotation::Repeated(Grant::read(&answer)?, successor)))
            }
            _ => answer.meaning("verdict", RotateRefusal::from_answer).map(Err),
        }
    }
}
