use axum::response::IntoResponse;

use super::request::AuthorizationRequest;
use crate::html;
use crate::session::SignedIn;

/// Who asks for what. The form goes to the address of the page, in which the request stands.
pub(super) fn page(request: &AuthorizationRequest, person: &SignedIn) -> impl IntoResponse + use<> {
    let metadata = &request.client.metadata;
    let fields =
        [person.csrf.field(), html::decision("approve", "Let it in"), html::decision("deny", "Refuse")];
    let body = [
        html::paragraph(&format!("You are {}. {} asks for:", person.session.username, metadata.name)),
        html::list(request.scopes.iter()),
        html::paragraph(&format!("Either answer goes to {}.", request.target.address())),
        html::form(None, &fields.concat()),
    ];
    html::page("Let this application in?", &body.concat())
}
