use authority_entity::sea_orm_active_enums::RevocationReason;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::label::label;
use crate::statements::{REFRESH_TOKENS_REVOKE, REFRESH_TOKENS_REVOKE_FAMILY};
use crate::{Actor, Audit, ClientId, RefreshToken, RefreshTokenId, Revocation, Store, StoreError, UserId};

impl Store {
    /// Revokes the family of a refresh token at the request of its client (RFC 7009): the token, and every access
    /// token that was issued from the family. One statement. A token that was replaced long ago will do.
    pub async fn revoke_refresh_token(
        &self,
        token: &RefreshToken,
        client: ClientId,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Revocation, StoreError> {
        let blind = Blind::new(random);
        let lineage = blind.digest(&token.lineage_digest());
        let answer = self
            .run_audited(
                &REFRESH_TOKENS_REVOKE,
                audit,
                now,
                &[
                    &token.family().uuid(),
                    &blind.octets(),
                    &&lineage[..],
                    &client.uuid(),
                    &label(&RevocationReason::ClientRequest),
                ],
            )
            .await?;
        Revocation::read(&answer)
    }

    /// Revokes a family by its id: one statement. With `of`, only if it is that user's, which is how a person revokes one
    /// from [their list](Self::families_of_user); another's is `Unknown` then.
    pub async fn revoke_family(
        &self,
        family: RefreshTokenId,
        of: Option<UserId>,
        reason: RevocationReason,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Revocation, StoreError> {
        let answer = self
            .run_audited(
                &REFRESH_TOKENS_REVOKE_FAMILY,
                audit,
                now,
                &[&family.uuid(), &of.map(UserId::uuid), &label(&reason), &actor.kind(), &actor.id()],
            )
            .await?;
        Revocation::read(&answer)
    }
}
