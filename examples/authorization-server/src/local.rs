//! Redirections within this server.

use authority_store::ErrorCode;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::error::Failure;

/// An address of this server that a login may lead back to. Whatever else is asked for leads to the first page, so
/// that nobody is sent to another site from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Local(String);

impl Local {
    /// Understands what a form or a query says.
    pub(crate) fn new(text: &str) -> Self {
        let path = text.split('?').next().unwrap_or_default();
        let is_known = ["/authorize", "/device"].contains(&path) && HeaderValue::from_str(text).is_ok();
        Self(if is_known { text.to_owned() } else { "/".to_owned() })
    }

    /// The address of a request.
    pub(crate) fn of(uri: &Uri) -> Self {
        Self::new(uri.path_and_query().map_or("/", |path| path.as_str()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The login that leads back here.
    pub(crate) fn after_login(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::from("/login?"));
        query.append_pair("return_to", &self.0).finish()
    }
}

/// 303: what follows is a GET, so that no browser posts a password or a consent again, to somebody else (RFC 9700
/// section 4.12).
pub(crate) fn redirect(to: &str) -> Result<Response, Failure> {
    let location = HeaderValue::from_str(to)
        .map_err(|_| Failure::new(ErrorCode::ServerError, "the address of the redirection is none"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}

#[cfg(test)]
mod tests {
    use super::Local;

    #[test]
    fn a_login_leads_back_to_known_pages_only() {
        for text in ["/authorize?client_id=a", "/device", "/device?user_code=X"] {
            assert_eq!(Local::new(text).as_str(), text);
        }
        let elsewhere = [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/device",
            "/device/../..//evil.example",
            "/devices",
            "/authorize?\r\nSet-Cookie: a=b",
            "device",
            "/login",
        ];
        for text in elsewhere {
            assert_eq!(Local::new(text).as_str(), "/", "{text:?}");
        }
    }
}
