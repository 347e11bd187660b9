use std::fmt;
use std::time::Duration;

/// Receives what happens during a run, for a person to read.
pub type Observer = dyn Fn(Event<'_>) + Send + Sync;

/// Something that happened during a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another runner works; said once, and again when the holder changes.
    WaitingForRunner(&'a Holder),
    /// A migration was applied.
    Applied {
        /// Its name.
        name: &'a str,
        /// How long it took, retries included.
        elapsed: Duration,
    },
    /// A migration was taken back.
    TakenBack {
        /// Its name.
        name: &'a str,
        /// How long it took, retries included.
        elapsed: Duration,
    },
    /// Everything was dropped and made again in one transaction.
    Recreated {
        /// How many migrations that transaction holds.
        migrations: usize,
        /// How long it took.
        elapsed: Duration,
    },
    /// A step gave way to other sessions and will be tried again.
    Retrying {
        /// What is tried again.
        name: &'a str,
        /// How often it was tried already.
        attempt: u32,
        /// Who holds locks on the tables of the schema, as far as it can be seen.
        blockers: &'a [Blocker],
    },
    /// An index that an earlier, failed run left invalid was dropped.
    LeftoverDropped {
        /// The name of the index.
        index: &'a str,
    },
    /// The serving role was given what it lacked, or lost what it should not have.
    Granted {
        /// The role.
        role: &'a str,
        /// The tables on which its privileges changed; 0 when it was only about tables to come.
        tables: usize,
    },
}

/// The session that holds a lock of which there is one: that of a run, or that of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its server process.
    pub pid: i32,
    /// What it calls itself; empty where that is hidden from this role.
    pub application_name: String,
    /// The role that it works as; empty where that is hidden.
    pub role: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.application_name.is_empty() {
            f.write_str("another session")?;
        } else {
            write!(f, "\"{}\"", self.application_name)?;
        }
        let role = if self.role.is_empty() { "unknown" } else { &self.role };
        write!(f, " (role {role}, server process {})", self.pid)
    }
}

/// A session that holds a lock on a table of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// Its server process.
    pub pid: i32,
    /// What it calls itself; may be empty.
    pub application_name: String,
    /// A table that it holds a lock on.
    pub table: String,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.application_name.is_empty() { "a session" } else { &self.application_name };
        write!(f, "{name} (server process {}) on {}", self.pid, self.table)
    }
}
