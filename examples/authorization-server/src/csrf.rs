//! Proof that a form was filled in on a page of this server, in the browser that it was shown to.

use authority_store::ErrorCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::Failure;
use crate::html;
use crate::parameters::Parameters;

const FIELD: &str = "csrf";

/// What a form carries beside the cookie: made from the cookie's secret, which no other site knows, and not telling
/// it. `SameSite` alone leaves sibling domains and old browsers.
pub(crate) struct Csrf(String);

impl Csrf {
    /// That of a cookie.
    pub(crate) fn of(cookie: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::new().chain_update("csrf\n").chain_update(cookie).finalize()))
    }

    /// The field of a form.
    pub(crate) fn field(&self) -> String {
        html::hidden(FIELD, &self.0)
    }

    /// Fails when the form does not carry it.
    pub(crate) fn require(&self, form: &Parameters) -> Result<(), Failure> {
        let presented = form.get(FIELD).unwrap_or_default();
        if bool::from(presented.as_bytes().ct_eq(self.0.as_bytes())) {
            return Ok(());
        }
        let because = "the form is not from this browser, or is outdated; go back and load the page again";
        Err(Failure::new(ErrorCode::AccessDenied, because).with_status(axum::http::StatusCode::FORBIDDEN))
    }
}
