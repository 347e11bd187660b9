//! The `scope` parameter.

use authority_store::{ErrorCode, Scopes};

use crate::error::Failure;
use crate::parameters::Parameters;

/// The scopes that a request asks for. There is no default one here, so to ask for none is refused (RFC 6749 section
/// 3.3).
pub(crate) fn required(parameters: &Parameters) -> Result<Scopes, Failure> {
    narrowed(parameters)?.ok_or_else(|| Failure::new(ErrorCode::InvalidScope, "the request has no scope"))
}

/// The scopes that a request asks for, if it does.
pub(crate) fn narrowed(parameters: &Parameters) -> Result<Option<Scopes>, Failure> {
    let malformed = |_| Failure::new(ErrorCode::InvalidScope, "the scope is malformed");
    parameters.get("scope").map(|text| text.parse().map_err(malformed)).transpose()
}
