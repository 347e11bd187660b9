//! What every endpoint has at hand.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use authority_store::{ClientIdentifier, Store};

use crate::passwords::Passwords;
use crate::{Clock, Issuer};

/// What one installation of this server is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people and clients reach the server. With `https`, cookies are for encrypted connections alone.
    pub issuer: Issuer,
    /// Confidential clients that may introspect the tokens of every client, because they serve resources. Others see
    /// their own tokens (RFC 7662 section 4).
    pub resource_servers: BTreeSet<ClientIdentifier>,
    /// The addresses of proxies in front of the server, which say in `X-Forwarded-For` for whom they ask.
    pub proxies: BTreeSet<IpAddr>,
    /// How long requests that have begun may still take once the server is to stop.
    pub patience: Duration,
}

/// What every endpoint has at hand.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) passwords: Passwords,
}

/// As axum hands it to the endpoints.
pub(crate) type Shared = Arc<App>;

impl App {
    /// The address of one of its endpoints.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.issuer)
    }

    /// Who may accept the access tokens (RFC 9068 section 2.2): whoever introspects them here.
    pub(crate) fn audience(&self) -> [String; 1] {
        [self.settings.issuer.to_string()]
    }
}
