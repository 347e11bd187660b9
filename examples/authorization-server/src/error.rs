//! What goes wrong, told to a client as JSON and to a person as a page.

use authority_store::{ErrorCode, StoreError};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Sentence;
use crate::html;
use crate::json::answer;
use crate::parameters::BadForm;

/// A request that is not answered as asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    /// For whoever writes the client. It has only the characters that `error_description` may have.
    pub(crate) because: &'static str,
    status: StatusCode,
}

/// A failure for a client: RFC 6749 section 5.2.
pub(crate) struct ApiError(Failure);

/// A failure for a person.
pub(crate) struct PageError(Failure);

impl Failure {
    pub(crate) fn new(code: ErrorCode, because: &'static str) -> Self {
        let status = match code {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { code, because, status }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// Why an operation refused is for the audit trail; the client is told its error code.
impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        let because = match code {
            ErrorCode::InvalidGrant => "the grant is unknown, used, expired, revoked or of another client",
            ErrorCode::UnauthorizedClient => "the client may not use this grant",
            ErrorCode::InvalidScope => "the client may not have one of the scopes",
            ErrorCode::AuthorizationPending => "nobody has answered yet",
            ErrorCode::SlowDown => "nobody has answered yet; ask less often",
            ErrorCode::ExpiredToken => "nobody answered in time",
            ErrorCode::AccessDenied => "the person said no, or may not say yes",
            _ => "the request was refused",
        };
        Self::new(code, because)
    }
}

impl From<BadForm> for Failure {
    fn from(bad: BadForm) -> Self {
        let refused = |because| Self::new(ErrorCode::InvalidRequest, because);
        match bad {
            BadForm::ContentType => refused("the body has to be application/x-www-form-urlencoded"),
            BadForm::TooLarge => refused("the body is too large").with_status(StatusCode::PAYLOAD_TOO_LARGE),
            BadForm::Refused => refused("a parameter is there more than once, or has a NUL"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // It names statements and constraints, and never a value.
        let fix = error.fix().map(|fix| format!(" ({fix})")).unwrap_or_default();
        tracing::error!("the store failed: {}{fix}", Sentence(&error));
        if error.is_transient() {
            Self::new(ErrorCode::TemporarilyUnavailable, "the database is not available; try again")
        } else {
            Self::new(ErrorCode::ServerError, "something is wrong with this server")
        }
    }
}

impl<F> From<F> for ApiError
where
    Failure: From<F>,
{
    fn from(failure: F) -> Self {
        Self(failure.into())
    }
}

impl<F> From<F> for PageError
where
    Failure: From<F>,
{
    fn from(failure: F) -> Self {
        Self(failure.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Failure { code, because, status } = self.0;
        let body = answer(&json!({ "error": code.as_str(), "error_description": because }));
        if code == ErrorCode::InvalidClient {
            // Required where the client tried Basic (RFC 6749 section 5.2), and with every 401 (RFC 9110 section 15.5.2).
            return (status, [(WWW_AUTHENTICATE, "Basic realm=\"clients\", charset=\"UTF-8\"")], body)
                .into_response();
        }
        (status, body).into_response()
    }
}

/// Where an endpoint does not see to it, whoever sent the body is a client.
impl IntoResponse for BadForm {
    fn into_response(self) -> Response {
        ApiError::from(self).into_response()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let Failure { because, status, .. } = self.0;
        // With 401 goes what a browser should ask the person for (RFC 9110 section 15.5.2), and it should ask for nothing.
        let status = if status == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { status };
        (status, html::page("It did not work", &html::paragraph(because))).into_response()
    }
}
