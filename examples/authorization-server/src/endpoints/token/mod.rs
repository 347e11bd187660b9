//! Tokens for grants (RFC 6749 section 3.2).

mod answer;
mod client_credentials;
mod code;
mod device;
mod refresh;

use authority_store::ErrorCode;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::client_auth::{Identified, client_of};
use crate::error::{ApiError, Failure};
use crate::parameters::{Form, Parameters};

/// RFC 8628 section 3.4.
pub(super) const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A token request that is known to come from its client.
struct TokenRequest<'a> {
    app: &'a App,
    caller: &'a Caller,
    client: Identified,
    form: &'a Parameters,
}

/// Answers each kind of grant.
pub(super) async fn issue(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Form(form): Form,
) -> Result<Response, ApiError> {
    let client = client_of(&app, &caller, &headers, &form).await?;
    refuse_resources(&form)?;
    let request = TokenRequest { app: &app, caller: &caller, client, form: &form };
    Ok(match form.get("grant_type") {
        Some("authorization_code") => code::exchange(&request).await?,
        Some("refresh_token") => refresh::rotate(&request).await?,
        Some("client_credentials") => client_credentials::issue(&request).await?,
        Some(DEVICE_CODE_GRANT) => device::exchange(&request).await?,
        Some(_) => return Err(ErrorCode::UnsupportedGrantType.into()),
        None => return Err(Failure::new(ErrorCode::InvalidRequest, "the request has no grant_type").into()),
    })
}

/// Every token here is for the same resources. A client that wants one for some of them must not get it for all (RFC
/// 8707 section 2).
pub(super) fn refuse_resources(parameters: &Parameters) -> Result<(), Failure> {
    match parameters.get("resource") {
        None => Ok(()),
        Some(_) => Err(Failure::new(ErrorCode::InvalidTarget, "there are no resource indicators here")),
    }
}

impl TokenRequest<'_> {
    /// A parameter that the grant cannot do without.
    fn required(&self, name: &str, because: &'static str) -> Result<&str, Failure> {
        self.form.get(name).ok_or_else(|| Failure::new(ErrorCode::InvalidRequest, because))
    }
}
