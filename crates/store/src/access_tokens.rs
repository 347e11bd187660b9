//! Access tokens (RFC 6749 section 1.4).

mod coalesce;
mod introspect;
mod issue;
mod revoke;

pub(crate) use coalesce::Introspections;
pub use introspect::{Inactive, IntrospectedAccessToken, PresentedAccessToken};
pub use issue::{IssueAccessToken, IssueAccessTokenRefusal, Subject};
