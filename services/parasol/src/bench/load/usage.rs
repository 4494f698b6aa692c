//! What processes of this machine have used: time on the cores, and memory.
//!
//! Owns reading `/proc`. Where the kernel tells nothing, as of a server elsewhere, nothing is counted and the part is
//! left out of the figures.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Ticks of a second in which Linux tells every program the time of a process.
const TICKS: u64 = 100;
/// Memory of the same pages is told to each of several processes; here it is shared out among them.
const SHARED_OUT: &str = "Pss:";

/// What a process has used so far, and holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Time on the cores.
    pub cpu: Duration,
    /// Memory, MiB, of shared pages its part.
    pub memory_mib: f64,
}

/// What a process has used; none where there is no such process, or it is another's.
pub fn of(process: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    Some(Usage { cpu: cpu_of(&stat)?, memory_mib: memory_of(&rollup) })
}

/// The time on the cores that a line of `stat` tells.
fn cpu_of(stat: &str) -> Option<Duration> {
    // The name in parentheses may itself hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (ticks()?, ticks()?);
    Some(Duration::from_millis((user + system) * 1_000 / TICKS))
}

fn memory_of(rollup: &str) -> f64 {
    let line = rollup.lines().find_map(|line| line.strip_prefix(SHARED_OUT));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}

/// How long all cores together were at work since the machine started.
pub fn of_all() -> Duration {
    busy_of(&fs::read_to_string("/proc/stat").unwrap_or_default()).unwrap_or_default()
}

/// The time that the first line of the machine's `stat` tells: all but idle and waiting for disks.
fn busy_of(stat: &str) -> Option<Duration> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> =
        line.split_whitespace().take(8).map_while(|one| one.parse().ok()).collect();
    let busy: u64 =
        ticks.iter().enumerate().filter(|(nth, _)| !matches!(nth, 3 | 4)).map(|(_, one)| one).sum();
    (ticks.len() == 8).then(|| Duration::from_millis(busy * 1_000 / TICKS))
}

/// The processes of Redis that listen on this port of this machine: they say so in their names.
pub fn redis(port: u16) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_it = |process: &u32| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.split(' ').next().is_some_and(|program| program.contains("redis-server"))
            && line.contains(&format!(":{port}"))
    };
    processes.filter(is_it).collect()
}

/// The parts of what is measured, each with its processes.
pub type Parts = BTreeMap<String, Vec<u32>>;

/// What every part has used at one moment.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    parts: BTreeMap<String, Usage>,
    all: Duration,
}

impl Reading {
    /// Reads.
    pub fn of(parts: &Parts) -> Self {
        let sum = |processes: &Vec<u32>| {
            let mut sum = Usage::default();
            for one in processes.iter().filter_map(|process| of(*process)) {
                sum = Usage { cpu: sum.cpu + one.cpu, memory_mib: sum.memory_mib + one.memory_mib };
            }
            sum
        };
        let parts = parts.iter().map(|(name, processes)| (name.clone(), sum(processes)));
        Self { parts: parts.collect(), all: of_all() }
    }

    /// The time on the cores of each part since an earlier reading.
    pub fn cpu_since(&self, earlier: &Self) -> BTreeMap<String, Duration> {
        let since = |(name, now): (&String, &Usage)| {
            let before = earlier.parts.get(name).map_or(Duration::ZERO, |before| before.cpu);
            (name.clone(), now.cpu.saturating_sub(before))
        };
        self.parts.iter().map(since).collect()
    }

    /// The time on the cores of everybody else of this machine since then.
    pub fn others_since(&self, earlier: &Self) -> Duration {
        let own: Duration = self.cpu_since(earlier).values().sum();
        self.all.saturating_sub(earlier.all).saturating_sub(own)
    }

    /// Memory of each part now, MiB.
    pub fn memory_mib(&self) -> BTreeMap<String, f64> {
        self.parts.iter().map(|(name, usage)| (name.clone(), usage.memory_mib)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_its_time_whatever_it_is_called() {
        let stat = "17 (a (b) c) S 1 17 17 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 9 0 1 1 1";
        assert_eq!(cpu_of(stat), Some(Duration::from_secs(2)));
        assert_eq!(cpu_of("17 (a) S 1"), None);
    }

    #[test]
    fn the_machine_is_busy_where_it_neither_idles_nor_waits() {
        let stat = "cpu  100 0 50 9000 9000 0 30 20 0 0\ncpu0 1 2 3 4 5 6 7 8\n";
        assert_eq!(busy_of(stat), Some(Duration::from_secs(2)));
        assert_eq!(busy_of("intr 5"), None);
    }

    #[test]
    fn memory_is_that_part_of_shared_pages_that_is_ones_own() {
        assert!((memory_of("Rss:  4096 kB\nPss:  2048 kB\n") - 2.0).abs() < 1e-9);
        assert!(memory_of("").abs() < 1e-9);
    }

    #[test]
    fn this_process_uses_something_and_one_that_is_gone_nothing() {
        let own = of(std::process::id()).unwrap();
        assert!(own.memory_mib > 0.0);
        assert_eq!(of(u32::MAX), None);
        let parts = Parts::from([("own".to_owned(), vec![std::process::id(), u32::MAX])]);
        let (before, after) = (Reading::of(&parts), Reading::of(&parts));
        assert!(after.cpu_since(&before)["own"] < Duration::from_secs(60));
        assert!(after.memory_mib()["own"] > 0.0);
    }
}
