//! JSON, one object a line, for programs.

use chrono::SecondsFormat;
use serde_json::json;

use super::AuditRecord;
use crate::label::label;

pub(super) fn write(record: &AuditRecord, into: &mut Vec<u8>) {
    let object = json!({
        "id": record.id.uuid().to_string(),
        "created_at": record.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "event": record.event,
        "outcome": label(&record.outcome),
        "actor_kind": label(&record.actor.kind),
        "actor_id": record.actor.id.map(|id| id.to_string()),
        "resource_kind": record.resource_kind,
        "resource_id": record.resource_id,
        "client_id": record.client.map(|id| id.to_string()),
        "session_id": record.session.map(|id| id.to_string()),
        "ip_address": record.ip_address,
        "user_agent": record.user_agent,
        "request_id": record.request_id,
        "details": record.details,
    });
    into.extend_from_slice(object.to_string().as_bytes());
    into.push(b'\n');
}
