//! A person lets an application in (RFC 6749 section 4.1.1).

mod consent;
mod request;
mod target;

use authority_store::{AuthorizationCode, ErrorCode, IssueCode, IssueCodeRefusal};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::error::{Failure, PageError};
use crate::local::redirect;
use crate::parameters::{BadForm, Form, Query};
use crate::random::random;
use crate::session::{SignedIn, signed_in, to_login};
use request::{AuthorizationRequest, Refused, understand};

/// Shows who asks for what. Consent is asked for every time: it is not remembered.
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    Query(query): Query,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let request = match understand(&app, &uri, &query).await? {
        Ok(request) => request,
        Err(refused) => return answer(&app, refused),
    };
    match signed_in(&app, &caller, &headers).await? {
        None => Ok(to_login(&app, &headers, &request.back)?),
        Some(person) if person.session.must_change_password => {
            Ok(redirect(&request.back.after("/password"))?)
        }
        Some(person) => Ok(consent::page(&request, &person).into_response()),
    }
}

/// Takes the person's answer. The request stands in the address still, and is understood anew: nothing of it is taken
/// from the form.
pub(super) async fn decide(
    State(app): State<Shared>,
    caller: Caller,
    Query(query): Query,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Form, BadForm>,
) -> Result<Response, PageError> {
    let Form(body) = body?;
    let request = match understand(&app, &uri, &query).await? {
        Ok(request) => request,
        Err(refused) => return answer(&app, refused),
    };
    let Some(person) = signed_in(&app, &caller, &headers).await? else {
        return Ok(to_login(&app, &headers, &request.back)?);
    };
    person.csrf.require(&body)?;
    if person.session.must_change_password {
        return Ok(redirect(&request.back.after("/password"))?);
    }
    match body.get("decision") {
        Some("approve") => issue(&app, &caller, &headers, &request, &person).await,
        Some("deny") => Ok(request.target.refuse(&app, ErrorCode::AccessDenied, "the person said no")?),
        _ => Err(Failure::new(ErrorCode::InvalidRequest, "the form is malformed").into()),
    }
}

async fn issue(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
    person: &SignedIn,
) -> Result<Response, PageError> {
    let code = AuthorizationCode::generate(caller.now, &mut random());
    let audit = caller.audit();
    let session = &person.session;
    let issue = IssueCode {
        code: &code,
        client: request.client.id,
        user: session.user,
        session: Some(session.id),
        epoch: None,
        redirect_uri: request.target.given(),
        scopes: &request.scopes,
        resources: &[],
        authorization_details: None,
        code_challenge: Some(&request.code_challenge),
        nonce: request.nonce.as_deref(),
        auth_time: session.auth_time,
        acr: session.acr.as_deref(),
        amr: &session.amr,
        requested_claims: None,
        dpop_jkt: None,
        audit: Some(&audit),
    };
    match app.store.issue_authorization_code(&issue, caller.now).await? {
        Ok(_) => Ok(request.target.answer(app, &[("code", &code.reveal())])?),
        // It ended a moment ago.
        Err(IssueCodeRefusal::SessionEnded) => Ok(to_login(app, headers, &request.back)?),
        Err(refusal) if refusal.may_redirect() => {
            Ok(request.target.refuse(app, refusal.error_code(), "the request was refused")?)
        }
        Err(refusal) => Err(refusal.error_code().into()),
    }
}

fn answer(app: &App, refused: Refused) -> Result<Response, PageError> {
    match refused {
        Refused::OnPage(failure) => Err(failure.into()),
        Refused::ByRedirection(target, failure) => Ok(target.refuse(app, failure.code, failure.because)?),
    }
}
