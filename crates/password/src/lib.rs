//! Passwords of people: which are accepted, how they are made, stored and verified.
//!
//! - [`Password`] holds one, never shows it by accident, and can be [generated](Password::generate);
//! - [`Policy`] says whether one is good enough (NIST SP 800-63B section 5.1.1.2);
//! - [`hash()`] turns one into the PHC string that is stored, with Argon2id;
//! - [`verify()`] compares one with what is stored, `bcrypt` of earlier times included, and says when the
//!   stored hash should be replaced.
//!
//! Invariants: nothing here knows a database, the environment or any other crate of the workspace; no error and
//! no `Debug` text holds a password or a hash.

mod generate;
mod guess;
mod hash;
mod password;
mod policy;
mod verify;

pub use hash::{HashError, HashedPassword, hash};
pub use password::{MAX_CHARACTERS, Password};
pub use policy::{Owner, Policy, Refusal};
pub use verify::{UnusableHash, Verdict, verify};
