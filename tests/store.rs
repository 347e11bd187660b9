//! The operations of the store, as the serving role, on a real server.

mod access;
mod audit;
mod audited;
mod clients;
mod codes;
mod devices;
mod errors;
mod hostile;
mod hot;
mod kills;
mod lock_order;
mod model;
mod plans;
mod pooler;
mod races;
mod refresh;
mod revocation;
mod sessions;
mod spans;
mod statements;
mod users;
mod with;
mod world;
