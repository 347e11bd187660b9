//! The operations of the store, as the serving role, on a real server.

mod codes;
mod with;
mod world;
