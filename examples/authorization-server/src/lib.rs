//! A small OAuth 2.0 authorization server on [`authority_store`], to read and to copy from.
//!
//! It has the authorization code flow with PKCE, refresh tokens, client credentials, the device flow, introspection and
//! revocation. Each endpoint is a file in `endpoints`; what they share is beside it: one place for errors, one for who
//! a client is, one clock and one source of randomness.
//!
//! What it does not have: ID tokens and JWTs (access tokens are opaque, nothing is signed), a second factor, remembered
//! consent, pushed requests, DPoP and mutual TLS. It speaks HTTP and expects a proxy in front that speaks TLS, limits how
//! often one address may ask and how long it may take to ask, and keeps `/metrics` within the house.

mod app;
mod caller;
mod client_auth;
mod clock;
mod cookies;
mod csrf;
mod endpoints;
mod error;
mod headers;
mod html;
mod issuer;
mod json;
mod local;
mod parameters;
mod passwords;
mod random;
mod scopes;
mod sentence;
mod session;

use std::future::{Future, IntoFuture, pending};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use authority_store::Store;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use app::App;
use passwords::Passwords;

pub use app::Settings;
pub use clock::Clock;
pub use issuer::{Issuer, NotAnIssuer};
pub use sentence::Sentence;

/// Serves until `stopped` is ready; then requests that have begun are still answered, within [`Settings::patience`].
///
/// Fails when there is nothing to hash a password with, and as [`axum::serve()`] does.
pub async fn serve(
    listener: TcpListener,
    store: Store,
    settings: Settings,
    clock: Clock,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let passwords = spawn_blocking(Passwords::new).await?.map_err(io::Error::other)?;
    let patience = settings.patience;
    let router = endpoints::router(Arc::new(App { store, settings, clock, passwords }));
    let (stops, stopping) = oneshot::channel();
    let stopped = async move {
        stopped.await;
        tracing::info!("stopping; requests that have begun are still answered");
        let _ = stops.send(());
    };
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopped);
    let too_long = async {
        match stopping.await {
            Ok(()) => sleep(patience).await,
            Err(_) => pending().await,
        }
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        // Whoever never ends a request must not keep the server from stopping.
        () = too_long => {
            tracing::warn!("stopped, though not every request has ended");
            Ok(())
        }
    }
}
