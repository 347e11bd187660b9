//! The private servers, tried on the PostgreSQL of the machine.
//!
//! `AUTHORITY_PG_BIN` names a directory of PostgreSQL programs to use instead of the newest ones.

mod embedded;
mod ephemeral;
mod kept;
mod safety;
mod support;
