use authority_entity::sea_orm_active_enums::AuditOutcome;
use chrono::{DateTime, Utc};

use super::{Audit, AuditActor, ResourceRef};
use crate::label::label;
use crate::statements::AUDIT_LOGS_APPEND;
use crate::{ClientId, SessionId, Store, StoreError};

/// An event of Authority's own, beside those that the operations of the store write.
#[derive(Clone, Copy, Debug)]
pub struct AuditEvent<'a> {
    /// What happened, from the general to the particular: `user.login`. Lower case letters, digits and `_`, in two or
    /// more parts with `.` between them, at most 100 characters.
    pub event: &'a str,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Who did it.
    pub actor: AuditActor,
    /// What it was done to.
    pub resource: Option<ResourceRef<'a>>,
    /// The client that was involved.
    pub client: Option<ClientId>,
    /// The session in which it happened.
    pub session: Option<SessionId>,
    /// The request behind it, and the details.
    pub audit: &'a Audit,
}

impl Store {
    /// Writes an event: one statement. The same event again, after its answer was lost, is written once.
    ///
    /// Fails with `Constraint` when a name is not of its form, or when a detail has the name of a credential.
    pub async fn append_audit_event(
        &self,
        event: &AuditEvent<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (kind, id) =
            event.resource.map_or((None, None), |resource| (Some(resource.kind), Some(resource.id)));
        self.run_audited(
            &AUDIT_LOGS_APPEND,
            Some(event.audit),
            now,
            &[
                &event.event,
                &label(&event.outcome),
                &label(&event.actor.kind),
                &event.actor.id,
                &kind,
                &id,
                &event.client.map(ClientId::uuid),
                &event.session.map(SessionId::uuid),
            ],
        )
        .await?;
        Ok(())
    }
}
