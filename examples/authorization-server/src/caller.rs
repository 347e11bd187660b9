//! What is known of a request before it is understood: for the audit trail.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use authority_store::Audit;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

use crate::app::Shared;
use crate::random::{random, unguessable};

/// Who asks, from where, and when: one time for all that the request leads to.
pub(crate) struct Caller {
    pub(crate) now: DateTime<Utc>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    request_id: String,
}

impl Caller {
    /// An event of this request. Each operation takes one of its own.
    pub(crate) fn audit(&self) -> Audit {
        let audit = Audit::new(self.now, &mut random()).request_id(&self.request_id);
        let audit = match self.address {
            Some(address) => audit.ip_address(address),
            None => audit,
        };
        match &self.user_agent {
            Some(agent) => audit.user_agent(agent),
            None => audit,
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Infallible;

    /// The address is that of the connection. Behind a proxy it would be what the proxy says, of which only the
    /// last `X-Forwarded-For` is its own word.
    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let text = |name: &str| {
            parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            now: app.clock.now(),
            address: connection.map(|ConnectInfo(address)| address.ip().to_canonical()),
            user_agent: text(USER_AGENT.as_str()),
            request_id: text("x-request-id").unwrap_or_else(unguessable),
        })
    }
}
