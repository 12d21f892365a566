// SPDX-License-Identifier: Apache-2.0

//! Metric on the free space of the database's disk.
//!
//! The storage monitor stops the node when the space is used up. The metric warns its operator
//! earlier.

use prometheus_endpoint::{
	MetricSource, Opts, PrometheusError, Registry, SourcedGauge, register as add,
};
use std::path::{Path, PathBuf};

/// Space that is free, asked for at each scrape.
#[derive(Clone)]
struct FreeSpace(PathBuf);

impl MetricSource for FreeSpace {
	type N = u64;

	fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
		// Without an answer of the file system there is no value, rather than a wrong one.
		if let Ok(bytes) = fs4::available_space(&self.0) {
			set(&[], bytes);
		}
	}
}

/// Register the metric.
pub fn register(database: &Path, registry: &Registry) -> Result<(), PrometheusError> {
	let opts = Opts::new(
		"surety_database_free_bytes",
		"Space that the disk of the database has for unprivileged users",
	);
	add(SourcedGauge::new(&opts, FreeSpace(database.into()))?, registry).map(drop)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn free_space_is_that_of_the_disk() {
		let shown = |path: &Path| {
			let registry = Registry::new();
			register(path, &registry).unwrap();
			let families = registry.gather();
			let metrics = families.first().map(|family| family.get_metric().to_vec());
			metrics
				.unwrap_or_default()
				.iter()
				.map(|m| m.get_gauge().get_value())
				.collect::<Vec<_>>()
		};
		let folder = tempfile::tempdir().unwrap();
		assert!(matches!(shown(folder.path())[..], [bytes] if bytes > 0.0));
		assert_eq!(shown(&folder.path().join("missing")), [0.0; 0]);
	}
}
