//! The `scope` parameter.

use authority_store::{ErrorCode, Scopes};

use crate::error::Failure;
use crate::parameters::Parameters;

/// The scopes that a request asks for. There is no default one here, so to ask for none is refused (RFC 6749 section
/// 3.3).
pub(crate) fn required(parameters: &Parameters) -> Result<Scopes, Failure> {
    let missing = || Failure::new(ErrorCode::InvalidScope, "the request has no scope");
    let scopes = narrowed(parameters)?.ok_or_else(missing)?;
    // Whoever is granted it has to be given an ID token (OpenID Connect Core 3.1.3.3).
    if scopes.iter().any(|scope| scope == "openid") {
        return Err(Failure::new(ErrorCode::InvalidScope, "there is no OpenID Connect here"));
    }
    Ok(scopes)
}

/// The scopes that a request asks for, if it does.
pub(crate) fn narrowed(parameters: &Parameters) -> Result<Option<Scopes>, Failure> {
    let malformed = |_| Failure::new(ErrorCode::InvalidScope, "the scope is malformed");
    parameters.get("scope").map(|text| text.parse().map_err(malformed)).transpose()
}
