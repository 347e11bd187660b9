//! Device codes (RFC 8628).

mod answer;
mod exchange;
mod issue;
mod look_up;

pub use answer::{AnswerDeviceCode, AnswerDeviceCodeRefusal, DeviceAnswer};
pub use exchange::{ExchangeDeviceCode, ExchangeDeviceCodeRefusal};
pub use issue::{IssueDeviceCode, IssueDeviceCodeRefusal};
pub use look_up::{DeviceRequest, LookUpDeviceCode, LookUpDeviceCodeRefusal};
