//! The trace that a seed leaves.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{AdminOutcome, Error, Report, Result};

/// Names the administrator by id alone: the row has to stay when the person is erased.
pub(crate) async fn insert(connection: &mut PgConnection, report: &Report) -> Result<()> {
    let admin = match &report.admin {
        AdminOutcome::Made { id, .. } => Some(id.to_string()),
        AdminOutcome::Kept { .. } => None,
    };
    let details = json!({
        "made": { "user": admin, "scopes": report.scopes.made, "settings": report.settings.made }
    });
    let sql = "INSERT INTO audit_logs (id, event, outcome, actor_kind, details)
               VALUES ($1::uuid, 'system.seed', 'success', 'system', $2::jsonb)";
    let insert = sqlx::query(sql).bind(Uuid::now_v7().to_string()).bind(details.to_string());
    insert.persistent(false).execute(connection).await.map_err(Error::server)?;
    Ok(())
}
