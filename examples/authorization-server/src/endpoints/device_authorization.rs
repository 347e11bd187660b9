//! A device asks to be let in (RFC 8628 section 3.1).

use authority_store::{DeviceCode, ErrorCode, IssueDeviceCode, IssueDeviceCodeRefusal, UserCode};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::Shared;
use crate::caller::Caller;
use crate::client_auth::client_of;
use crate::error::{ApiError, Failure};
use crate::json::answer;
use crate::parameters::Form;
use crate::random::random;
use crate::scopes;

/// Seconds between two polls.
const INTERVAL: u16 = 5;
/// How often another user code is made when somebody waits under the one before: of twenty-five thousand million,
/// it hardly ever happens once.
const TRIES: u32 = 5;

pub(super) async fn issue(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Form(body): Form,
) -> Result<Response, ApiError> {
    let client = client_of(&app, &caller, &headers, &body).await?.id;
    super::token::refuse_resources(&body)?;
    let scopes = scopes::required(&body)?;
    let device_code = DeviceCode::generate(caller.now, &mut random());
    for _ in 0..TRIES {
        let user_code = UserCode::generate(&mut random());
        let audit = caller.audit();
        let request = IssueDeviceCode {
            device_code: &device_code,
            user_code,
            client,
            scopes: &scopes,
            resources: &[],
            interval: INTERVAL,
            ip_address: caller.address,
            user_agent: caller.user_agent.as_deref(),
            audit: Some(&audit),
        };
        match app.store.issue_device_code(&request, caller.now).await? {
            Ok(expires_at) => {
                let page = app.url("/device");
                return Ok(answer(&json!({
                    "device_code": *device_code.reveal(),
                    "user_code": user_code.to_string(),
                    "verification_uri": page,
                    "verification_uri_complete": format!("{page}?user_code={user_code}"),
                    "expires_in": (expires_at - caller.now).num_seconds(),
                    "interval": INTERVAL,
                }))
                .into_response());
            }
            Err(IssueDeviceCodeRefusal::UserCodeTaken) => {}
            Err(refusal) => return Err(refusal.error_code().into()),
        }
    }
    Err(Failure::new(ErrorCode::TemporarilyUnavailable, "there is no free user code; try again").into())
}
