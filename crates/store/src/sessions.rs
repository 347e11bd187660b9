//! Sessions: where a person is signed in.

mod authenticate;
mod create;
mod end;
mod list;
mod reauthenticate;

pub use authenticate::{ActiveSession, SessionRefusal, TOUCH_SECONDS};
pub use create::{CreateSession, CreateSessionRefusal, CreatedSession};
pub use list::ListedSession;
pub use reauthenticate::Reauthenticate;
