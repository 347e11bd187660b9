//! The operations of the store, as the serving role, on a real server.

mod access;
mod codes;
mod refresh;
mod revocation;
mod with;
mod world;
