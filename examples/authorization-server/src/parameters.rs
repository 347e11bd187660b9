//! Parameters of a query or of a form, as OAuth wants them.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use std::convert::Infallible;

/// Octets of the largest form. A refresh token has a hundred; the longest here is a `state`.
pub(crate) const LARGEST_FORM: usize = 16 * 1024;

/// Parameters by name. One without a value is as if it were not there, and none may be there twice (RFC 6749
/// section 3.1). No value has a NUL, which no parameter may have and PostgreSQL does not take.
#[derive(Default)]
pub(crate) struct Parameters {
    values: BTreeMap<String, String>,
    refused: BTreeSet<String>,
}

/// The parameters of the query.
pub(crate) struct Query(pub(crate) Parameters);

/// The parameters of the body, none of which was repeated.
pub(crate) struct Form(pub(crate) Parameters);

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadForm {
    /// It is not `application/x-www-form-urlencoded`.
    ContentType,
    /// It has more than [`LARGEST_FORM`] octets, or broke off.
    TooLarge,
    /// A parameter is there more than once, or has a NUL.
    Refused,
}

impl Parameters {
    fn parse(text: &[u8]) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
            if value.is_empty() {
                continue;
            }
            let is_unfit = value.contains('\0');
            let name = name.into_owned();
            if parameters.values.insert(name.clone(), value.into_owned()).is_some() || is_unfit {
                parameters.refused.insert(name);
            }
        }
        parameters
    }

    /// The value of a parameter; none where it is missing or cannot be told.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        if self.refused.contains(name) { None } else { self.values.get(name).map(String::as_str) }
    }

    /// Whether a parameter is there more than once, or has a NUL.
    pub(crate) fn refuses(&self, name: &str) -> bool {
        self.refused.contains(name)
    }

    /// Whether this is so of any parameter.
    pub(crate) fn refuses_any(&self) -> bool {
        !self.refused.is_empty()
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = BadForm;

    async fn from_request(request: Request, state: &S) -> Result<Self, BadForm> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(BadForm::ContentType);
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| BadForm::TooLarge)?;
        let parameters = Parameters::parse(&body);
        if parameters.refuses_any() { Err(BadForm::Refused) } else { Ok(Self(parameters)) }
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn a_repeated_parameter_has_no_value() {
        let parameters = Parameters::parse(b"a=1&b=2&a=1&c=&c=3");
        assert_eq!(
            (parameters.get("a"), parameters.get("b"), parameters.get("c")),
            (None, Some("2"), Some("3"))
        );
        assert!(parameters.refuses("a") && !parameters.refuses("b") && parameters.refuses_any());
    }

    #[test]
    fn a_value_with_a_nul_is_none() {
        let parameters = Parameters::parse(b"a=1%00");
        assert_eq!(parameters.get("a"), None);
        assert!(parameters.refuses("a"));
    }
}
