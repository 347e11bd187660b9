//! Cookies: one for the session, and one for the form by which it begins.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::app::App;

/// A cookie of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Holds a [`SessionToken`](authority_store::SessionToken).
    Session,
    /// Holds what the token of the login form is made from, while there is no session.
    Login,
}

impl Cookie {
    /// With `__Host-`, browsers take it from this host alone, over TLS (RFC 6265bis section 4.1.3.2).
    fn name(self, app: &App) -> &'static str {
        match (self, app.settings.issuer.is_encrypted()) {
            (Self::Session, true) => "__Host-session",
            (Self::Session, false) => "session",
            (Self::Login, true) => "__Host-login",
            (Self::Login, false) => "login",
        }
    }

    /// What the browser holds. An empty cookie is none: everybody knows what its forms would carry.
    pub(crate) fn read(self, app: &App, headers: &HeaderMap) -> Option<Zeroizing<String>> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(name, value)| *name == self.name(app) && !value.is_empty())
            .map(|(_, value)| Zeroizing::new(value.to_owned()))
    }

    /// `Set-Cookie` with a value: no script reads it, and no other site sends it with a form.
    pub(crate) fn set(self, app: &App, value: &str) -> Option<HeaderValue> {
        self.header(app, value, "")
    }

    /// `Set-Cookie` that takes it away.
    pub(crate) fn clear(self, app: &App) -> Option<HeaderValue> {
        self.header(app, "", "; Max-Age=0")
    }

    fn header(self, app: &App, value: &str, lifetime: &str) -> Option<HeaderValue> {
        let name = self.name(app);
        let secure = if app.settings.issuer.is_encrypted() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lifetime}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}
