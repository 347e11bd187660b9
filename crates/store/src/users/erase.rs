use chrono::{DateTime, Utc};

use crate::change::Change;
use crate::statements::USERS_ERASE;
use crate::{Actor, Audit, Store, StoreError, UserId};

impl Store {
    /// Erases a person (GDPR article 17). Everything of theirs is revoked, their row is emptied, and so is what else
    /// names them: addresses, user agents and devices of their sessions and of the device codes that they have
    /// answered, the authorization details (RFC 9396) of their grants and codes, the claims that were requested with
    /// these (OpenID Connect Core 5.5), and their address among the contacts of clients that they own. The row's id
    /// stays, so that the audit trail stays readable; addresses and user agents in the trail leave with it after
    /// `audit.log_retention_days`. What is issued or exchanged at this very moment leaves with its partition; it is
    /// dead from the start.
    ///
    /// Two statements: a session that began in the very moment of the first is committed before it, but not seen by
    /// it. The second is the same one again, which finds the person erased and clears what there is. If the process
    /// dies between the two, the same call again does the rest, also for `Already`.
    pub async fn erase_user(
        &self,
        user: UserId,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let params: [crate::store::Parameter<'_>; 3] = [&user.uuid(), &actor.kind(), &actor.id()];
        let change = Change::read(&self.run_audited(&USERS_ERASE, audit, now, &params).await?)?;
        if change != Change::Unknown {
            self.run_audited(&USERS_ERASE, None, now, &params).await?;
        }
        Ok(change)
    }
}
