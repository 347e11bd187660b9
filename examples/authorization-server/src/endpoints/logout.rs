//! Signing out. Tokens of the session end with it; those for offline access do not.

use authority_store::SessionToken;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};

use crate::app::Shared;
use crate::caller::Caller;
use crate::cookies::Cookie;
use crate::csrf::Csrf;
use crate::error::{Failure, PageError};
use crate::html;
use crate::local::redirect;
use crate::parameters::{BadForm, Form};
use crate::random::random;
use crate::session::signed_in;

/// Shows the button.
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Some(person) = signed_in(&app, &caller, &headers).await? else { return Ok(redirect("/")?) };
    let fields = format!("{}<button>Sign out</button>\n", person.csrf.field());
    Ok(html::page("Sign out", &html::form(Some("/logout"), &fields)).into_response())
}

/// Ends the session of the cookie.
pub(super) async fn sign_out(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Form, BadForm>,
) -> Result<Response, PageError> {
    let Form(body) = body?;
    let mut response = redirect("/")?;
    let Some(cookie) = Cookie::Session.read(&app, &headers) else { return Ok(response) };
    Csrf::of(&cookie).require(&body)?;
    if let Ok(token) = SessionToken::parse(&cookie) {
        let audit = caller.audit();
        let ended = app.store.end_session(&token, Some(&audit), caller.now, &mut random()).await;
        ended.map_err(Failure::from)?;
    }
    response.headers_mut().extend(Cookie::Session.clear(&app).map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}
