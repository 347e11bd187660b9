//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 section 3.4).

use authority_store::{
    AccessToken, DeviceCode, ErrorCode, ExchangeDeviceCode, ExchangeDeviceCodeRefusal, NewAccessToken,
    RefreshToken,
};
use axum::response::Response;

use super::TokenRequest;
use super::answer::Tokens;
use crate::error::Failure;
use crate::random::random;

pub(super) async fn exchange(request: &TokenRequest<'_>) -> Result<Response, Failure> {
    let TokenRequest { app, caller, client, .. } = request;
    let device_code = DeviceCode::parse(request.required("device_code", "the request has no device_code")?)
        .map_err(|_| Failure::from(ErrorCode::InvalidGrant))?;
    let access = AccessToken::generate(caller.now, &mut random());
    let refresh = RefreshToken::generate(caller.now, &mut random());
    let audit = caller.audit();
    let exchange = ExchangeDeviceCode {
        device_code: &device_code,
        client: client.id,
        sender: None,
        resources: None,
        access_token: NewAccessToken::Opaque(&access),
        audience: &app.audience(),
        refresh_token: Some(&refresh),
        audit: Some(&audit),
    };
    let exchanged = app.store.exchange_device_code(&exchange, caller.now, &mut random()).await?;
    let grant = exchanged.map_err(ExchangeDeviceCodeRefusal::error_code)?;
    let refresh = grant.refresh_expires_at.map(|_| refresh);
    let tokens =
        Tokens { access, access_expires_at: grant.access_expires_at, refresh, scopes: &grant.scopes };
    Ok(tokens.answer(caller.now))
}
