//! What the tests share: a server, databases of their own, and the programs of the workspace.

mod catalog;
mod database;
mod program;
mod programs;
mod recorder;
mod server;
mod session;
mod skip;
mod snapshots;
mod wait;

pub(crate) use catalog::{canonical_text, everything, schema};
pub(crate) use database::{Database, Refusal, column, execute, fails};
pub(crate) use program::{Outcome, authority_db, cargo, example};
pub(crate) use programs::{pgbench, programs, psql};
pub(crate) use recorder::{Recorder, Seen};
pub(crate) use server::server;
pub(crate) use session::Session;
pub(crate) use skip::{Need, skipped};
pub(crate) use snapshots::{assert_snapshot, assert_snapshots};
pub(crate) use wait::{eventually, in_time};
