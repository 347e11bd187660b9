//! TLS against real servers: what each `sslmode` lets through, encrypts and refuses.

mod authority;
mod cancelled;
mod case;
mod clients;
mod ground;
mod modes;
mod variables;
