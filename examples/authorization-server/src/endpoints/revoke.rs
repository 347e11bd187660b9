//! A client gives a token back (RFC 7009).

use authority_store::{AccessToken, ErrorCode, RefreshToken, Revocation};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use crate::app::Shared;
use crate::caller::Caller;
use crate::client_auth::client_of;
use crate::error::{ApiError, Failure};
use crate::parameters::Form;
use crate::random::random;

/// An access token is revoked alone, a refresh token with everything that came from its grant. What is no token is as
/// good as revoked (section 2.2).
pub(super) async fn revoke(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Form(body): Form,
) -> Result<StatusCode, ApiError> {
    let client = client_of(&app, &caller, &headers, &body).await?.id;
    let missing = || Failure::new(ErrorCode::InvalidRequest, "the request has no token");
    let text = body.get("token").ok_or_else(missing)?;
    let (audit, now, random) = (caller.audit(), caller.now, &mut random());
    let ended = if let Ok(token) = AccessToken::parse(text) {
        app.store.revoke_access_token(&token, client, Some(&audit), now, random).await?
    } else if let Ok(token) = RefreshToken::parse(text) {
        app.store.revoke_refresh_token(&token, client, Some(&audit), now, random).await?
    } else {
        Revocation::Unknown
    };
    match ended.error_code() {
        None => Ok(StatusCode::OK),
        Some(code) => Err(Failure::new(code, "the token was issued to another client").into()),
    }
}
