//! The operations of the store, as the serving role, on a real server.

mod access;
mod audited;
mod codes;
mod errors;
mod generic_plans;
mod hot;
mod kills;
mod model;
mod pooler;
mod races;
mod refresh;
mod revocation;
mod statements;
mod with;
mod world;
