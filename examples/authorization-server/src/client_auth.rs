//! Who a client is: at every endpoint that clients call.

use authority_store::{
    AuthenticateClient, ClientId, ClientIdentifier, ClientSecret, ErrorCode, SecretMethod,
};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Failure;
use crate::parameters::Parameters;
use crate::random::random;

/// A client that is who it says, as far as it can prove that.
pub(crate) struct Identified {
    pub(crate) id: ClientId,
    pub(crate) client_id: ClientIdentifier,
    /// It has proved it. A public client cannot.
    pub(crate) is_authenticated: bool,
}

/// What a client presented.
struct Credentials {
    client_id: String,
    secret: Option<(Zeroizing<String>, SecretMethod)>,
}

/// The client of a request: `client_secret_basic`, `client_secret_post` or `none` (RFC 6749 section 2.3, RFC 7591
/// section 2).
///
/// Fails with `invalid_client`, and with `invalid_request` when there are two of them.
pub(crate) async fn client_of(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Identified, Failure> {
    let Credentials { client_id, secret } = credentials(headers, form)?;
    let client_id: ClientIdentifier = client_id.parse().map_err(|_| unknown())?;
    let Some((secret, method)) = secret else {
        let found = app.store.identify_client(&client_id).await?;
        let client = found.map_err(|_| unknown())?;
        return Ok(Identified { id: client.id, client_id, is_authenticated: false });
    };
    // What is no secret of this server needs no database to be refused.
    let secret = ClientSecret::parse(&secret).map_err(|_| unknown())?;
    let audit = caller.audit();
    let request = AuthenticateClient { client_id: &client_id, secret: &secret, method, audit: Some(&audit) };
    let found = app.store.authenticate_client(&request, caller.now, &mut random()).await?;
    let client = found.map_err(|_| unknown())?;
    Ok(Identified { id: client.id, client_id, is_authenticated: true })
}

/// The same in every case, so that nobody learns which clients there are.
fn unknown() -> Failure {
    Failure::new(ErrorCode::InvalidClient, "the client is unknown, or did not prove who it is")
}

fn credentials(headers: &HeaderMap, form: &Parameters) -> Result<Credentials, Failure> {
    let in_form = form.get("client_id");
    let secret_in_form = form.get("client_secret");
    if headers.contains_key(AUTHORIZATION) {
        let (client_id, secret) = basic(headers).ok_or_else(unknown)?;
        // "The client MUST NOT use more than one authentication method in each request."
        if secret_in_form.is_some() || in_form.is_some_and(|other| other != client_id) {
            return Err(Failure::new(ErrorCode::InvalidRequest, "the client presents itself in two ways"));
        }
        return Ok(Credentials { client_id, secret: Some((secret, SecretMethod::Basic)) });
    }
    let client_id = in_form.ok_or_else(unknown)?.to_owned();
    let secret = secret_in_form.map(|secret| (Zeroizing::new(secret.to_owned()), SecretMethod::Post));
    Ok(Credentials { client_id, secret })
}

/// `Authorization: Basic`, whose parts are form-encoded (RFC 6749 section 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, Zeroizing<String>)> {
    let mut all = headers.get_all(AUTHORIZATION).into_iter();
    let (header, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (client_id, secret) = decoded.split_once(':')?;
    Some((decode(client_id)?, Zeroizing::new(decode(secret)?)))
}

/// A text that was form-encoded: the name of a parameter without a value.
fn decode(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    Some(
        form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::AUTHORIZATION;

    use super::{STANDARD, basic};
    use base64::Engine;

    fn read(text: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, text.parse().expect("a header"));
        basic(&headers).map(|(client_id, secret)| (client_id, secret.to_string()))
    }

    #[test]
    fn both_parts_of_basic_are_form_encoded() {
        let header = format!("basic {}", STANDARD.encode("a%3Ab+c:d%25%C3%A4"));
        assert_eq!(read(&header), Some(("a:b c".to_owned(), "d%ä".to_owned())));
    }

    #[test]
    fn what_is_not_basic_is_nobody() {
        let without_colon = format!("Basic {}", STANDARD.encode("app"));
        for text in ["Basic", "Basic !", "Bearer YTpi", without_colon.as_str()] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
