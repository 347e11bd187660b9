use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use uuid::Uuid;

use crate::AuditLogId;

/// Where a page ended, for the next one to begin. Opaque: its text is for the way to a browser and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuditCursor(Uuid);

/// Not the text of a cursor.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no cursor of a page of audit events")]
pub struct BadAuditCursor;

impl AuditCursor {
    /// After this event.
    pub(super) fn after(id: AuditLogId) -> Self {
        Self(id.uuid())
    }

    pub(super) fn uuid(self) -> Uuid {
        self.0
    }
}

impl FromStr for AuditCursor {
    type Err = BadAuditCursor;

    fn from_str(text: &str) -> Result<Self, BadAuditCursor> {
        let octets = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadAuditCursor)?;
        Uuid::from_slice(&octets).map(Self).map_err(|_| BadAuditCursor)
    }
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{AuditCursor, BadAuditCursor};

    proptest! {
        #[test]
        fn what_is_shown_is_understood(value: u128) {
            let cursor = AuditCursor(Uuid::from_u128(value));
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn a_text_of_another_length_is_refused(text in "[A-Za-z0-9_-]{0,21}|[A-Za-z0-9_-]{23,40}") {
            prop_assert_eq!(text.parse::<AuditCursor>(), Err(BadAuditCursor));
        }
    }
}
