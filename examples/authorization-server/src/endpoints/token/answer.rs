use authority_store::{AccessToken, RefreshToken, Scopes};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::json;

/// The tokens of an answer (RFC 6749 section 5.1).
pub(super) struct Tokens<'a> {
    pub(super) access: AccessToken,
    pub(super) access_expires_at: DateTime<Utc>,
    pub(super) refresh: Option<RefreshToken>,
    pub(super) scopes: &'a Scopes,
}

impl Tokens<'_> {
    /// The one place where tokens are shown.
    pub(super) fn answer(self, now: DateTime<Utc>) -> Response {
        let mut body = json!({
            "access_token": *self.access.reveal(),
            "token_type": "Bearer",
            "expires_in": (self.access_expires_at - now).num_seconds().max(0),
            "scope": self.scopes.to_string(),
        });
        if let Some(refresh) = self.refresh {
            body["refresh_token"] = json!(*refresh.reveal());
        }
        json::answer(&body).into_response()
    }
}
