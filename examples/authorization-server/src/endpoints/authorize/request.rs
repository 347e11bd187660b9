use authority_entity::sea_orm_active_enums::CodeChallengeMethod;
use authority_store::{Client, CodeChallenge, ErrorCode, Scopes};
use axum::http::Uri;

use super::target::Target;
use crate::app::App;
use crate::error::Failure;
use crate::local::Local;
use crate::parameters::Parameters;
use crate::scopes;

/// The longest `nonce` that the database takes.
const LONGEST_NONCE: usize = 1000;

/// An authorization request that can be put to a person.
pub(super) struct AuthorizationRequest {
    pub(super) client: Client,
    pub(super) target: Target,
    /// Its own address, in which it stands.
    pub(super) back: Local,
    pub(super) scopes: Scopes,
    pub(super) code_challenge: CodeChallenge,
    pub(super) nonce: Option<String>,
}

/// A request that cannot.
pub(super) enum Refused {
    /// It is not known whose it is: the person is told and sent nowhere (RFC 6749 section 4.1.2.1).
    OnPage(Failure),
    /// The client is told.
    ByRedirection(Target, Failure),
}

/// Understands a request. The order matters: until the client and its address are known, nobody is redirected.
pub(super) async fn understand(
    app: &App,
    uri: &Uri,
    query: &Parameters,
) -> Result<Result<AuthorizationRequest, Refused>, Failure> {
    let on_page = |because| Ok(Err(Refused::OnPage(Failure::new(ErrorCode::InvalidRequest, because))));
    let Some(Ok(client_id)) = query.get("client_id").map(str::parse) else {
        return on_page("the link has no client_id, or a malformed one");
    };
    let Some(client) = app.store.find_client(&client_id).await? else {
        return on_page("no application has this client_id");
    };
    // Somebody disabled it, perhaps for what it does to those who are sent there.
    if client.disabled_at.is_some() {
        return on_page("this application may not be used any more");
    }
    let Some(target) = Target::of(&client, query) else {
        return on_page("the redirect_uri is none of this application's");
    };
    let Some(back) = Local::of(uri) else {
        let because = "the request is too long to come back to after a login, or is not encoded";
        return Ok(Err(Refused::ByRedirection(target, Failure::new(ErrorCode::InvalidRequest, because))));
    };
    Ok(match grantable(&client, query) {
        Ok((scopes, code_challenge)) => Ok(AuthorizationRequest {
            client,
            target,
            back,
            scopes,
            code_challenge,
            nonce: query.get("nonce").map(str::to_owned),
        }),
        Err(failure) => Err(Refused::ByRedirection(target, failure)),
    })
}

fn grantable(client: &Client, query: &Parameters) -> Result<(Scopes, CodeChallenge), Failure> {
    let invalid = |because| Err(Failure::new(ErrorCode::InvalidRequest, because));
    if query.refuses_any() {
        return invalid("a parameter is there more than once, or has a NUL");
    }
    match query.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(Failure::new(ErrorCode::UnsupportedResponseType, "there is only code")),
        None => return invalid("the request has no response_type"),
    }
    if query.get("response_mode").is_some_and(|mode| mode != "query") {
        return invalid("there is only the response_mode query");
    }
    // To pass them over would grant what the client did not ask for (RFC 9101, RFC 9126, RFC 9396).
    if ["request", "request_uri", "authorization_details"].iter().any(|name| query.get(name).is_some()) {
        return invalid("there are no request objects and no authorization_details here");
    }
    if client.metadata.require_pushed_authorization_requests {
        return invalid("this client has to push its requests, which cannot be done here");
    }
    crate::endpoints::token::refuse_resources(query)?;
    if query.get("nonce").is_some_and(|nonce| nonce.chars().count() > LONGEST_NONCE) {
        return invalid("the nonce is too long");
    }
    let scopes = scopes::required(query)?;
    if !scopes.is_subset(&client.metadata.allowed_scopes) {
        return Err(Failure::new(ErrorCode::InvalidScope, "the client may not ask for one of the scopes"));
    }
    Ok((scopes, code_challenge(query)?))
}

/// Everybody has to use PKCE here, by S256 (RFC 9700 section 2.1.1), whatever the client is registered for.
fn code_challenge(query: &Parameters) -> Result<CodeChallenge, Failure> {
    let invalid = |because| Failure::new(ErrorCode::InvalidRequest, because);
    let challenge =
        query.get("code_challenge").ok_or_else(|| invalid("the request has no code_challenge"))?;
    // Without a method it would be plain (RFC 7636 section 4.3).
    if query.get("code_challenge_method") != Some("S256") {
        return Err(invalid("the code_challenge_method has to be S256"));
    }
    CodeChallenge::new(challenge, CodeChallengeMethod::S256)
        .map_err(|_| invalid("the code_challenge is malformed"))
}
