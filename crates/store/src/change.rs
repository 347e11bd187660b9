//! How a change of state ends.

use crate::StoreError;
use crate::answer::Answer;

/// How a change of state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is so now, and was not before.
    Done,
    /// It had been so before. The same call again, after its answer was lost, may give this too.
    Already,
    /// There is no such row, or the person was erased.
    Unknown,
}

impl Change {
    pub(crate) fn read(answer: &Answer) -> Result<Self, StoreError> {
        answer.meaning("verdict", |word| match word {
            "done" => Some(Self::Done),
            "already" => Some(Self::Already),
            "unknown" => Some(Self::Unknown),
            _ => None,
        })
    }
}
