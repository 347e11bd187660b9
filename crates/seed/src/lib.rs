//! What a new database of Authority begins with: an administrator, the common OAuth scopes, the system settings.
//!
//! [`Seed::prepare`] does everything in one transaction, one seed at a time, and leaves it open: what it made can be
//! shown, a generated password above all, before [`Prepared::commit`] makes it last. Whoever cannot show it drops
//! the [`Prepared`], and nothing has happened.
//!
//! Invariants: the seed inserts rows that are not there and does nothing else. It neither updates nor deletes, so it
//! can be repeated, and what a person changed stays, words included; new words for a row that is there are the
//! matter of a migration. A password reaches the server only as its hash.

mod admin;
mod audit;
mod error;
mod report;
mod scopes;
mod seed;
mod session;
mod settings;

pub use admin::{BadAdmin, DEFAULT_EMAIL, DEFAULT_USERNAME, NewAdmin};
pub use authority_migration::runner::Holder;
pub use error::{Error, Result};
pub use report::{AdminOutcome, Names, Report, Skipped};
pub use scopes::{SCOPES, Scope};
pub use seed::{Prepared, Seed};
pub use settings::{BadSetting, SETTINGS, Setting, Settings};
