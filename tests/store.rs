//! The operations of the store, as the serving role, on a real server.

// First, for the others use its macro.
#[macro_use]
mod ways;

mod access;
mod audit;
mod audited;
mod clients;
mod codes;
mod crowd;
mod devices;
mod errors;
mod families;
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
mod waiting;
mod with;
mod world;
