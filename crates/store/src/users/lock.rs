use chrono::{DateTime, Utc};

use crate::change::Change;
use crate::statements::{USERS_LOCK, USERS_UNLOCK};
use crate::text::one_line;
use crate::{Actor, Audit, Store, StoreError, UserId};

impl Store {
    /// Locks an account until [`unlock_user`](Self::unlock_user): one statement. It revokes everything of the user, which
    /// therefore stays revoked when the lock is lifted. Of the reason the first 500 characters are kept, without
    /// control characters.
    pub async fn lock_user(
        &self,
        user: UserId,
        reason: Option<&str>,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let reason = reason.and_then(|reason| one_line(reason, 500));
        let params: [crate::store::Parameter<'_>; 4] = [&user.uuid(), &reason, &actor.kind(), &actor.id()];
        Change::read(&self.run_audited(&USERS_LOCK, audit, now, &params).await?)
    }

    /// Lifts the lock of an account, whoever set it, and starts the count of failed logins again: one statement.
    pub async fn unlock_user(
        &self,
        user: UserId,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let params: [crate::store::Parameter<'_>; 3] = [&user.uuid(), &actor.kind(), &actor.id()];
        Change::read(&self.run_audited(&USERS_UNLOCK, audit, now, &params).await?)
    }
}
