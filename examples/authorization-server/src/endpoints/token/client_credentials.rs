//! `grant_type=client_credentials` (RFC 6749 section 4.4).

use authority_entity::sea_orm_active_enums::GrantType;
use authority_store::{
    AccessToken, ErrorCode, IssueAccessToken, IssueAccessTokenRefusal, NewAccessToken, Subject,
};
use axum::response::Response;

use super::TokenRequest;
use super::answer::Tokens;
use crate::error::Failure;
use crate::random::random;
use crate::scopes;

pub(super) async fn issue(request: &TokenRequest<'_>) -> Result<Response, Failure> {
    let TokenRequest { app, caller, client, form } = request;
    // "MUST only be used by confidential clients."
    if !client.is_authenticated {
        let because = "a client has to prove who it is to act for itself";
        return Err(Failure::new(ErrorCode::UnauthorizedClient, because));
    }
    let scopes = scopes::required(form)?;
    let access = AccessToken::generate(caller.now, &mut random());
    let audit = caller.audit();
    let issue = IssueAccessToken {
        access_token: NewAccessToken::Opaque(&access),
        client: client.id,
        grant_type: GrantType::ClientCredentials,
        subject: Subject::Client,
        scopes: &scopes,
        audience: &app.audience(),
        resources: &[],
        authorization_details: None,
        sender: None,
        actor: None,
        audit: Some(&audit),
    };
    let issued = app.store.issue_access_token(&issue, caller.now).await?;
    let access_expires_at = issued.map_err(IssueAccessTokenRefusal::error_code)?;
    Ok(Tokens { access, access_expires_at, refresh: None, scopes: &scopes }.answer(caller.now))
}
