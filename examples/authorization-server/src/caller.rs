//! What is known of a request before it is understood: for the audit trail.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use authority_store::Audit;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
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

    /// The address is that of the connection, or what a proxy of this server says.
    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let text = |name: &str| {
            parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            now: app.clock.now(),
            address: connection
                .and_then(|ConnectInfo(peer)| address(peer.ip(), &app.settings.proxies, &parts.headers)),
            user_agent: text(USER_AGENT.as_str()),
            request_id: text("x-request-id").unwrap_or_else(unguessable),
        })
    }
}

/// Where a request comes from, if that is known. Of a proxy, it is the last address that it says: those before it are
/// what the proxy was told, by anybody.
fn address(peer: IpAddr, proxies: &BTreeSet<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    let line = headers.get_all("x-forwarded-for").into_iter().next_back()?;
    let last = line.to_str().ok()?.rsplit(',').next()?.trim();
    last.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::address;

    #[test]
    fn only_a_proxy_says_for_whom_it_asks_and_only_in_its_last_word() {
        let mut headers = HeaderMap::new();
        let proxies = ["192.0.2.1".parse().expect("an address")].into();
        let mut from = |peer: &str, lines: &[&str]| {
            headers.clear();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().expect("a header"));
            }
            let found = address(peer.parse().expect("an address"), &proxies, &headers);
            found.map(|address| address.to_string()).unwrap_or_default()
        };
        assert_eq!(from("192.0.2.2", &["203.0.113.9"]), "192.0.2.2");
        assert_eq!(from("::ffff:192.0.2.1", &["198.51.100.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(from("192.0.2.1", &["198.51.100.1", "2001:db8::9"]), "2001:db8::9");
        for unknown in [&["unknown"][..], &["203.0.113.9, "], &[]] {
            assert_eq!(from("192.0.2.1", unknown), "");
        }
    }
}
