use chrono::{DateTime, Utc};

use crate::change::Change;
use crate::statements::{CLIENTS_DISABLE, CLIENTS_ENABLE};
use crate::{Actor, Audit, ClientId, Store, StoreError};

impl Store {
    /// Disables a client: it gets no tokens, and everything that it has is revoked, which stays so when it is enabled
    /// again. One statement.
    pub async fn disable_client(
        &self,
        client: ClientId,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let params: [crate::store::Parameter<'_>; 3] = [&client.uuid(), &actor.kind(), &actor.id()];
        Change::read(&self.run_audited(&CLIENTS_DISABLE, audit, now, &params).await?)
    }

    /// Enables a client: it may get tokens again. One statement.
    pub async fn enable_client(
        &self,
        client: ClientId,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let params: [crate::store::Parameter<'_>; 3] = [&client.uuid(), &actor.kind(), &actor.id()];
        Change::read(&self.run_audited(&CLIENTS_ENABLE, audit, now, &params).await?)
    }
}
