//! Who is signed in.

use authority_store::{ActiveSession, SessionToken};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::caller::Caller;
use crate::cookies::Cookie;
use crate::csrf::Csrf;
use crate::error::Failure;
use crate::local::{Local, redirect};
use crate::random::random;

/// A person with a session, and the token of their forms.
pub(crate) struct SignedIn {
    pub(crate) session: ActiveSession,
    pub(crate) csrf: Csrf,
}

/// The person whose cookie this is, or none.
pub(crate) async fn signed_in(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, Failure> {
    let Some(cookie) = Cookie::Session.read(app, headers) else { return Ok(None) };
    let Ok(token) = SessionToken::parse(&cookie) else { return Ok(None) };
    let found = app.store.authenticate_session(&token, caller.now, &mut random()).await?;
    Ok(found.ok().map(|session| SignedIn { session, csrf: Csrf::of(&cookie) }))
}

/// Where a person signs in, to come back afterwards.
pub(crate) fn to_login(back: &Local) -> Result<Response, Failure> {
    redirect(&back.after_login())
}
