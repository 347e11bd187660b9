//! What the machine that runs this program has, as Linux tells it.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use super::Size;

/// The memory that this process may use: that of the machine, or less where a control group limits it, as in a
/// container. Nothing on a system without `/proc/meminfo`.
pub(super) fn memory() -> Option<Size> {
    memory_below(Path::new("/"))
}

/// The processors that this process may use, after its affinity and the quota of its control group.
pub(super) fn cores() -> u32 {
    available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok()).unwrap_or(1)
}

fn memory_below(root: &Path) -> Option<Size> {
    let total = installed(&read_to_string(root.join("proc/meminfo")).ok()?)?;
    let groups = read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(|line| limit_files(root, line)).filter_map(|file| limit(&file));
    Some(limits.chain([total]).min().unwrap_or(total))
}

/// `MemTotal` of `/proc/meminfo` (proc(5)).
fn installed(meminfo: &str) -> Option<Size> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok().map(Size::from_kb)
}

/// The files with the limits of a control group and of every group around it; cgroups(7) has the format of the
/// line. A container sees its own group under the path of the machine or at the root, so all levels are looked at.
fn limit_files(root: &Path, line: &str) -> Vec<PathBuf> {
    let mut parts = line.splitn(3, ':');
    let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    let (base, file) = match controllers {
        "" => ("sys/fs/cgroup", "memory.max"),
        _ if controllers.split(',').any(|name| name == "memory") => {
            ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    let base = root.join(base);
    let relative = Path::new(path.trim_start_matches('/'));
    relative.ancestors().map(|group| base.join(group).join(file)).collect()
}

/// Nothing where there is no limit: version 2 says `max`, version 1 a number that no machine has.
fn limit(file: &Path) -> Option<Size> {
    read_to_string(file).ok()?.trim().parse().ok().map(Size::from_bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Size, memory_below};

    const MEMINFO: &str = "MemTotal:        8000000 kB\nMemFree:         1000000 kB\n";

    fn machine(files: &[(&str, &str)]) -> Option<Size> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        memory_below(root.path())
    }

    #[test]
    fn without_a_limit_all_memory_counts() {
        let all = Some(Size::from_kb(8_000_000));
        assert_eq!(machine(&[("proc/meminfo", MEMINFO)]), all);
        assert_eq!(
            machine(&[
                ("proc/meminfo", MEMINFO),
                ("proc/self/cgroup", "0::/system.slice/postgresql.service\n"),
                ("sys/fs/cgroup/system.slice/postgresql.service/memory.max", "max\n"),
            ]),
            all
        );
        assert_eq!(
            machine(&[
                ("proc/meminfo", MEMINFO),
                ("proc/self/cgroup", "4:memory:/\n"),
                ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ]),
            all
        );
    }

    #[test]
    fn the_narrowest_limit_of_the_groups_around_counts() {
        let limited = machine(&[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "2147483648\n"),
            ("sys/fs/cgroup/a/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
        ]);
        assert_eq!(limited, Some(Size::from_gb(1)));
    }

    #[test]
    fn a_container_whose_group_is_seen_at_the_root_is_limited() {
        let limited = machine(&[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"),
        ]);
        assert_eq!(limited, Some(Size::from_mb(512)));
    }

    #[test]
    fn a_system_that_does_not_tell_has_no_known_memory() {
        assert_eq!(machine(&[]), None);
        assert_eq!(machine(&[("proc/meminfo", "MemTotal: plenty\n")]), None);
        assert_eq!(memory_below(Path::new("/nonexistent")), None);
    }
}
