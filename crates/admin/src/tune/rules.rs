//! What each setting should be, and why.
//!
//! The anchors are the numbers of the operator's page for 1 GB of memory and 100 connections. Each rule gives that
//! number there, follows the PostgreSQL manual where the manual has a rule, and never promises more memory than the
//! machine has.

use super::{Machine, Setting, Size, Storage, Value};

const MEMORY: &str = "Memory";
const CONNECTIONS: &str = "Connections";
const WAL: &str = "Write-ahead log";
const STORAGE: &str = "Storage";
const PROCESSORS: &str = "Processors";
const VACUUM: &str = "Vacuum";

const RESOURCES: &str = "Resource Consumption";
const PLANNING: &str = "Query Planning";
const AUTOVACUUM: &str = "Automatic Vacuuming";

/// How the memory is divided, in kB, so that every share of a whole number of MB is exact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    memory: u64,
    shared_buffers: u64,
    wal_buffers: u64,
    maintenance_work_mem: u64,
}

impl Budget {
    /// Workers of autovacuum, each of which may use `maintenance_work_mem`: PostgreSQL's default.
    pub(super) const AUTOVACUUM_WORKERS: u64 = 3;
    /// The memory of a server process that waits for its client, beside what all share: measured, 1 to 2 MB.
    pub(super) const PER_CONNECTION: u64 = 1536;
    /// One of so many connections sorts or hashes at the same time. Authority reads single rows by their keys.
    pub(super) const ONE_SORTS_OF: u64 = 4;
    const LEAST_WORK_MEM: u64 = 1024;
    const MOST_WORK_MEM: u64 = 64 * 1024;

    pub(super) fn of(memory: Size) -> Self {
        let memory = memory.mb() * 1024;
        let shared_buffers = memory / 4;
        Self {
            memory,
            shared_buffers,
            wal_buffers: (shared_buffers / 16).min(16 * 1024),
            maintenance_work_mem: (memory / 16).clamp(16 * 1024, 1024 * 1024),
        }
    }

    /// What is left for connections.
    fn left(self) -> u64 {
        self.memory
            - self.shared_buffers
            - self.wal_buffers
            - Self::AUTOVACUUM_WORKERS * self.maintenance_work_mem
    }

    /// So many connections have room, each as a process, and one of four with the least `work_mem`.
    pub(super) fn most_connections(self) -> u32 {
        let four = Self::ONE_SORTS_OF * Self::PER_CONNECTION + Self::LEAST_WORK_MEM;
        // PostgreSQL's own limit is 262143.
        u32::try_from(self.left() / four * Self::ONE_SORTS_OF).unwrap_or(u32::MAX).min(100_000)
    }

    /// A power of two, so that a machine with a little less memory than its label says has a round number too.
    fn work_mem(self, connections: u32) -> u64 {
        let connections = u64::from(connections);
        let sorting = connections.div_ceil(Self::ONE_SORTS_OF);
        let each = self.left().saturating_sub(connections * Self::PER_CONNECTION) / sorting;
        let power_of_two = each.max(1).ilog2();
        (1 << power_of_two).clamp(Self::LEAST_WORK_MEM, Self::MOST_WORK_MEM)
    }
}

/// The settings for a machine, in the order in which a configuration file has them.
#[must_use]
pub fn recommend(machine: &Machine) -> Vec<Setting> {
    [memory(machine), wal(machine), storage(machine), processors(machine), vacuum(machine)].concat()
}

fn memory(machine: &Machine) -> Vec<Setting> {
    let budget = Budget::of(machine.memory());
    let connections = machine.connections();
    let work_mem = Size::from_kb(budget.work_mem(connections));
    vec![
        restart(
            MEMORY,
            "shared_buffers",
            megabytes(budget.shared_buffers),
            RESOURCES,
            "A quarter of the memory, where the manual says to start.",
        ),
        live(
            MEMORY,
            "effective_cache_size",
            megabytes(budget.memory / 4 * 3),
            PLANNING,
            "Three quarters of the memory: these buffers and the files that the kernel caches. An estimate for the planner, which reserves nothing.",
        ),
        live(
            MEMORY,
            "work_mem",
            Value::Size(work_mem),
            RESOURCES,
            &format!(
                "What is left when one of {} connections sorts at the same time, as a power of two; at most {}, because Authority reads single rows.",
                Budget::ONE_SORTS_OF,
                Size::from_kb(Budget::MOST_WORK_MEM)
            ),
        ),
        live(
            MEMORY,
            "maintenance_work_mem",
            megabytes(budget.maintenance_work_mem),
            RESOURCES,
            "A sixteenth of the memory for building an index, and for each of three workers of autovacuum; more than 1GB did not help vacuum before PostgreSQL 17.",
        ),
        restart(
            CONNECTIONS,
            "max_connections",
            Value::Count(connections),
            "Connections and Authentication",
            "Each costs a process. More clients than this belong behind PgBouncer.",
        ),
    ]
}

