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

/// Octets of the longest one. Encoded in the form of the login, which triples it at worst, it is within
/// [`LARGEST_FORM`](crate::parameters::LARGEST_FORM).
const LONGEST: usize = 4096;

/// The pages that a login may lead back to.
const KNOWN: [&str; 2] = ["/authorize", "/device"];

impl Local {
    /// Understands what a form or a query says.
    pub(crate) fn new(text: &str) -> Self {
        Self::known(text).unwrap_or_else(Self::first_page)
    }

    /// The address of a request, unless it is too long, or otherwise none that a login may lead back to.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        uri.path_and_query().and_then(|path| Self::known(path.as_str()))
    }

    /// The page that everybody may see.
    pub(crate) fn first_page() -> Self {
        Self("/".to_owned())
    }

    /// The whole text has to be of characters that an address has: browsers drop tabs and line ends from one, so that
    /// what was compared would not be where they go.
    fn known(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_safe = text.len() <= LONGEST && text.bytes().all(|octet| octet.is_ascii_graphic());
        (is_safe && KNOWN.contains(&path)).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// A page that leads here when the person has done there what they have to.
    pub(crate) fn after(&self, page: &str) -> String {
        if *self == Self::first_page() {
            return page.to_owned();
        }
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &self.0).finish();
        format!("{page}?{query}")
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
    use super::{LONGEST, Local};
    use crate::parameters::LARGEST_FORM;

    #[test]
    fn a_login_leads_back_to_known_pages_only() {
        for text in
            ["/authorize?client_id=a", "/device", "/device?user_code=X", "/authorize?state=//evil.example"]
        {
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
            "/authorize?a=\t",
            "/authorize?a=b c",
            "/authorize?a=\u{e4}",
            "/authorize/",
            "/authorize\\@evil.example",
            "/authorize%00",
            "/%2fevil.example",
            "/\t/evil.example",
            " /device",
            "/device ",
            "?/device",
            "javascript:alert(1)//device",
            "/metrics",
            "/logout",
            "device",
            "/login",
        ];
        for text in elsewhere {
            assert_eq!(Local::new(text).as_str(), "/", "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_for_the_form_of_the_login_leads_nowhere() {
        let of = |octets: usize| format!("/device?{}", "&".repeat(octets - "/device?".len()));
        assert_eq!(Local::new(&of(LONGEST)).as_str(), of(LONGEST));
        assert_eq!(Local::new(&of(LONGEST + 1)).as_str(), "/");
        let field = form_urlencoded::byte_serialize(of(LONGEST).as_bytes()).map(str::len).sum::<usize>();
        assert!(field + 1024 < LARGEST_FORM, "{field}");
    }

    #[test]
    fn a_page_is_told_where_it_leads_in_one_parameter() {
        let path = Local::new("/device?user_code=A&b=c").after("/login");
        assert_eq!(path, "/login?return_to=%2Fdevice%3Fuser_code%3DA%26b%3Dc");
        assert_eq!(Local::first_page().after("/login"), "/login");
    }
}
