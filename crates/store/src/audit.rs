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
use sha2::{Digest as _, Sha256};
use uuid::{Uuid, Variant};

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
///
/// One may be given to every operation of a request: each call writes an event of its own. The same call again, of the
/// same operation, about the same thing and at the same time, as after a lost answer, writes the same one.
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
    /// For a request of this time.
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

    /// Something else that is worth knowing. Never a secret: the database refuses the whole operation when the name, or
    /// that of a member of the value at any depth, is that of a credential, such as `client_secret`. So no document that
    /// a request brought belongs here.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Value::Object(details) = &mut self.details {
            details.insert(one_line(&name.into(), 255).unwrap_or_default(), storable(value.into()));
        }
        self
    }
}

impl Audit {
    /// The id of the event that a call writes: of the request's time, and otherwise different for each operation, for
    /// what it is about, and for the time that it is given.
    pub(crate) fn event_id(&self, statement: &str, now: DateTime<Utc>, about: &[u8]) -> Uuid {
        let hash = Sha256::new()
            .chain_update(self.id.uuid())
            .chain_update(now.timestamp_micros().to_be_bytes())
            .chain_update((statement.len() as u64).to_be_bytes())
            .chain_update(statement)
            .chain_update(about)
            .finalize();
        self.derived(&hash)
    }

    /// The same for one of several things that an operation is about alike.
    pub(crate) fn about(&self, thing: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(self.id.uuid()).chain_update(thing).finalize();
        Self { id: self.derived(&hash).into(), ..self.clone() }
    }

    fn derived(&self, hash: &[u8]) -> Uuid {
        let mut octets = self.id.uuid().into_bytes();
        octets[8..].copy_from_slice(&hash[..8]);
        uuid::Builder::from_bytes(octets).with_variant(Variant::RFC4122).into_uuid()
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

    pub(crate) fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id.uuid()),
            Self::Client(id) => Some(id.uuid()),
            Self::System => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::Audit;

    #[test]
    fn each_call_of_a_request_has_an_event_of_its_own_and_its_repetition_the_same() {
        let now = DateTime::from_timestamp_millis(1_796_000_000_123).expect("a time");
        let audit = Audit::new(now, &mut crate::system_random());
        let id = |audit: &Audit, statement, micros, about: &[u8]| {
            audit.event_id(statement, now + TimeDelta::microseconds(micros), about)
        };
        let all = [
            id(&audit, "a.b", 0, b"c"),
            id(&audit, "a.bc", 0, b""),
            id(&audit, "a.b", 1, b"c"),
            id(&audit, "a.b", 0, b"d"),
            id(&audit.about(b"e"), "a.b", 0, b"c"),
            id(&Audit::new(now, &mut crate::system_random()), "a.b", 0, b"c"),
        ];
        assert_eq!(all[0], id(&audit.clone().request_id("r"), "a.b", 0, b"c"));
        for (number, one) in all.iter().enumerate() {
            assert!(!all[..number].contains(one), "{number}");
            assert_eq!((one.get_version_num(), one.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(
                one.as_bytes()[..6],
                audit.id.uuid().as_bytes()[..6],
                "it has the time of the request"
            );
        }
    }
}
