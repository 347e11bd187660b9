//! `grant_type=authorization_code` (RFC 6749 section 4.1.3).

use authority_store::{
    AccessToken, AuthorizationCode, CodeVerifier, ErrorCode, Exchange, ExchangeRefusal, NewAccessToken,
    RefreshToken,
};
use axum::response::Response;

use super::TokenRequest;
use super::answer::Tokens;
use crate::error::Failure;
use crate::random::random;

pub(super) async fn exchange(request: &TokenRequest<'_>) -> Result<Response, Failure> {
    let TokenRequest { app, caller, client, form } = request;
    let code = AuthorizationCode::parse(request.required("code", "the request has no code")?)
        .map_err(|_| Failure::from(ErrorCode::InvalidGrant))?;
    let malformed = |_| Failure::new(ErrorCode::InvalidRequest, "the code_verifier is malformed");
    let code_verifier = form.get("code_verifier").map(CodeVerifier::new).transpose().map_err(malformed)?;
    let access = AccessToken::generate(caller.now, &mut random());
    let refresh = RefreshToken::generate(caller.now, &mut random());
    let audit = caller.audit();
    let exchange = Exchange {
        code: &code,
        client: client.id,
        redirect_uri: form.get("redirect_uri"),
        code_verifier: code_verifier.as_ref(),
        sender: None,
        resources: None,
        access_token: NewAccessToken::Opaque(&access),
        audience: &app.audience(),
        refresh_token: Some(&refresh),
        audit: Some(&audit),
    };
    let exchanged = app.store.exchange_authorization_code(&exchange, caller.now, &mut random()).await?;
    let grant = exchanged.map_err(ExchangeRefusal::error_code)?.grant;
    let refresh = grant.refresh_expires_at.map(|_| refresh);
    let tokens =
        Tokens { access, access_expires_at: grant.access_expires_at, refresh, scopes: &grant.scopes };
    Ok(tokens.answer(caller.now))
}
