//! Users.

mod revoke;
