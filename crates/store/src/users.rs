//! Users: the people who sign in.

mod create;
mod email;
mod erase;
mod find;
mod lock;
mod log_in;
mod mfa;
mod password;
mod revoke;

pub use create::{CreateUser, CreateUserRefusal};
pub use email::VerifyEmailRefusal;
pub use find::{Lock, Mfa, UserEpoch, UserForLogin, UserInfo};
pub use log_in::{FailedLogin, LogInRefusal};
pub use mfa::{AcceptTotpStepRefusal, EnableMfaRefusal, UseBackupCodeRefusal};
pub use password::{ChangePassword, ChangePasswordRefusal, CurrentPassword, Elsewhere, Passwords};
