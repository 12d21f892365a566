// SPDX-License-Identifier: Apache-2.0

//! Nodes as the upstreams of a network.

use super::{
	super::source::{Candidate, ConnectFault, LineFault, Link, Observer, Sources},
	node::Node,
};
use std::{
	sync::{Arc, atomic::Ordering::Relaxed},
	time::Duration,
};

pub struct Watcher(pub Arc<Node>);

impl Observer for Watcher {
	fn head(&self, number: u64) -> bool {
		number < self.0.implausible_from.load(Relaxed)
	}

	fn answered(&self, _: Option<&[u8]>, _: Duration) {}

	fn notified(&self, _: usize) {}

	fn failed(&self, fault: LineFault) {
		self.0.faults.lock().push(fault);
	}
}

/// Nodes of one network, the preferred one first.
pub struct Nodes(pub Vec<Arc<Node>>);

impl Sources for Nodes {
	fn candidates(&self, _: &str) -> Vec<Candidate> {
		self.0
			.iter()
			.map(|node| Candidate {
				service: node.name.as_str().into(),
				operator: node.name.as_str().into(),
				max_subscriptions: node.max_subscriptions.load(Relaxed),
			})
			.collect()
	}

	async fn connect(&self, _: &str, candidate: &Candidate) -> Result<Link, ConnectFault> {
		let node = self.0.iter().find(|node| *node.name == *candidate.service).unwrap();
		if node.down.load(Relaxed) {
			return Err(ConnectFault("down".into()));
		}
		Ok(node.connect())
	}
}
