//! The audit trail: what an operation says of itself, in the same statement; events of their own; pages and exports.

mod append;
mod csv;
mod cursor;
mod export;
mod filter;
mod json;
mod page;
mod record;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use serde_json::{Map, Value};

use crate::text::{one_line, storable};
use crate::{AuditLogId, ClientId, UserId};

pub use append::AuditEvent;
pub use cursor::{AuditCursor, BadAuditCursor};
pub use export::{ExportError, ExportFormat, Exported};
pub use filter::{AuditFilter, EventFilter, ResourceRef};
pub use page::AuditPage;
pub use record::{AuditActor, AuditRecord};

/// What is known of the request behind an operation. The operation adds what happened, to what, by whom, and how it
/// ended: the refusal's word, or the success, is `outcome` in the details.
#[derive(Clone, Debug)]
pub struct Audit {
    pub(crate) id: AuditLogId,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) details: Value,
}

/// Who revokes, ends, changes or erases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// Authority itself.
    System,
}

impl Audit {
    /// An event of this time. The same one, given with the same call again, is written once.
    #[must_use]
    pub fn new(now: DateTime<Utc>, random: &mut impl CryptoRng) -> Self {
        Self {
            id: AuditLogId::new(now, random),
            ip_address: None,
            user_agent: None,
            request_id: None,
            details: Value::Object(Map::new()),
        }
    }

    /// The address that the request came from.
    #[must_use]
    pub fn ip_address(self, address: IpAddr) -> Self {
        Self { ip_address: Some(address.to_string()), ..self }
    }

    /// The `User-Agent` of the request: its first 1000 characters, without control characters, so that nobody can
    /// prevent an operation by a header that the table refuses.
    #[must_use]
    pub fn user_agent(self, agent: &str) -> Self {
        Self { user_agent: one_line(agent, 1000), ..self }
    }

    /// What finds the request in other logs: the first 255 characters, without control characters.
    #[must_use]
    pub fn request_id(self, id: &str) -> Self {
        Self { request_id: one_line(id, 255), ..self }
    }

    /// Something else that is worth knowing. Never a secret: the database refuses the whole operation when the name
    /// is that of a credential, such as `client_secret`.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Value::Object(details) = &mut self.details {
            details.insert(one_line(&name.into(), 255).unwrap_or_default(), storable(value.into()));
        }
        self
    }
}

impl Actor {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Client(_) => "client",
            Self::System => "system",
        }
    }

    pub(crate) fn id(self) -> Option<uuid::Uuid> {
        match self {
            Self::User(id) => Some(id.uuid()),
            Self::Client(id) => Some(id.uuid()),
            Self::System => None,
        }
    }
}
