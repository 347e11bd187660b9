//! Who is signed in.

use authority_store::{ActiveSession, Reauthenticate, SessionToken};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::cookies::Cookie;
use crate::csrf::Csrf;
use crate::error::Failure;
use crate::local::{Local, redirect};
use crate::random::random;

/// How people prove here who they are (RFC 8176).
pub(crate) const PASSWORD: &str = "pwd";

/// A person with a session, and the token of their forms.
pub(crate) struct SignedIn {
    pub(crate) session: ActiveSession,
    cookie: Zeroizing<String>,
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
    Ok(found.ok().map(|session| SignedIn { session, csrf: Csrf::of(&cookie), cookie }))
}

impl SignedIn {
    /// The person has proved again who they are: the session goes on under another secret, and a copy of the old cookie
    /// is worth nothing. None where the session has ended or the account was locked meanwhile.
    pub(crate) async fn renew(self, app: &App, caller: &Caller) -> Result<Option<Self>, Failure> {
        let Ok(token) = SessionToken::parse(&self.cookie) else { return Ok(None) };
        let successor = SessionToken::for_id(token.id(), &mut random());
        let audit = caller.audit();
        let amr = [PASSWORD.to_owned()];
        let proof = Reauthenticate {
            token: &token,
            successor: &successor,
            auth_time: caller.now,
            acr: None,
            amr: &amr,
            audit: Some(&audit),
        };
        if app.store.reauthenticate_session(&proof, caller.now, &mut random()).await?.is_err() {
            return Ok(None);
        }
        let cookie = successor.reveal();
        let [amr] = amr;
        let session = ActiveSession { auth_time: caller.now, acr: None, amr: vec![amr], ..self.session };
        Ok(Some(Self { session, csrf: Csrf::of(&cookie), cookie }))
    }

    /// Has the browser hold the cookie of this session.
    pub(crate) fn keep(&self, app: &App, response: &mut Response) {
        let cookie = Cookie::Session.set(app, &self.cookie);
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }
}

/// Where a person signs in, to come back afterwards. A cookie that led to no session is of no use any more.
pub(crate) fn to_login(app: &App, headers: &HeaderMap, back: &Local) -> Result<Response, Failure> {
    let mut response = redirect(&back.after("/login"))?;
    forget(app, headers, &mut response);
    Ok(response)
}

/// Takes the cookie of a session that is none away, where the browser sent one.
pub(crate) fn forget(app: &App, headers: &HeaderMap, response: &mut Response) {
    if Cookie::Session.read(app, headers).is_some() {
        response.headers_mut().extend(Cookie::Session.clear(app).map(|cookie| (SET_COOKIE, cookie)));
    }
}
