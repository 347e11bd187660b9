use authority_entity::sea_orm_active_enums::RevocationReason;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::label::label;
use crate::statements::ACCESS_TOKENS_REVOKE;
use crate::{AccessToken, Audit, ClientId, Revocation, Store, StoreError};

impl Store {
    /// Revokes an access token at the request of its client (RFC 7009): this token alone. One statement.
    pub async fn revoke_access_token(
        &self,
        token: &AccessToken,
        client: ClientId,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Revocation, StoreError> {
        let blind = Blind::new(random);
        let digest = blind.digest(&token.digest());
        let answer = self
            .run_audited(
                &ACCESS_TOKENS_REVOKE,
                audit,
                now,
                &[
                    &token.id().uuid(),
                    &blind.octets(),
                    &&digest[..],
                    &client.uuid(),
                    &label(&RevocationReason::ClientRequest),
                ],
            )
            .await?;
        Revocation::read(&answer)
    }
}
