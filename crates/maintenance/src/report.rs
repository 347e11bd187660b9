use std::fmt;
use std::ops::ControlFlow;

use crate::Holder;

/// What a run did, or would do, and what it could not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was done, in this order.
    pub done: Vec<Done>,
    /// What should have been done, and is not.
    pub overdue: Vec<Overdue>,
    /// What another run is doing at this moment.
    pub elsewhere: Vec<Elsewhere>,
    /// What is odd, and mends itself or harms nobody.
    pub notes: Vec<String>,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A dated partition was made.
    Made {
        /// Its name.
        partition: String,
        /// Rows that came before it, and are in it now.
        moved: u64,
    },
    /// A partition was dropped, with rows that are all past their retention.
    Dropped {
        /// Its name.
        partition: String,
    },
    /// Rows past their retention were deleted.
    Deleted {
        /// The table or default partition.
        table: String,
        /// How many.
        rows: u64,
    },
}

/// Something that should have been done, and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// What should have been done.
    pub task: Task,
    /// The partition or table that it is about.
    pub subject: String,
    /// Why it was not done.
    pub why: Why,
}

/// What can be overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// To make a partition, and move the rows into it that came before.
    Make,
    /// To drop a partition whose rows are past their retention.
    Drop,
    /// To delete rows that are past their retention.
    Delete,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Other sessions hold locks that are needed, for longer than this run waits; the oldest of them, where it is known.
    Blocked(Option<Holder>),
    /// Other sessions work on so many of the rows.
    RowsInUse(u64),
    /// It holds rows that are still valid, although their ids say that they cannot be.
    StillValid,
    /// There is a table of this name, and it is not this partition.
    NameTaken,
    /// The server objects, in these words.
    Refused(String),
}

/// A table that another run works on at this moment, and who that is, where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The table.
    pub table: &'static str,
    /// Who works on it.
    pub holder: Option<Holder>,
}

impl Report {
    /// Whether nothing is left that should have been done.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.overdue.is_empty()
    }

    /// Another run works on a table, which is therefore left to it.
    pub(crate) fn leave<T>(&mut self, table: &'static str, holder: Option<Holder>) -> ControlFlow<(), T> {
        self.elsewhere.push(Elsewhere { table, holder });
        ControlFlow::Break(())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(None) => f.write_str("other sessions hold locks on its tables"),
            Self::Blocked(Some(holder)) => write!(f, "{holder} holds a lock on its tables"),
            Self::RowsInUse(1) => f.write_str("another session works on 1 of its rows"),
            Self::RowsInUse(rows) => write!(f, "other sessions work on {rows} of its rows"),
            Self::StillValid => f.write_str(
                "it holds rows that are still valid, which its age excludes unless a clock was wrong",
            ),
            Self::NameTaken => {
                f.write_str("there is a table of this name that is no partition for this period")
            }
            Self::Refused(message) => write!(f, "the server refuses it: {message}"),
        }
    }
}

impl Why {
    /// What a person can do about it, for a program of this name.
    #[must_use]
    pub fn fix(&self, program: &str) -> String {
        match self {
            Self::Blocked(Some(Holder { pid, .. })) => {
                format!(
                    "let server process {pid} end, or end it: SELECT pg_terminate_backend({pid}); then {program} maintain"
                )
            }
            Self::Blocked(None) | Self::RowsInUse(_) => format!("{program} maintain, when they have ended"),
            Self::StillValid => format!("{program} maintain, when they have expired"),
            Self::NameTaken => format!("rename or drop that table, then {program} maintain"),
            Self::Refused(_) => format!("remove what it names, then {program} maintain"),
        }
    }
}

impl Task {
    /// What it does to its subject.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Drop => "drop",
            Self::Delete => "delete from",
        }
    }
}
