use authority_entity::sea_orm_active_enums::{AuditActorKind, AuditOutcome};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Actor;
use crate::answer::Answer;
use crate::{AuditLogId, ClientId, SessionId, Statement, StoreError};

/// Who did what an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditActor {
    /// A person, a client or Authority itself.
    pub kind: AuditActorKind,
    /// `users.id` or `clients.id`; none for Authority itself, and for nobody known.
    pub id: Option<Uuid>,
}

/// An event of the audit trail.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Its id, by which events are ordered.
    pub id: AuditLogId,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// What happened.
    pub event: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Who did it.
    pub actor: AuditActor,
    /// What kind of thing it was done to.
    pub resource_kind: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The client that was involved.
    pub client: Option<ClientId>,
    /// The session in which it happened.
    pub session: Option<SessionId>,
    /// Address that the request came from.
    pub ip_address: Option<String>,
    /// User agent of the request.
    pub user_agent: Option<String>,
    /// What finds the request in other logs.
    pub request_id: Option<String>,
    /// What else there is to know: an object.
    pub details: Value,
}

impl AuditActor {
    /// A person or client that nobody could tell who it was.
    #[must_use]
    pub const fn unknown(kind: AuditActorKind) -> Self {
        Self { kind, id: None }
    }
}

impl From<Actor> for AuditActor {
    fn from(actor: Actor) -> Self {
        let kind = match actor {
            Actor::User(_) => AuditActorKind::User,
            Actor::Client(_) => AuditActorKind::Client,
            Actor::System => AuditActorKind::System,
        };
        Self { kind, id: actor.id() }
    }
}

impl AuditRecord {
    pub(super) fn read(statement: &'static Statement, row: Row) -> Result<Self, StoreError> {
        let answer = Answer::of(statement, row);
        Ok(Self {
            id: answer.get::<Uuid>("id")?.into(),
            created_at: answer.get("created_at")?,
            event: answer.get("event")?,
            outcome: answer.meaning("outcome", |word| match word {
                "success" => Some(AuditOutcome::Success),
                "failure" => Some(AuditOutcome::Failure),
                _ => None,
            })?,
            actor: AuditActor {
                kind: answer.meaning("actor_kind", |word| match word {
                    "user" => Some(AuditActorKind::User),
                    "client" => Some(AuditActorKind::Client),
                    "system" => Some(AuditActorKind::System),
                    _ => None,
                })?,
                id: answer.get("actor_id")?,
            },
            resource_kind: answer.get("resource_kind")?,
            resource_id: answer.get("resource_id")?,
            client: answer.get::<Option<Uuid>>("client_id")?.map(Into::into),
            session: answer.get::<Option<Uuid>>("session_id")?.map(Into::into),
            ip_address: answer.get("ip_address")?,
            user_agent: answer.get("user_agent")?,
            request_id: answer.get("request_id")?,
            details: answer.get("details")?,
        })
    }
}
