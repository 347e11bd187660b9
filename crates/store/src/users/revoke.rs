use authority_entity::sea_orm_active_enums::RevocationReason;
use chrono::{DateTime, Utc};

use crate::label::label;
use crate::statements::USERS_REVOKE_TOKENS;
use crate::{Actor, Audit, Revocation, Store, StoreError, UserId};

impl Store {
    /// Revokes everything of a user: every session, code, refresh token and access token that exists or is being issued at
    /// this moment. One statement, which rewrites one row: it counts up the number that each of them has to carry.
    ///
    /// The same call again, after its answer was lost or while it runs, counts once: it is known by its audit event.
    /// Where both run at the same time the statement is sent again to learn what the first has found. Without an event
    /// it counts again, and what began between the two is revoked as well.
    pub async fn revoke_tokens_of_user(
        &self,
        user: UserId,
        reason: RevocationReason,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Revocation, StoreError> {
        let params =
            [&user.uuid() as crate::store::Parameter<'_>, &label(&reason), &actor.kind(), &actor.id()];
        let statement = &USERS_REVOKE_TOKENS;
        Revocation::read(&self.run_audited_until_it_sees(statement, audit, now, &params).await?)
    }
}
