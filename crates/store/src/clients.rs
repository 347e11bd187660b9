//! Clients (RFC 6749 section 2, RFC 7591).

mod revoke;
