//! The operations of the store, as the serving role, on a real server.

mod audit;
mod codes;
mod devices;
mod world;
