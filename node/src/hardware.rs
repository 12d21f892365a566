//! The hardware check at the start of a node.

use sc_service::{Configuration, TaskManager};
use sc_sysinfo::{HwBench, Metric, Requirement, Requirements, Throughput, gather_hwbench};
use sc_telemetry::TelemetryHandle;
use std::path::Path;

/// Cores that a validator must have free: import, the off-chain worker, and TLS handshakes run at the same time.
const CORES: usize = 4;

/// Throughput that a validator must have: that of the SDK's reference hardware, but for the number of cores.
fn requirements() -> Requirements {
	let minimum = |metric, mibs| Requirement {
		metric,
		minimum: Throughput::from_mibs(mibs),
		validator_only: false,
	};
	Requirements(vec![
		minimum(Metric::Blake2256, 1_000.0),
		minimum(Metric::Blake2256Parallel { num_cores: CORES }, 1_000.0),
		minimum(Metric::MemCopy, 11_768.0),
		minimum(Metric::DiskSeqWrite, 950.0),
		minimum(Metric::DiskRndWrite, 420.0),
	])
}

/// Measure this machine, for some 3 s, with the disk that has the database at `database`.
pub fn measure(database: Option<&Path>) -> HwBench {
	// It need not be there yet; a disk that cannot be written to is left out with a warning.
	let scratch = database.filter(|path| std::fs::create_dir_all(path).is_ok());
	gather_hwbench(scratch, &requirements())
}

/// Log what was measured, warn a validator that is too slow, and tell telemetry.
pub fn report(
	measured: HwBench,
	config: &Configuration,
	task_manager: &TaskManager,
	telemetry: Option<TelemetryHandle>,
) {
	sc_sysinfo::print_hwbench(&measured);
	if config.role.is_authority()
		&& let Err(failures) = requirements().check_hardware(&measured, true)
	{
		log::warn!("This machine is slower than a validator should be. {failures}");
	}
	if let Some(telemetry) = telemetry {
		let work = sc_sysinfo::initialize_hwbench_telemetry(telemetry, measured);
		task_manager.spawn_handle().spawn("telemetry-hardware", None, work);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn scores(factor: f64) -> HwBench {
		let score = |mibs: f64| Throughput::from_mibs(mibs * factor);
		HwBench {
			cpu_hashrate_score: score(1_000.0),
			parallel_cpu_hashrate_score: score(1_000.0),
			parallel_cpu_cores: CORES,
			memory_memcpy_score: score(11_768.0),
			disk_sequential_write_score: Some(score(950.0)),
			disk_random_write_score: Some(score(420.0)),
		}
	}

	#[test]
	fn a_slow_machine_fails_every_requirement() {
		assert!(requirements().check_hardware(&scores(1.1), true).is_ok());
		let failures = requirements().check_hardware(&scores(0.9), true).unwrap_err();
		assert_eq!(failures.0.len(), requirements().0.len());
	}
}
