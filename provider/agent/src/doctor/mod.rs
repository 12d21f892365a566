// SPDX-License-Identifier: Apache-2.0

//! Examination of the whole set-up, one sentence per check.
//!
//! | file | part |
//! |---|---|
//! | `account.rs` | operator, bond, rights and balance of the key |
//! | `probe.rs` | endpoint, proof of control and leases, judged as validators judge them |
//! | `models.rs` | services of models |
//! | `vpn.rs` | exit of a VPN, its listing, and a trial |
//! | `machine.rs` | engine, capacity, and why no bid would be made |

mod account;
mod machine;
mod models;
mod probe;
mod vpn;

use crate::{
	chain::{BondRules, Snapshot, read_snapshot},
	config::ProviderConfig,
	time::now_ms,
};
use serde::Serialize;
use serde_json::json;
use std::{
	collections::BTreeSet,
	fmt,
	sync::Arc,
	time::{Duration, Instant},
};
use surety_engine::Engine;
use surety_gateway::chain::{KeySigner, Nodes, Transactions};

/// Storage key of `Timestamp.Now`.
const TIMESTAMP: &str = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";
/// Longest time for the snapshot.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Result of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
	/// In order.
	Ok,
	/// Works, and could be better.
	Warning,
	/// Nothing is sold, or money is lost.
	Failure,
}

/// A check and its result.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
	/// Subject.
	pub check: String,
	/// Result.
	pub level: Level,
	/// One sentence, with what to do if there is something.
	pub text: String,
}

impl fmt::Display for Finding {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let mark = match self.level {
			Level::Ok => "ok  ",
			Level::Warning => "warn",
			Level::Failure => "FAIL",
		};
		write!(f, "{mark}  {:<10} {}", self.check, self.text)
	}
}

/// Findings as they are made.
#[derive(Debug, Default)]
pub struct Findings(
	/// All of them.
	pub Vec<Finding>,
);

impl Findings {
	fn add(&mut self, check: &str, level: Level, text: impl Into<String>) {
		self.0.push(Finding { check: check.into(), level, text: text.into() });
	}

	fn ok(&mut self, check: &str, text: impl Into<String>) {
		self.add(check, Level::Ok, text);
	}

	fn warn(&mut self, check: &str, text: impl Into<String>) {
		self.add(check, Level::Warning, text);
	}

	fn fail(&mut self, check: &str, text: impl Into<String>) {
		self.add(check, Level::Failure, text);
	}

	/// True if nothing failed.
	pub fn is_good(&self) -> bool {
		self.0.iter().all(|finding| finding.level != Level::Failure)
	}
}

/// Examine everything. The engine is asked last.
pub async fn examine<E: Engine>(
	config: &ProviderConfig,
	engine: Result<Arc<E>, String>,
) -> Findings {
	let mut findings = Findings::default();
	let (signer, operator) = match config.signer() {
		Ok(keys) => keys,
		Err(error) => {
			findings.fail("key", error.to_string());
			return findings;
		},
	};
	let chain = chain(config, &signer, &operator, &mut findings).await;
	let snapshot = chain.as_ref().map(|(_, snapshot)| snapshot);
	if let Some((nodes, snapshot)) = &chain {
		account::examine(nodes, snapshot, &signer, &mut findings).await;
		probe::examine(nodes, snapshot, &mut findings).await;
		vpn::examine(config, nodes, snapshot, &mut findings).await;
	}
	vpn::machine(config, &mut findings);
	let bond = bond(chain.as_ref(), &signer, &mut findings).await;
	let bond = bond.as_ref().map_err(String::as_str);
	let own_key = *signer.account() == operator;
	machine::examine(config, engine, snapshot, bond, own_key, &mut findings).await;
	findings
}

/// Rules by which the chain reserves bond.
async fn bond(
	chain: Option<&(Arc<Nodes>, Snapshot)>,
	signer: &KeySigner,
	findings: &mut Findings,
) -> Result<BondRules, String> {
	let (nodes, snapshot) = chain.ok_or("the chain cannot be read")?;
	let transactions = Transactions::new(nodes.clone(), signer.clone());
	let reading = BondRules::read(&transactions, snapshot);
	let rules = match tokio::time::timeout(TIMEOUT, reading).await {
		Ok(rules) => rules,
		Err(_) => Err(format!("0 answers in {} s", TIMEOUT.as_secs())),
	};
	if let Err(error) = &rules {
		findings.fail("bids", format!("the chain's rules of the bond cannot be read: {error}."));
	}
	rules
}

