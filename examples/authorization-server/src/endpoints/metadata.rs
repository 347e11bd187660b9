//! What this server can do (RFC 8414).

use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::json;

use crate::app::Shared;
use crate::json::answer;

/// No `jwks_uri` and nothing of OpenID Connect: access tokens are opaque, and nothing is signed here.
pub(super) async fn show(State(app): State<Shared>) -> impl IntoResponse {
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    answer(&json!({
        "issuer": app.settings.issuer.as_str(),
        "authorization_endpoint": app.url("/authorize"),
        "token_endpoint": app.url("/token"),
        "introspection_endpoint": app.url("/introspect"),
        "revocation_endpoint": app.url("/revoke"),
        "device_authorization_endpoint": app.url("/device_authorization"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials", super::token::DEVICE_CODE_GRANT,
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods[..2],
        "authorization_response_iss_parameter_supported": true,
    }))
}
