//! What every endpoint has at hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use authority_store::{ClientIdentifier, Store};

use crate::Clock;
use crate::passwords::Passwords;

/// What one installation of this server is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people and clients reach the server: `https://auth.example`, without a slash at the end. It is the
    /// `issuer` of RFC 8414. With `https`, cookies are for encrypted connections alone.
    pub issuer: String,
    /// Confidential clients that may introspect the tokens of every client, because they serve resources. Others see
    /// their own tokens (RFC 7662 section 4).
    pub resource_servers: BTreeSet<ClientIdentifier>,
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
        [self.settings.issuer.clone()]
    }
}
