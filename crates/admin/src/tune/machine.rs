use std::fmt;

use serde::Serialize;

use super::Size;
use super::rules::Budget;

/// The machine that PostgreSQL has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    memory: Size,
    cores: u32,
    storage: Storage,
    connections: u32,
}

/// What the data lies on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// Solid-state drives, or the network volumes of a cloud
    #[default]
    Ssd,
    /// Turning disks
    Hdd,
}

/// Why there are no settings for a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// Too little memory, or more than PostgreSQL's settings can express.
    #[error(
        "settings are known for {} to {} of memory, not for {memory}",
        Machine::LEAST_MEMORY,
        Machine::MOST_MEMORY
    )]
    Memory {
        /// What it was said to have.
        memory: Size,
    },
    /// None, or more than PostgreSQL's settings can express.
    #[error("settings are known for 1 to {} cores, not for {cores}", Machine::MOST_CORES)]
    Cores {
        /// What it was said to have.
        cores: u32,
    },
    /// Too few for a server's own needs, or more than the memory has room for.
    #[error(
        "{memory} of memory has room for {} to {most} connections, not for {connections}",
        Machine::LEAST_CONNECTIONS
    )]
    Connections {
        /// What was asked for.
        connections: u32,
        /// The memory in which they were to fit.
        memory: Size,
        /// The most that fit.
        most: u32,
    },
}

impl Machine {
    /// The least memory that the rules know what to do with.
    pub const LEAST_MEMORY: Size = Size::from_mb(256);
    /// From here on `effective_cache_size` comes near to the end of its range.
    pub const MOST_MEMORY: Size = Size::from_gb(16 * 1024);
    /// The end of the range of `max_parallel_workers`.
    pub const MOST_CORES: u32 = 1024;
    /// Fewer leave no room beside the superuser's reserved connections, a pool, and a migration's three.
    pub const LEAST_CONNECTIONS: u32 = 10;
    /// What PostgreSQL has by itself, and the page of Authority's operators too.
    pub const DEFAULT_CONNECTIONS: u32 = 100;

    /// A machine with this much memory, so many cores, such storage, and so many connections at the most.
    ///
    /// Fails when that is outside of what the rules are made for, and when the connections do not fit into the
    /// memory.
    pub fn new(memory: Size, cores: u32, storage: Storage, connections: u32) -> Result<Self, MachineError> {
        if memory < Self::LEAST_MEMORY || memory > Self::MOST_MEMORY {
            return Err(MachineError::Memory { memory });
        }
        if cores == 0 || cores > Self::MOST_CORES {
            return Err(MachineError::Cores { cores });
        }
        let most = Budget::of(memory).most_connections();
        if connections < Self::LEAST_CONNECTIONS || connections > most {
            return Err(MachineError::Connections { connections, memory, most });
        }
        // What is below one MB has no say in any setting.
        Ok(Self { memory: Size::from_mb(memory.mb()), cores, storage, connections })
    }

    /// Its memory.
    #[must_use]
    pub fn memory(&self) -> Size {
        self.memory
    }

    /// Its processors.
    #[must_use]
    pub fn cores(&self) -> u32 {
        self.cores
    }

    /// What the data lies on.
    #[must_use]
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// The most connections at one time.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.connections
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, cores, storage, connections } = self;
        let s = if *cores == 1 { "" } else { "s" };
        write!(formatter, "{memory} of memory, {cores} core{s}, {storage}, {connections} connections")
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ssd => "ssd",
            Self::Hdd => "hdd",
        })
    }
}
