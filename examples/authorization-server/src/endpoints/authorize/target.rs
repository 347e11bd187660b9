use authority_store::{Client, ErrorCode};
use axum::response::Response;

use crate::app::App;
use crate::error::Failure;
use crate::local::redirect;
use crate::parameters::Parameters;

/// Where the answer to an authorization request goes: an address that is known to be the client's.
pub(super) struct Target {
    redirect_uri: String,
    is_given: bool,
    state: Option<String>,
}

impl Target {
    /// The `redirect_uri` of the request, which has to be the client's, or the only one that the client has.
    pub(super) fn of(client: &Client, query: &Parameters) -> Option<Self> {
        let registered = &client.metadata.redirect_uris;
        let given = query.get("redirect_uri");
        let redirect_uri = match (given, registered.as_slice()) {
            _ if query.refuses("redirect_uri") => return None,
            (Some(given), _) => client.metadata.admits_redirect_uri(given).then_some(given)?,
            (None, [only]) => only,
            (None, _) => return None,
        };
        Some(Self {
            redirect_uri: redirect_uri.to_owned(),
            is_given: given.is_some(),
            state: query.get("state").map(str::to_owned),
        })
    }

    /// What a token request has to repeat (RFC 6749 section 4.1.3).
    pub(super) fn given(&self) -> Option<&str> {
        self.is_given.then_some(self.redirect_uri.as_str())
    }

    /// What a person sees of it.
    pub(super) fn address(&self) -> &str {
        &self.redirect_uri
    }

    /// Sends the person there, with `state`, and with `iss` so that a client of several servers knows whose answer it is
    /// (RFC 9207).
    pub(super) fn answer(&self, app: &App, parameters: &[(&str, &str)]) -> Result<Response, Failure> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let query = query.append_pair("iss", app.settings.issuer.as_str()).finish();
        // A query of the client's own stays as it is (RFC 6749 section 3.1.2).
        let separator = if self.redirect_uri.contains('?') { '&' } else { '?' };
        redirect(&format!("{}{separator}{query}", self.redirect_uri))
    }

    /// Sends the person there with an error (RFC 6749 section 4.1.2.1).
    pub(super) fn refuse(&self, app: &App, code: ErrorCode, because: &str) -> Result<Response, Failure> {
        self.answer(app, &[("error", code.as_str()), ("error_description", because)])
    }
}
