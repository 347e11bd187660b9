//! The endpoints, one file each.

mod authorize;
mod device;
mod device_authorization;
mod home;
mod introspect;
mod login;
mod logout;
mod metadata;
mod metrics;
mod password;
mod revoke;
mod token;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::{get, post};

use crate::app::Shared;
use crate::headers::guard;
use crate::parameters::LARGEST_FORM;

/// Which endpoint is where. A method that one does not have gives 405.
pub(crate) fn router(app: Shared) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/.well-known/oauth-authorization-server", get(metadata::show))
        .route("/authorize", get(authorize::ask).post(authorize::decide))
        .route("/device", get(device::ask).post(device::decide))
        .route("/device_authorization", post(device_authorization::issue))
        .route("/introspect", post(introspect::look))
        .route("/login", get(login::ask).post(login::sign_in))
        .route("/logout", get(logout::ask).post(logout::sign_out))
        .route("/metrics", get(metrics::show))
        .route("/password", get(password::ask).post(password::change))
        .route("/revoke", post(revoke::revoke))
        .route("/token", post(token::issue))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(map_response(guard))
        .with_state(app)
}
