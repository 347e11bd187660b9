//! The operations of the store, as the serving role, on a real server.

mod clients;
mod codes;
mod lookups;
mod sessions;
mod users;
mod world;
