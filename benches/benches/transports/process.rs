//! What the kernel says of this process.

use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks of `/proc` per second, which Linux never changes for programs.
const TICKS_PER_S: u64 = 100;

/// Time that this process spent, in programs and in the kernel.
pub fn cpu_time() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name before it may hold anything.
    let (_, fields) = stat.rsplit_once(") ").context("fields of /proc/self/stat")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|n| n.parse().unwrap_or(0)).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_S))
}

/// Bytes of this process in memory.
pub fn memory_bytes() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1_024)
}
