// SPDX-License-Identifier: Apache-2.0

//! Counts of a run, and their summary as a table or as JSON.

use crate::{args::Res, drive::Fault};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Longest latency that is told apart.
const LONGEST: Duration = Duration::from_secs(120);
/// Seconds that have a histogram of their own. Those of longer runs share them equally.
const SERIES: usize = 600;
/// Percentiles of the summary.
const PERCENTILES: [(&str, f64); 5] =
	[("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

/// Histogram of times in ns.
pub fn histogram(digits: u8) -> Res<Histogram<u64>> {
	let longest = u64::try_from(LONGEST.as_nanos())?;
	Ok(Histogram::new_with_bounds(1_000, longest, digits)?)
}

/// Nanoseconds of a time, for a histogram.
pub fn nanos(time: Duration) -> u64 {
	u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Answers and failures of a part of the time.
#[derive(Clone)]
struct Part {
	answers: u64,
	faults: u64,
	latency: Histogram<u64>,
}

/// Counts of one thread.
pub struct Counts {
	answers: u64,
	bytes: u64,
	latency: Histogram<u64>,
	faults: BTreeMap<Fault, u64>,
	/// Failures before the measurement.
	early: u64,
	parts: Vec<Part>,
	/// Seconds of each part.
	seconds: usize,
}

impl Counts {
	/// Counts of a measurement that takes `time`.
	pub fn new(time: Duration) -> Res<Self> {
		let all = usize::try_from(time.as_secs())? + 1;
		let seconds = all.div_ceil(SERIES);
		let part = Part { answers: 0, faults: 0, latency: histogram(2)? };
		Ok(Self {
			answers: 0,
			bytes: 0,
			latency: histogram(3)?,
			faults: BTreeMap::new(),
			early: 0,
			parts: vec![part; all.div_ceil(seconds)],
			seconds,
		})
	}

	/// Count a right answer, in a second of the measurement.
	pub fn answer(&mut self, second: Option<usize>, latency: Duration, bytes: u64) {
		let Some(second) = second else { return };
		self.answers += 1;
		self.bytes += bytes;
		self.latency.saturating_record(nanos(latency));
		if let Some(part) = self.parts.get_mut(second / self.seconds) {
			part.answers += 1;
			part.latency.saturating_record(nanos(latency));
		}
	}

	/// Count a failure.
	pub fn fault(&mut self, second: Option<usize>, fault: &Fault) {
		let Some(second) = second else {
			self.early += 1;
			return;
		};
		*self.faults.entry(fault.clone()).or_default() += 1;
		if let Some(part) = self.parts.get_mut(second / self.seconds) {
			part.faults += 1;
		}
	}
}

/// Summary of all threads.
pub struct Report {
	counts: Counts,
	time: Duration,
	/// Requests per second of an open loop.
	pub rate_wanted: Option<f64>,
}

impl Report {
	/// Summary of a measurement that takes `time`.
	pub fn new(time: Duration) -> Res<Self> {
		Ok(Self { counts: Counts::new(time)?, time, rate_wanted: None })
	}

	/// Add the counts of a thread.
	pub fn add(&mut self, counts: Counts) -> Res<()> {
		let all = &mut self.counts;
		all.answers += counts.answers;
		all.bytes += counts.bytes;
		all.early += counts.early;
		all.latency.add(&counts.latency)?;
		for (fault, count) in counts.faults {
			*all.faults.entry(fault).or_default() += count;
		}
		for (part, other) in all.parts.iter_mut().zip(counts.parts) {
			part.answers += other.answers;
			part.faults += other.faults;
			part.latency.add(&other.latency)?;
		}
		Ok(())
	}

	/// Right answers per second.
	fn rate(&self) -> f64 {
		self.counts.answers as f64 / self.time.as_secs_f64().max(1e-9)
	}

	/// The summary as JSON. Latencies are in us.
	pub fn json(&self) -> Value {
		let counts = &self.counts;
		let faults: BTreeMap<String, u64> =
			counts.faults.iter().map(|(fault, count)| (fault.to_string(), *count)).collect();
		let series: Vec<Value> = counts
			.parts
			.iter()
			.enumerate()
			.filter(|(_, part)| part.answers + part.faults > 0)
			.map(|(n, part)| {
				json!({
					"second": n * counts.seconds,
					"answers": part.answers,
					"faults": part.faults,
					"p50": micros(&part.latency, 0.5),
					"p99": micros(&part.latency, 0.99),
				})
			})
			.collect();
		json!({
			"answers": counts.answers,
			"rate": self.rate(),
			"rateWanted": self.rate_wanted,
			"bytes": counts.bytes,
			"seconds": self.time.as_secs_f64(),
			"latency": percentiles(&counts.latency),
			"faults": faults,
			"faultsInWarmUp": counts.early,
			"series": series,
		})
	}

	/// Print the summary.
	pub fn print(&self) {
		let counts = &self.counts;
		let wanted = self.rate_wanted.map(|rate| format!(" of {rate:.0}")).unwrap_or_default();
		println!("  answers    {}", counts.answers);
		println!("  rate       {:.0}{wanted} /s", self.rate());
		println!("  bytes      {}", counts.bytes);
		print_latency(&counts.latency);
		for (fault, count) in &counts.faults {
			println!("  failed     {count} x {fault}");
		}
		if counts.early > 0 {
			println!("  failed     {} in the warm-up", counts.early);
		}
	}
}

/// Percentile in us.
fn micros(latency: &Histogram<u64>, quantile: f64) -> f64 {
	latency.value_at_quantile(quantile) as f64 / 1_000.0
}

/// Percentiles, mean and maximum in us, by name.
pub fn percentiles(latency: &Histogram<u64>) -> Value {
	let mut all: BTreeMap<&str, f64> =
		PERCENTILES.iter().map(|(name, quantile)| (*name, micros(latency, *quantile))).collect();
	all.insert("mean", latency.mean() / 1_000.0);
	all.insert("max", latency.max() as f64 / 1_000.0);
	json!(all)
}

/// Print percentiles.
pub fn print_latency(latency: &Histogram<u64>) {
	for (name, quantile) in PERCENTILES {
		println!("  {name:<9}  {:.0} us", micros(latency, quantile));
	}
	println!("  max        {:.0} us", latency.max() as f64 / 1_000.0);
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn threads_add_up() {
		let mut report = Report::new(Duration::from_secs(2)).unwrap();
		for latency in [1, 3] {
			let mut counts = Counts::new(Duration::from_secs(2)).unwrap();
			counts.answer(Some(1), Duration::from_millis(latency), 10);
			counts.answer(None, Duration::from_secs(9), 10);
			counts.fault(Some(0), &Fault::Status(503));
			counts.fault(None, &Fault::Timeout);
			report.add(counts).unwrap();
		}
		let json = report.json();
		assert_eq!((&json["answers"], &json["rate"]), (&json!(2), &json!(1.0)));
		assert_eq!(json["faults"], json!({ "status 503": 2 }));
		assert_eq!(json["faultsInWarmUp"], 2);
		assert_eq!(json["series"].as_array().unwrap().len(), 2);
		let max = json["latency"]["max"].as_f64().unwrap();
		assert!((2_990.0..3_010.0).contains(&max), "{max}");
	}

	#[test]
	fn a_long_run_has_a_bounded_series() {
		let counts = Counts::new(Duration::from_secs(36_000)).unwrap();
		assert!(counts.parts.len() <= SERIES + 1);
	}
}
