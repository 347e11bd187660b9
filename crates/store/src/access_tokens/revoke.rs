use authority_entity::sea_orm_active_enums::RevocationReason;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::label::label;
use crate::statements::ACCESS_TOKENS_REVOKE;
use crate::{Audit, ClientId, PresentedAccessToken, Revocation, Store, StoreError};

impl Store {
    /// Revokes an access token at the request of its client (RFC 7009): this token alone. One statement.
    /// An opaque token has to have the right secret; a JWT is known by its id, once its signature was verified.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    pub async fn revoke_access_token(
        &self,
        token: impl Into<PresentedAccessToken<'_>>,
        client: ClientId,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Revocation, StoreError> {
        let blind = Blind::new(random);
        let token = token.into();
        let digest = token.digest().map(|digest| blind.digest(&digest));
        let answer = self
            .run_audited(
                &ACCESS_TOKENS_REVOKE,
                audit,
                now,
                &[
                    &token.id(),
                    &blind.octets(),
                    &digest.as_ref().map(|octets| &octets[..]),
                    &client.uuid(),
                    &label(&RevocationReason::ClientRequest),
                ],
            )
            .await?;
        Revocation::read(&answer)
    }
}
