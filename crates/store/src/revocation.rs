//! How a revocation ends.

use crate::StoreError;
use crate::answer::Answer;

/// How a revocation ended. To a client every one of these is a success (RFC 7009 section 2.2).
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
