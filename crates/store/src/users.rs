//! Users: the people who sign in.

mod backup_codes;
mod create;
mod email;
mod erase;
mod find;
mod lock;
mod log_in;
mod mfa;
mod password;
mod revoke;

pub use backup_codes::{ReplaceBackupCodesRefusal, UseBackupCodeRefusal};
pub use create::{CreateUser, CreateUserRefusal};
pub use email::VerifyEmailRefusal;
pub use find::{Lock, Mfa, UserEpoch, UserForLogin, UserInfo};
pub use log_in::{FailedLogin, LogInRefusal};
pub use mfa::{AcceptTotpStepRefusal, EnableMfaRefusal};
pub use password::{ChangePassword, ChangePasswordRefusal, CurrentPassword, Elsewhere, Passwords};
