//! What a token is good for (RFC 7662).

use authority_store::{
    AccessToken, ErrorCode, IntrospectedAccessToken, IntrospectedRefreshToken, PresentedAccessToken,
    RefreshToken,
};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::client_auth::{Identified, client_of};
use crate::error::{ApiError, Failure};
use crate::json::answer;
use crate::parameters::Form;

/// Answers a client that has proved who it is. Whatever it may not know of is not active (section 2.2).
pub(super) async fn look(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Form(body): Form,
) -> Result<Response, ApiError> {
    let client = client_of(&app, &caller, &headers, &body).await?;
    if !client.is_authenticated {
        let because = "a client has to prove who it is before it may introspect";
        return Err(Failure::new(ErrorCode::InvalidClient, because).into());
    }
    let missing = || Failure::new(ErrorCode::InvalidRequest, "the request has no token");
    let token = body.get("token").ok_or_else(missing)?;
    let found = introspect(&app, &caller, &client, token).await?;
    Ok(answer(&found.unwrap_or_else(|| json!({ "active": false }))).into_response())
}

/// The kind of a token stands in its text, so `token_type_hint` has nothing to add.
///
/// A refresh token is active for its own client alone. A resource server that is shown one in the place of an access
/// token, and looks at `active` only, would serve whoever holds it for months.
async fn introspect(
    app: &App,
    caller: &Caller,
    client: &Identified,
    text: &str,
) -> Result<Option<Value>, Failure> {
    let sees_all = app.settings.resource_servers.contains(&client.client_id);
    if let Ok(token) = AccessToken::parse(text) {
        let presented = PresentedAccessToken::Opaque(&token);
        let found = app.store.introspect_access_token(presented, caller.now).await?.ok();
        return Ok(found
            .filter(|token| sees_all || token.client == client.id)
            .map(|found| access(app, &found)));
    }
    if let Ok(token) = RefreshToken::parse(text) {
        let found = app.store.introspect_refresh_token(&token, caller.now).await?.ok();
        return Ok(found.filter(|token| token.client == client.id).map(|found| refresh(app, &found)));
    }
    Ok(None)
}

fn access(app: &App, token: &IntrospectedAccessToken) -> Value {
    without_null(json!({
        "active": true,
        "iss": app.settings.issuer.as_str(),
        "jti": token.id.to_string(),
        "client_id": token.client_id.as_str(),
        "sub": token.user.map(|user| user.to_string()),
        "username": token.username,
        "scope": token.scopes.to_string(),
        "aud": token.audience,
        "token_type": "Bearer",
        "iat": token.issued_at.timestamp(),
        "exp": token.expires_at.timestamp(),
        "auth_time": token.auth_time.map(|time| time.timestamp()),
    }))
}

/// Without `token_type`: it is not for a resource server.
fn refresh(app: &App, token: &IntrospectedRefreshToken) -> Value {
    json!({
        "active": true,
        "iss": app.settings.issuer.as_str(),
        "client_id": token.client_id.as_str(),
        "sub": token.user.to_string(),
        "username": token.username,
        "scope": token.scopes.to_string(),
        "iat": token.issued_at.timestamp(),
        "exp": token.expires_at.timestamp(),
        "auth_time": token.auth_time.timestamp(),
    })
}

fn without_null(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}
