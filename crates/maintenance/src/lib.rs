//! What has to be done regularly to a database of Authority: partitions ahead of their time, rows that came before
//! their partition moved into it, and what is past its retention dropped or deleted.
//!
//! [`Maintenance::run`] does all that, and can be repeated, interrupted and run by any number of processes at once:
//! each step is a transaction under an advisory lock of its own, looks again at what there is to do, and does it
//! completely or not at all. No session state is needed, so it works through a transaction pooler. What a run cannot do
//! because others are in the way stays [`Overdue`]; traffic waits for a step only as long as `lock_timeout` and the step
//! itself.
//!
//! Time is an input. [`server_time`] gives the one clock that all runs share.

mod catalog;
mod drop;
mod error;
mod make;
pub mod partitions;
mod preview;
mod purge;
mod report;
mod retention;
mod run;
mod step;
mod wanted;

pub use authority_migration::runner::Holder;
pub use error::{Error, Result};
pub use report::{Done, Elsewhere, Overdue, Report, Task, Why};
pub use run::{DEFAULT_DAYS_AHEAD, Maintenance, server_time};
