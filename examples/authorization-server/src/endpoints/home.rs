//! The first page: who is signed in.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::Shared;
use crate::caller::Caller;
use crate::error::PageError;
use crate::html;
use crate::session::{forget, signed_in};

pub(super) async fn show(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Some(person) = signed_in(&app, &caller, &headers).await? else {
        let mut page = html::page("Authority", "<p><a href=\"/login\">Sign in</a></p>\n").into_response();
        forget(&app, &headers, &mut page);
        return Ok(page);
    };
    let who = html::paragraph(&format!("You are signed in as {}.", person.session.username));
    let links = "<p><a href=\"/password\">New password</a> <a href=\"/logout\">Sign out</a></p>\n";
    Ok(html::page("Authority", &format!("{who}{links}")).into_response())
}