async fn chain(
	config: &ProviderConfig,
	signer: &KeySigner,
	operator: &sp_runtime::AccountId32,
	findings: &mut Findings,
) -> Option<(Arc<Nodes>, Snapshot)> {
	findings.ok("key", format!("{} signs for the operator {operator}.", signer.account()));
	let nodes = match Nodes::new(&config.chain) {
		Ok(nodes) => Arc::new(nodes),
		Err(error) => {
			findings.fail("nodes", format!("chain.nodes: {error}."));
			return None;
		},
	};
	let polled = nodes.poll(Instant::now()).await;
	for node in nodes.report() {
		match node.error {
			Some(error) => findings.warn("nodes", format!("{}: {error}.", node.node)),
			None => findings.ok(
				"nodes",
				format!(
					"{} is at the finalized block {:?}.",
					node.node,
					node.finalized.unwrap_or(0)
				),
			),
		}
	}
	let (head, genesis) = match (polled, nodes.genesis()) {
		(Ok(head), Some(genesis)) => (head, genesis),
		_ => {
			findings.fail("nodes", "0 nodes can be asked: check chain.nodes and the network.");
			return None;
		},
	};
	let none = (BTreeSet::new(), BTreeSet::new());
	let read = read_snapshot(&nodes, head, genesis, operator, &none.0, &none.1, now_ms());
	match tokio::time::timeout(TIMEOUT, read).await {
		Ok(Ok(snapshot)) => {
			clock(&nodes, &snapshot, findings).await;
			Some((nodes, snapshot))
		},
		Ok(Err(error)) => {
			findings.fail("nodes", format!("{error}."));
			None
		},
		Err(_) => {
			findings.fail("nodes", "the state was not read in 60 s: use a faster node.");
			None
		},
	}
}

/// The machine's clock against that of the chain.
async fn clock(nodes: &Nodes, snapshot: &Snapshot, findings: &mut Findings) {
	let params = json!([TIMESTAMP, snapshot.head.hash]);
	let stored: Result<Option<String>, _> =
		nodes.read(snapshot.head.number, "state_getStorage", &params).await;
	let Some(chain_ms) = stored.ok().flatten().and_then(|hex| little_endian(&hex)) else {
		findings.warn("clock", "the time of the chain cannot be read.");
		return;
	};
	let here = now_ms();
	let behind = snapshot.best.saturating_sub(snapshot.head.number);
	let expected = u64::from(behind).saturating_mul(snapshot.clock.slot_ms);
	let apart = here.saturating_sub(expected).abs_diff(chain_ms);
	let limit = snapshot.clock.slot_ms.saturating_mul(10).max(10_000);
	let text = format!("the clocks of machine and chain are {apart} ms apart");
	if apart <= limit {
		findings.ok("clock", format!("{text}."));
	} else {
		let text =
			format!("{text}: set the clock by NTP, or wait until the chain finalizes again.");
		findings.warn("clock", text);
	}
}

fn little_endian(hex: &str) -> Option<u64> {
	let bytes = unhex(hex)?;
	bytes.try_into().ok().map(u64::from_le_bytes)
}

/// Bytes of hexadecimal digits after `0x`.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
	let digits = text.strip_prefix("0x")?;
	let pair = |pair: &[u8]| {
		let pair = std::str::from_utf8(pair).ok()?;
		u8::from_str_radix(pair, 16).ok()
	};
	digits.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_finding_is_a_line() {
		let mut findings = Findings::default();
		findings.ok("clock", "in step.");
		assert!(findings.is_good());
		findings.fail("bond", "0 are free.");
		assert!(!findings.is_good());
		let lines: Vec<_> = findings.0.iter().map(ToString::to_string).collect();
		assert_eq!(lines, ["ok    clock      in step.", "FAIL  bond       0 are free."]);
	}

	#[test]
	fn stored_numbers_are_little_endian() {
		assert_eq!(little_endian("0x0100000000000000"), Some(1));
		assert_eq!(little_endian("0x01"), None);
		assert_eq!(unhex("0x0g"), None);
	}
}
