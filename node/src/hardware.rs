// SPDX-License-Identifier: Apache-2.0

//! Hardware check at the start of a node.

use sc_service::{Configuration, TaskManager};
use sc_sysinfo::{HwBench, Metric, Requirement, Requirements, Throughput, gather_hwbench};
use sc_telemetry::TelemetryHandle;
use std::path::Path;

/// Cores required of a validator: block import, the off-chain worker, and TLS handshakes run
/// concurrently.
const CORES: usize = 4;

/// Throughput required of a validator. It is that of the SDK's reference hardware, except for the
/// number of cores.
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

/// Measure this machine and the disk of the database. Takes about 3 s.
pub fn measure(database: Option<&Path>) -> HwBench {
	// The folder may not exist yet. A read-only disk is skipped with a warning.
	let scratch = database.filter(|path| std::fs::create_dir_all(path).is_ok());
	gather_hwbench(scratch, &requirements())
}

/// Log the measurement, warn a validator that is too slow, and report to telemetry.
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
		log::warn!("This machine is slower than required of a validator. {failures}");
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
