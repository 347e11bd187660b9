//! Signing in with a password.

use authority_password::Password;
use authority_store::{CreateSession, ErrorCode, Lock, SessionToken, UserForLogin};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::cookies::Cookie;
use crate::csrf::Csrf;
use crate::error::{Failure, PageError};
use crate::html;
use crate::local::{Local, redirect};
use crate::parameters::{BadForm, Form, Query};
use crate::passwords::Checked;
use crate::random::{random, unguessable};
use crate::session::PASSWORD;

/// Shows the form.
pub(super) async fn ask(
    State(app): State<Shared>,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let back = Local::new(query.get("return_to").unwrap_or_default());
    // Kept for a form in another tab.
    let secret = Cookie::Login.read(&app, &headers).map_or_else(unguessable, |known| known.to_string());
    let mut page = form(&Csrf::of(&secret), &back, None).into_response();
    page.headers_mut().extend(Cookie::Login.set(&app, &secret).map(|cookie| (SET_COOKIE, cookie)));
    Ok(page)
}

/// Begins a session.
pub(super) async fn sign_in(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Form, BadForm>,
) -> Result<Response, PageError> {
    let Form(body) = body?;
    let secret = Cookie::Login.read(&app, &headers).unwrap_or_else(|| unguessable().into());
    let csrf = Csrf::of(&secret);
    csrf.require(&body)?;
    let back = Local::new(body.get("return_to").unwrap_or_default());
    let name = body.get("username").unwrap_or_default();
    let password = Password::new(body.get("password").unwrap_or_default());

    let Some(user) = proven(&app, &caller, name, password).await? else {
        let page =
            form(&csrf, &back, Some("The name or the password is wrong, or there were too many attempts."));
        // Not 401, which would have to say how to authenticate by HTTP (RFC 9110 section 15.5.2).
        return Ok((StatusCode::FORBIDDEN, page).into_response());
    };
    if user.mfa.is_some() {
        // To let them in without it would make it worthless.
        let because = "this account has a second factor, which this server cannot check";
        return Err(Failure::new(ErrorCode::AccessDenied, because).with_status(StatusCode::FORBIDDEN).into());
    }
    begin(&app, &caller, &headers, &user, &back).await
}

/// Who has this name and this password, if they may sign in. Everything else is one and the same to whoever asks.
async fn proven(
    app: &App,
    caller: &Caller,
    name: &str,
    password: Password,
) -> Result<Option<UserForLogin>, Failure> {
    let user = app.store.find_user_for_login(name, caller.now).await?;
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let (Checked::Right { upgraded }, Some(user)) = (app.passwords.check(password, stored).await?, &user)
    else {
        let id = user.map(|user| user.id);
        app.store.record_failed_login(id, &caller.audit(), caller.now).await?;
        return Ok(None);
    };
    if user.mfa.is_some() {
        // Not signed in before they have shown every factor. While guessing is locked out, nobody learns of a right guess.
        return Ok((user.lock == Lock::Open).then(|| user.clone()));
    }
    let audit = caller.audit();
    if app.store.record_login(user.id, caller.address, Some(&audit), caller.now).await?.is_err() {
        return Ok(None);
    }
    if let (Some(upgraded), Some(outdated)) = (upgraded, &user.password_hash) {
        let audit = caller.audit();
        app.store.upgrade_password_hash(user.id, outdated, &upgraded, Some(&audit), caller.now).await?;
    }
    Ok(Some(user.clone()))
}

/// A new session under a new cookie. The one that the browser held before ends: nobody could sign out of it any more.
async fn begin(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    user: &UserForLogin,
    back: &Local,
) -> Result<Response, PageError> {
    let token = SessionToken::generate(caller.now, &mut random());
    let audit = caller.audit();
    let created = app
        .store
        .create_session(
            &CreateSession {
                token: &token,
                sid: &unguessable(),
                user: user.id,
                epoch: user.epoch,
                auth_time: caller.now,
                acr: None,
                amr: &[PASSWORD.to_owned()],
                address: caller.address,
                user_agent: caller.user_agent.as_deref(),
                device: None,
                audit: Some(&audit),
            },
            caller.now,
        )
        .await
        .map_err(Failure::from)?;
    created.map_err(|refusal| Failure::from(refusal.error_code()))?;
    let held = Cookie::Session.read(app, headers).and_then(|cookie| SessionToken::parse(&cookie).ok());
    if let Some(held) = held {
        let audit = caller.audit();
        let ended = app.store.end_session(&held, Some(&audit), caller.now, &mut random()).await;
        ended.map_err(Failure::from)?;
    }
    let mut response = if user.must_change_password {
        redirect(&back.after("/password"))?
    } else {
        redirect(back.as_str())?
    };
    let cookies = [Cookie::Session.set(app, &token.reveal()), Cookie::Login.clear(app)];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn form(csrf: &Csrf, back: &Local, complaint: Option<&str>) -> impl IntoResponse + use<> {
    let complaint = complaint.map(html::paragraph).unwrap_or_default();
    let fields = [
        csrf.field(),
        html::hidden("return_to", back.as_str()),
        html::input("Name or email address", "username", "text", ""),
        html::input("Password", "password", "password", ""),
        "<button>Sign in</button>\n".to_owned(),
    ];
    html::page("Sign in", &format!("{complaint}{}", html::form(Some("/login"), &fields.concat())))
}
