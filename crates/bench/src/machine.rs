//! What the machine is, for whoever reads the numbers later.

use std::fs::read_to_string;
use std::thread::available_parallelism;

/// Processors, their model, and memory.
pub(crate) fn describe() -> String {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let line = |file: &str, name: &str| {
        let text = read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = line("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = memory().map_or_else(String::new, |octets| format!(", {} GB of memory", octets >> 30));
    format!("{cores} processors ({model}){memory}, {}", std::env::consts::OS)
}

/// Octets of memory.
pub(crate) fn memory() -> Option<u64> {
    let text = read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
