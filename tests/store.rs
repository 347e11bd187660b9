//! The operations of the store, as the serving role, on a real server.

mod audit;
mod clients;
mod codes;
mod devices;
mod lookups;
mod plans;
mod sessions;
mod users;
mod world;
