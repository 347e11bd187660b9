//! Processor time, as Linux counts it in `/proc/<pid>/stat` (proc(5)); nothing elsewhere.

use std::fs::read_to_string;
use std::time::Duration;

/// What one tick of those files is: `sysconf(_SC_CLK_TCK)`, which is 100 on every platform that Rust has.
const TICK: Duration = Duration::from_millis(10);

/// The processor time of this process.
pub(crate) fn of_this_process() -> Option<Duration> {
    let stat = Stat::read("self")?;
    Some(TICK * stat.own)
}

/// The processor time of the programs that this process has run to their end.
pub(crate) fn of_ended_children() -> Option<Duration> {
    Some(TICK * Stat::read("self")?.children)
}

/// The processor time of a server: of its first process, of those that it has started and of those that ended.
pub(crate) fn of_server(postmaster: u32) -> Option<Duration> {
    let first = Stat::read(&postmaster.to_string())?;
    let mut ticks = first.own + first.children;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().filter(|name| name.bytes().all(|c| c.is_ascii_digit())) else {
            continue;
        };
        if let Some(stat) = Stat::read(pid).filter(|stat| stat.parent == postmaster) {
            ticks += stat.own;
        }
    }
    Some(TICK * ticks)
}

struct Stat {
    parent: u32,
    own: u32,
    children: u32,
}

impl Stat {
    fn read(pid: &str) -> Option<Self> {
        let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program stands in parentheses and may hold anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        Some(Self { parent: number(4)?, own: number(14)? + number(15)?, children: number(16)? + number(17)? })
    }
}
