//! The operations of the store, as the serving role, on a real server.

mod access;
mod audit;
mod codes;
mod errors;
mod hot;
mod kills;
mod model;
mod plans;
mod pooler;
mod races;
mod refresh;
mod revocation;
mod statements;
mod with;
mod world;
