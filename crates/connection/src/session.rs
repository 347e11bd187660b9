//! What is asked of the server and of the pooler in front of it.

use std::fmt;
use std::str::FromStr;

/// Which server of several is acceptable (`target_session_attrs`; PostgreSQL manual, "Parameter Key Words").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetSessionAttrs {
    /// Whichever answers first.
    #[default]
    Any,
    /// One whose sessions may write: `transaction_read_only` is off.
    ReadWrite,
    /// One whose sessions may not write.
    ReadOnly,
    /// One that is not in recovery.
    Primary,
    /// One that is in recovery.
    Standby,
    /// One that is in recovery, or, where there is none, any.
    PreferStandby,
}

/// Whether the driver may name prepared statements and use them again (`prepared_statements`).
///
/// A pooler in transaction mode hands the next statement to another server connection, on which the name is
/// unknown, or worse, known as another client's statement. PgBouncer carries named statements since 1.21, with
/// `max_prepared_statements` above 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PreparedStatements {
    /// Finds out when connecting.
    #[default]
    Auto,
    /// Yes, without asking: a direct connection, a pooler in session mode, or one that carries them.
    Yes,
    /// No: the statement cache of the driver is off.
    No,
}

impl TargetSessionAttrs {
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// Whether a server in this state is acceptable.
    pub(crate) fn accepts(self, in_recovery: bool, read_only: bool) -> bool {
        match self {
            Self::Any => true,
            Self::ReadWrite => !read_only,
            Self::ReadOnly => read_only,
            Self::Primary => !in_recovery,
            Self::Standby | Self::PreferStandby => in_recovery,
        }
    }
}

impl PreparedStatements {
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("true", Self::Yes), ("false", Self::No)];
}

macro_rules! named {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(crate::session::name_of(&Self::NAMES, self))
            }
        }

        impl FromStr for $type {
            /// Every name that would have been understood.
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                crate::session::value_named(&Self::NAMES, text)
            }
        }
    };
}
pub(crate) use named;

named!(TargetSessionAttrs);
named!(PreparedStatements);

pub(crate) fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, named)| named == value).map_or("", |(name, _)| name)
}

pub(crate) fn value_named<T: Copy>(names: &[(&'static str, T)], text: &str) -> Result<T, String> {
    names.iter().find(|(name, _)| *name == text).map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|&(name, _)| name).collect();
        format!("one of {}", names.join(", "))
    })
}
