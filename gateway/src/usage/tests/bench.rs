// SPDX-License-Identifier: Apache-2.0

//! Costs, as a table. Run with optimisation:
//! `cargo test --release -p surety-gateway usage::tests::bench -- --ignored --nocapture`

use super::kit::*;
use crate::usage::{Meter, key::verify, wire};
use std::{
	hint::black_box,
	sync::{Arc, Barrier},
	time::{Duration, Instant},
};
use surety_primitives::{LatencyBucket, usage::Side};

/// Mean nanoseconds of a run.
fn nanos(runs: u32, mut run: impl FnMut(u32)) -> f64 {
	let start = Instant::now();
	(0..runs).for_each(&mut run);
	start.elapsed().as_nanos() as f64 / f64::from(runs)
}

/// Mean nanoseconds of a run in each of several threads at once.
fn nanos_in_threads(threads: usize, runs: u32) -> f64 {
	let meter = Arc::new(Meter::new(LatencyBucket::MAX));
	let barrier = Arc::new(Barrier::new(threads));
	let running: Vec<_> = (0..threads)
		.map(|_| {
			let (meter, barrier) = (meter.clone(), barrier.clone());
			std::thread::spawn(move || {
				barrier.wait();
				nanos(runs, |n| {
					meter.answered(
						black_box(118),
						Duration::from_micros(black_box(n & 4_095).into()),
					)
				})
			})
		})
		.collect();
	let total: f64 = running.into_iter().map(|thread| thread.join().unwrap()).sum();
	total / threads as f64
}

#[test]
#[ignore = "prints a table, proves nothing"]
fn cost_of_counting_and_signing() {
	let row = |name: &str, value: f64, unit: &str| println!("{name:<48} {value:>12.1} {unit}");
	for threads in [1, 2, 4] {
		let cost = nanos_in_threads(threads, 10_000_000);
		row(&format!("count a request, {threads} threads"), cost, "ns");
	}
	let meter = Meter::new(LatencyBucket::MAX);
	row("read a meter", nanos(100_000, |_| _ = black_box(meter.read())), "ns");
	for (name, key) in [("sr25519", sr25519_key("bench")), ("ed25519", key("bench"))] {
		let one = statement(Side::Tenant, 0, 1, 1);
		let signed = key.sign(one.clone());
		row(
			&format!("sign, {name}"),
			nanos(2_000, |_| _ = black_box(key.sign(one.clone()))) / 1e3,
			"us",
		);
		row(&format!("verify, {name}"), nanos(2_000, |_| _ = verify(&signed)) / 1e3, "us");
	}
	let (gateway, edge) = pair(0);
	let cost = nanos(2_000, |n| {
		let signed = gateway.key.sign(statement(Side::Tenant, 0, n + 1, n.into()));
		edge.offer(signed, &at(1));
	});
	row("sign, send and take a statement, ed25519", cost / 1e3, "us");
	row("statements per second", 1e9 / cost, "");
	let directory = tempfile::tempdir().unwrap();
	let (ledger, _) = open_files(&gateway, directory.path(), &at(0));
	let meters: Vec<_> = (100..1_100)
		.map(|deal| {
			gateway.rights.grant_for(deal, Side::Tenant, &gateway.key);
			ledger.open_agreement(deal, LatencyBucket::MAX, &at(0)).unwrap()
		})
		.collect();
	let tick = |n: u32| {
		meters.iter().for_each(|meter| meter.answered(1, Duration::ZERO));
		assert!(ledger.tick(&at(10 + 10 * u64::from(n))) >= 1_000);
	};
	row("sign 1,000 agreements and write the store", nanos(20, tick) / 1e6, "ms");
	row(
		"look at 1,000 agreements, nothing due",
		nanos(20, |_| _ = ledger.tick(&at(201))) / 1e6,
		"ms",
	);
	let length = std::fs::metadata(directory.path().join("usage.bin")).unwrap().len();
	row("store of 1,000 agreements", length as f64 / 1e3, "kB");
	let one = crate::usage::Offer {
		statement: gateway.key.sign(statement(Side::Tenant, 0, 1, 1)),
		copy: None,
	};
	row("message of one statement", wire::encode(&[one]).len() as f64, "bytes");
}
