// SPDX-License-Identifier: Apache-2.0

//! Engine, capacity, and why no bid would be made.

use super::{Findings, Level};
use crate::{
	bidder::{BidView, Images, Step, decide, to_declare},
	chain::{BondRules, Snapshot},
	config::{ProviderConfig, engine_sockets},
	time::now_ms,
};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use surety_engine::Engine;

/// Longest time for an answer of the engine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Orders that are shown, and images that are asked for.
const MAX_ORDERS: usize = 10;

pub(super) async fn examine<E: Engine>(
	config: &ProviderConfig,
	engine: Result<Arc<E>, String>,
	snapshot: Option<&Snapshot>,
	bond: Result<&BondRules, &str>,
	own_key: bool,
	findings: &mut Findings,
) {
	// An operator of models or of a VPN needs no engine.
	let level = match snapshot {
		Some(snapshot) if snapshot.services.is_empty() => Level::Warning,
		_ => Level::Failure,
	};
	let engine = match engine {
		Ok(engine) => engine,
		Err(error) => return findings.add("engine", level, format!("{error}.")),
	};
	let machine = match tokio::time::timeout(TIMEOUT, engine.capacity()).await {
		Ok(Ok(machine)) => machine,
		Ok(Err(error)) => {
			let text = format!("{error}: {}", hint(&config.engine.socket));
			return findings.add("engine", level, text);
		},
		Err(_) => return findings.add("engine", level, "0 answers in 30 s: restart the engine."),
	};
	findings.ok("engine", format!("{} answers.", machine.engine));
	if machine.total.bandwidth_mbps == 0 {
		findings.warn(
			"capacity",
			"0 Mbit/s are declared, since the speed of the link is not known: set \
			 capacity.bandwidth-mbit.",
		);
	}
	for limit in &machine.unenforced {
		findings.warn("limits", format!("not enforced on this machine: {limit}."));
	}
	let containers = tokio::time::timeout(TIMEOUT, engine.observe()).await;
	match containers {
		Ok(Ok(containers)) => {
			findings.ok("engine", format!("{} containers of leases are here.", containers.len()));
		},
		_ => {
			findings.fail("engine", "the containers cannot be listed: all leases count as failed.")
		},
	}
	let Some(snapshot) = snapshot else { return };
	let settings = match config.bidder(own_key) {
		Ok(settings) => settings,
		Err(error) => {
			findings.fail("bids", format!("{error}."));
			return;
		},
	};
	if let Some(rules) = &settings.capacity {
		for (id, service) in &snapshot.services {
			match to_declare(rules, &machine, service) {
				Some(total) => findings.warn(
					"capacity",
					format!(
						"service {id} declares {} mCPU and {} MiB, and will declare {} and {}.",
						service.total().cpu_milli,
						service.total().memory_mib,
						total.cpu_milli,
						total.memory_mib
					),
				),
				None => findings.ok(
					"capacity",
					format!(
						"service {id} declares {} mCPU of {}, {} are free.",
						service.total().cpu_milli,
						machine.total.cpu_milli,
						service.free().cpu_milli
					),
				),
			}
		}
	}
	match &settings.rules {
		None => findings.warn("bids", "0 bids will be made: bid.enabled is false."),
		Some(rules) => {
			let view = BidView {
				snapshot,
				rules,
				bond,
				images: &BTreeMap::new(),
				machine: Ok(&machine),
				refusals: &BTreeMap::new(),
				own_key,
				now_ms: now_ms(),
			};
			bids(&*engine, view, findings).await;
		},
	}
}

/// Next step after an engine that cannot be asked at a socket.
fn hint(socket: &Path) -> String {
	let others: Vec<_> = engine_sockets().into_iter().filter(|one| one != socket).collect();
	match others.first() {
		Some(other) if !socket.exists() => {
			format!("{} is here, name it as engine.socket.", other.display())
		},
		_ => "is it running, and may this user ask it?".into(),
	}
}

async fn bids<E: Engine>(engine: &E, view: BidView<'_>, findings: &mut Findings) {
	let mut images = Images::default();
	let mut decisions = Vec::new();
	// The first pass finds the images, the second one decides.
	for _ in 0..2 {
		let known = images.states(now_ms());
		decisions = decide(&BidView { images: &known, ..view });
		for decision in decisions.iter().take(MAX_ORDERS) {
			if let Step::Inspect { image } = &decision.step {
				let answer = tokio::time::timeout(TIMEOUT, engine.inspect_image(image, None)).await;
				if let Ok(answer) = answer {
					images.learn(image, answer, now_ms());
				}
			}
		}
	}
	if decisions.is_empty() {
		findings.ok("bids", "0 orders take bids now.");
	}
	for decision in decisions.iter().take(MAX_ORDERS) {
		let why = &decision.why;
		match decision.step {
			Step::Refuse | Step::Inspect { .. } => {
				findings.warn("bids", format!("order {}: no bid, {why}.", decision.order));
			},
			_ => findings.ok("bids", format!("order {}: {why}.", decision.order)),
		}
	}
}
