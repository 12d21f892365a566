// SPDX-License-Identifier: Apache-2.0

//! Processor time and memory of this process, and the kernel's page cache.

use std::time::{Duration, Instant};

/// Wait until this process is idle. A database processes its initial writes in the background, on a
/// processor that the measurement needs. Returns the time waited.
pub fn settle() -> Duration {
	/// Processor share below which the process counts as idle.
	const IDLE: f64 = 0.02;
	const STEP: Duration = Duration::from_secs(3);
	const MAX_WAIT: Duration = Duration::from_secs(600);
	let start = Instant::now();
	loop {
		let before = cpu_time();
		std::thread::sleep(STEP);
		let busy = cpu_time().saturating_sub(before).as_secs_f64() / STEP.as_secs_f64();
		if busy <= IDLE {
			return start.elapsed();
		}
		if start.elapsed() > MAX_WAIT {
			eprintln!("  the database still uses {:.0} % of a processor", busy * 100.0);
			return start.elapsed();
		}
	}
}

/// Processor time of this process; 0 where the system does not report it.
pub fn cpu_time() -> Duration {
	/// User and system time, after the name in brackets; in hundredths of a second on every Linux.
	const FIELDS: std::ops::Range<usize> = 11..13;
	let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
	let fields: Vec<&str> =
		stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
	let ticks =
		fields.get(FIELDS).unwrap_or_default().iter().filter_map(|field| field.parse::<u64>().ok());
	Duration::from_millis(10 * ticks.sum::<u64>())
}

/// Wait for the kernel's pending writes.
pub fn sync() -> std::io::Result<()> {
	let status = std::process::Command::new("sync").status()?;
	if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("sync: {status}"))) }
}

/// Write what is pending, and empty the kernel's page cache. False where this is not permitted.
pub fn drop_page_cache() -> bool {
	sync().and_then(|()| std::fs::write("/proc/sys/vm/drop_caches", "1")).is_ok()
}

/// Peak memory of this process in KiB; 0 where the system does not report it.
pub fn peak_memory() -> u64 {
	let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
	line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
