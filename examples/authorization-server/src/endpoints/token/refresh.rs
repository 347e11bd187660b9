//! `grant_type=refresh_token` (RFC 6749 section 6).

use authority_store::{
    AccessToken, ErrorCode, NewAccessToken, RefreshToken, Rotate, RotateRefusal, Rotation,
};
use axum::response::Response;

use super::TokenRequest;
use super::answer::Tokens;
use crate::error::Failure;
use crate::random::random;
use crate::scopes;

pub(super) async fn rotate(request: &TokenRequest<'_>) -> Result<Response, Failure> {
    let TokenRequest { app, caller, client, form } = request;
    let presented =
        RefreshToken::parse(request.required("refresh_token", "the request has no refresh_token")?)
            .map_err(|_| Failure::from(ErrorCode::InvalidGrant))?;
    let scopes = scopes::narrowed(form)?;
    let successor = presented.successor(&mut random());
    let access = AccessToken::generate(caller.now, &mut random());
    let audit = caller.audit();
    let rotate = Rotate {
        refresh_token: &presented,
        successor: &successor,
        client: client.id,
        scopes: scopes.as_ref(),
        resources: None,
        sender: None,
        access_token: NewAccessToken::Opaque(&access),
        audience: &app.audience(),
        audit: Some(&audit),
    };
    let rotated = app.store.rotate_refresh_token(&rotate, caller.now, &mut random()).await?;
    let (grant, refresh) = match rotated.map_err(RotateRefusal::error_code)? {
        Rotation::Rotated(grant) => (grant, successor),
        // The client asked twice, or did not hear the answer: it gets the successor of the first time.
        Rotation::Repeated(grant, first) => (grant, first),
    };
    let tokens = Tokens {
        access,
        access_expires_at: grant.access_expires_at,
        refresh: Some(refresh),
        scopes: &grant.scopes,
    };
    Ok(tokens.answer(caller.now))
}
