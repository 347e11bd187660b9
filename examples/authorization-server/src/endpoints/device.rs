//! A person lets a device in (RFC 8628 section 3.3).

use authority_store::{
    AnswerDeviceCode, AnswerDeviceCodeRefusal, DeviceAnswer, DeviceRequest, ErrorCode, LookUpDeviceCode,
    LookUpDeviceCodeRefusal, UserCode,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::csrf::Csrf;
use crate::error::{Failure, PageError};
use crate::html;
use crate::local::{Local, redirect};
use crate::parameters::{BadForm, Form, Parameters, Query};
use crate::session::{SignedIn, signed_in, to_login};

/// Asks for the user code. One that is in the address is filled in, and still has to be sent: nobody lets a device in
/// by following a link (RFC 8628 section 5.4).
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    Query(query): Query,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Some(person) = signed_in(&app, &caller, &headers).await? else {
        return Ok(to_login(&app, &headers, &Local::of(&uri).unwrap_or_else(here))?);
    };
    Ok(code_form(&person.csrf, query.get("user_code").unwrap_or_default(), None).into_response())
}

/// Shows who waits under a user code, or takes the answer.
pub(super) async fn decide(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Form, BadForm>,
) -> Result<Response, PageError> {
    let Form(body) = body?;
    let Some(person) = signed_in(&app, &caller, &headers).await? else {
        return Ok(to_login(&app, &headers, &here())?);
    };
    person.csrf.require(&body)?;
    if person.session.must_change_password {
        return Ok(redirect(&here().after("/password"))?);
    }
    let typed = body.get("user_code").unwrap_or_default();
    let Ok(user_code) = typed.parse::<UserCode>() else {
        let page = code_form(&person.csrf, typed, Some("That is no code: it has eight letters."));
        return Ok((StatusCode::BAD_REQUEST, page).into_response());
    };
    match body.get("decision") {
        Some(decision) => answer(&app, &caller, &headers, &person, user_code, decision, &body).await,
        None => look_up(&app, &caller, &person, user_code).await,
    }
}

/// Guesses at user codes need a session here, and every one is in the audit trail as `device_code.look_up`; a server for
/// many people slows down whoever fails often (RFC 8628 section 5.1).
async fn look_up(
    app: &App,
    caller: &Caller,
    person: &SignedIn,
    user_code: UserCode,
) -> Result<Response, PageError> {
    let audit = caller.audit();
    let request = LookUpDeviceCode {
        user_code,
        user: Some(person.session.user),
        session: Some(person.session.id),
        audit: Some(&audit),
    };
    let refusal = match app.store.look_up_device_code(&request, caller.now).await? {
        Ok(device) => return Ok(consent(person, user_code, &device).into_response()),
        Err(refusal) => refusal,
    };
    let complaint = match refusal {
        LookUpDeviceCodeRefusal::Unknown => "No device waits under this code.",
        LookUpDeviceCodeRefusal::Expired => "The device has waited for too long. Let it show another code.",
        LookUpDeviceCodeRefusal::Answered => "Somebody has answered this device before.",
        LookUpDeviceCodeRefusal::ClientDisabled => "The application on this device may not be used any more.",
        LookUpDeviceCodeRefusal::TooManyAttempts => {
            "This code was typed too often. Let the device show another one."
        }
    };
    let page = code_form(&person.csrf, &user_code.to_string(), Some(complaint));
    Ok((StatusCode::BAD_REQUEST, page).into_response())
}

async fn answer(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    person: &SignedIn,
    user_code: UserCode,
    decision: &str,
    body: &Parameters,
) -> Result<Response, PageError> {
    let malformed = || Failure::new(ErrorCode::InvalidRequest, "the form is malformed");
    let (said, title) = match decision {
        "approve" => (DeviceAnswer::Approve(None), "The device is let in"),
        "deny" => (DeviceAnswer::Deny, "The device is refused"),
        _ => return Err(malformed().into()),
    };
    let audit = caller.audit();
    let request = AnswerDeviceCode {
        id: body.get("device").and_then(|id| id.parse().ok()).ok_or_else(malformed)?,
        user_code,
        user: person.session.user,
        session: person.session.id,
        answer: said,
        audit: Some(&audit),
    };
    match app.store.answer_device_code(&request, caller.now).await? {
        Ok(()) => Ok(html::page(title, &html::paragraph("You may go back to it.")).into_response()),
        Err(AnswerDeviceCodeRefusal::SessionEnded) => Ok(to_login(app, headers, &here())?),
        Err(refusal) => {
            Err(Failure::new(refusal.error_code(), "the device does not wait for this answer").into())
        }
    }
}

fn here() -> Local {
    Local::new("/device")
}

fn code_form(csrf: &Csrf, code: &str, complaint: Option<&str>) -> impl IntoResponse + use<> {
    let complaint = complaint.map(html::paragraph).unwrap_or_default();
    let fields = [
        csrf.field(),
        html::input("Code on the device", "user_code", "text", code),
        "<button>Go on</button>\n".to_owned(),
    ];
    html::page("Connect a device", &format!("{complaint}{}", html::form(Some("/device"), &fields.concat())))
}

/// Shows what tells one's own device from that of somebody who sent the code (RFC 8628 section 5.4).
fn consent(person: &SignedIn, user_code: UserCode, device: &DeviceRequest) -> impl IntoResponse + use<> {
    let address = device.ip_address.map(|address| format!("It asks from {address}."));
    let often =
        (device.attempts > 2).then_some("The code was typed several times. Did somebody send it to you?");
    let fields = [
        person.csrf.field(),
        html::hidden("user_code", &user_code.to_string()),
        html::hidden("device", &device.id.to_string()),
        html::decision("approve", "Let it in"),
        html::decision("deny", "Refuse"),
    ];
    let body = [
        html::paragraph(&format!(
            "You are {}. {} on a device asks for:",
            person.session.username, device.client_name
        )),
        html::list(device.scopes.iter()),
        address.as_deref().map(html::paragraph).unwrap_or_default(),
        device.user_agent.as_deref().map(html::paragraph).unwrap_or_default(),
        often.map(html::paragraph).unwrap_or_default(),
        html::paragraph("Let it in only if it is in front of you and shows this code."),
        html::paragraph(&user_code.to_string()),
        html::form(Some("/device"), &fields.concat()),
    ];
    html::page("Let this device in?", &body.concat())
}
