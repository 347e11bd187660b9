//! The private servers, tried on the PostgreSQL of the machine.
//!
//! `AUTHORITY_TEST_POSTGRES` names a directory of PostgreSQL programs to use instead of the newest ones.

#![allow(clippy::doc_markdown, reason = "PostgreSQL is a name, not code")]

mod ephemeral;
mod kept;
mod safety;
mod support;
