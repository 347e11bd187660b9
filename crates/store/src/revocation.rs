//! How a revocation ends.

use crate::answer::Answer;
use crate::{ErrorCode, StoreError};

/// How a revocation ended. What a client is told is [`Revocation::error_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revocation {
    /// It is revoked now, and was not before; or it was so by this very call, whose answer was lost.
    Revoked,
    /// It had been revoked before.
    Already,
    /// There is no such thing; the token may have been made up.
    Unknown,
    /// The token was issued to another client. Nothing was changed (RFC 7009 section 2.1).
    WrongClient,
}

impl Revocation {
    /// What the client is told. To it everything is a success (RFC 7009 section 2.2) but the genuine token of another
    /// client, whose request is refused (section 2.1) as RFC 6749 section 5.2 has it.
    #[must_use]
    pub const fn error_code(self) -> Option<ErrorCode> {
        match self {
            Self::Revoked | Self::Already | Self::Unknown => None,
            Self::WrongClient => Some(ErrorCode::InvalidGrant),
        }
    }

    pub(crate) fn read(answer: &Answer) -> Result<Self, StoreError> {
        answer.meaning("verdict", |word| match word {
            "revoked" => Some(Self::Revoked),
            "already" => Some(Self::Already),
            "unknown" => Some(Self::Unknown),
            "wrong_client" => Some(Self::WrongClient),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, Revocation};

    #[test]
    fn a_client_hears_only_that_the_token_is_of_another_one() {
        for ended in [Revocation::Revoked, Revocation::Already, Revocation::Unknown] {
            assert_eq!(ended.error_code(), None);
        }
        assert_eq!(Revocation::WrongClient.error_code(), Some(ErrorCode::InvalidGrant));
    }
}
