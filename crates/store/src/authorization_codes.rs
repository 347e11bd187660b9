//! Authorization codes (RFC 6749 section 4.1).

mod exchange;
mod issue;

pub use exchange::{Exchange, ExchangeRefusal, Exchanged};
pub use issue::{IssueCode, IssueCodeRefusal};