fn wal(machine: &Machine) -> Vec<Setting> {
    let budget = Budget::of(machine.memory());
    let max_wal_size = (budget.memory / 1024).next_power_of_two().clamp(1024, 16 * 1024);
    vec![
        restart(
            WAL,
            "wal_buffers",
            megabytes(budget.wal_buffers),
            "Write Ahead Log",
            "Twice what PostgreSQL takes by itself, up to one segment of 16MB: many short transactions commit at once.",
        ),
        live(
            WAL,
            "checkpoint_completion_target",
            Value::Thousandths(900),
            "Write Ahead Log",
            "Spreads the writes of a checkpoint over the time until the next; the default since PostgreSQL 14.",
        ),
        live(
            WAL,
            "max_wal_size",
            Value::Size(Size::from_mb(max_wal_size)),
            "Write Ahead Log",
            "As much as the memory, 1GB to 16GB, so that time and not volume starts a checkpoint; the disk needs this much beside the data.",
        ),
    ]
}

fn storage(machine: &Machine) -> Vec<Setting> {
    let (cost, concurrency, cost_reason, concurrency_reason) = match machine.storage() {
        Storage::Ssd => (
            1100,
            200,
            "On a solid-state drive a random page costs hardly more than the next one; the manual's own example.",
            "A solid-state drive answers hundreds of requests at a time.",
        ),
        Storage::Hdd => (
            4000,
            2,
            "On a turning disk a random page costs a seek; the default.",
            "The number of drives that work side by side; two is a mirror.",
        ),
    };
    vec![
        live(STORAGE, "random_page_cost", Value::Thousandths(cost), PLANNING, cost_reason),
        live(STORAGE, "effective_io_concurrency", Value::Count(concurrency), RESOURCES, concurrency_reason),
    ]
}

fn processors(machine: &Machine) -> Vec<Setting> {
    let cores = machine.cores();
    vec![
        restart(
            PROCESSORS,
            "max_worker_processes",
            Value::Count(cores.max(8)),
            RESOURCES,
            "As many as there are cores, and not fewer than the default.",
        ),
        live(
            PROCESSORS,
            "max_parallel_workers",
            Value::Count(cores),
            RESOURCES,
            "No more than can run at once.",
        ),
        live(
            PROCESSORS,
            "max_parallel_workers_per_gather",
            Value::Count((cores / 4).min(2)),
            RESOURCES,
            "A quarter of the cores, at most the default of 2: reports must not take the processors from requests, and each worker takes a work_mem of its own.",
        ),
        live(
            PROCESSORS,
            "jit",
            Value::Switch(false),
            PLANNING,
            "Compiling pays for long queries; Authority's end before it would be done.",
        ),
    ]
}

fn vacuum(machine: &Machine) -> Vec<Setting> {
    let (limit, reason) = match machine.storage() {
        Storage::Ssd => {
            (1000, "A solid-state drive bears five times the default, and vacuum keeps up with the churn.")
        }
        Storage::Hdd => (200, "A turning disk has no more to give than the default."),
    };
    vec![
        live(
            VACUUM,
            "autovacuum_naptime",
            Value::Seconds(15),
            AUTOVACUUM,
            "Sessions and tokens change all the time: looks four times as often as the default.",
        ),
        live(
            VACUUM,
            "autovacuum_vacuum_scale_factor",
            Value::Thousandths(50),
            AUTOVACUUM,
            "Cleans after a twentieth of a table has changed, not a fifth: sessions, refresh tokens and device codes are updated in place and stay small.",
        ),
        live(
            VACUUM,
            "autovacuum_vacuum_insert_scale_factor",
            Value::Thousandths(50),
            AUTOVACUUM,
            "Access tokens and audit logs only grow: their newest pages become visible to index-only scans sooner.",
        ),
        live(
            VACUUM,
            "autovacuum_analyze_scale_factor",
            Value::Thousandths(20),
            AUTOVACUUM,
            "A new partition each day starts without statistics: has them after a fiftieth of its rows has changed.",
        ),
        live(VACUUM, "autovacuum_vacuum_cost_limit", Value::Count(limit), AUTOVACUUM, reason),
    ]
}

/// Whole MB, because people read them.
fn megabytes(kb: u64) -> Value {
    Value::Size(Size::from_mb(kb / 1024))
}

fn live(
    group: &'static str,
    name: &'static str,
    value: Value,
    manual: &'static str,
    reason: &str,
) -> Setting {
    Setting { name, value, group, reason: reason.to_owned(), manual, needs_restart: false }
}

fn restart(
    group: &'static str,
    name: &'static str,
    value: Value,
    manual: &'static str,
    reason: &str,
) -> Setting {
    Setting { needs_restart: true, ..live(group, name, value, manual, reason) }
}

#[cfg(test)]
mod tests;
