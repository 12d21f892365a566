//! What an answer is worth. Pure functions of the bytes that came back.

use crate::{
	anchors::Reference,
	json::{self, Body, Fact, Reply},
};
use surety_primitives::{LatencyBucket, LeaseId, Protocol, report::Finding};

/// Id of the question for the head, in a batch and alone.
pub const HEAD: u64 = 1;
/// Id of the question for the reference block.
pub const BLOCK: u64 = 2;

/// What an answer is, before its latency is added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Worth {
	/// Right.
	Right,
	/// Wrong.
	Wrong,
	/// Right but too far behind.
	Behind,
}

impl Worth {
	/// As the finding of an answer that took this long.
	pub fn at(self, latency: LatencyBucket) -> Finding {
		match self {
			Self::Right => Finding::Up(latency),
			Self::Wrong => Finding::Bad(latency),
			Self::Behind => Finding::Stale(latency),
		}
	}
}

/// What becomes of an answer to a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Batch {
	/// It answers.
	Judged(Worth),
	/// The server takes no batches: one error for the whole of it.
	Refused,
}

/// The two facts a service is asked for are those of `reference`; `max_lag` blocks behind its head is
/// still right.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
	/// Dialect of the answers.
	pub protocol: Protocol,
	/// What they are compared with.
	pub reference: Reference,
	/// Blocks that the terms let a service be behind.
	pub max_lag: u32,
}

impl Measure {
	/// Judge the answer to both questions in one batch.
	pub fn batch(&self, body: &[u8]) -> Batch {
		match json::body(body) {
			Some(Body::One(reply)) if reply.error => Batch::Refused,
			Some(Body::Many(replies)) => {
				let of = |id| replies.iter().find(|reply| reply.id == Some(id));
				match (of(HEAD), of(BLOCK)) {
					(Some(head), Some(block)) => Batch::Judged(self.both(head, block)),
					(None, None) if replies.iter().any(|reply| reply.error) => Batch::Refused,
					_ => Batch::Judged(Worth::Wrong),
				}
			},
			_ => Batch::Judged(Worth::Wrong),
		}
	}

	/// Judge the answers to both questions.
	pub fn both(&self, head: &Reply, block: &Reply) -> Worth {
		match head_of(self.protocol, head) {
			Some(head) => self.facts(head, block),
			None => Worth::Wrong,
		}
	}

	/// Judge a head and the answer to the question for the reference block.
	pub fn facts(&self, head: u64, block: &Reply) -> Worth {
		let Reference { head: network_head, number, hash } = self.reference;
		// A server may say with `null` or with an error that it does not have the block yet; if its head
		// says so too, it is behind, and only else it contradicts itself.
		if block.error || block.result == Fact::Null {
			return if head < number { Worth::Behind } else { Worth::Wrong };
		}
		if hash_of(self.protocol, number, &block.result) != Some(hash) {
			Worth::Wrong
		} else if head < network_head.saturating_sub(self.max_lag.into()) {
			Worth::Behind
		} else {
			Worth::Right
		}
	}
}

/// Judge the head alone, where there is nothing to compare it with. What it says cannot be judged, but its
/// form can: else junk would be as good as an answer wherever anchors are missing.
pub fn without_reference(protocol: Protocol, body: &[u8]) -> Worth {
	match one(body, HEAD).and_then(|reply| head_of(protocol, &reply)) {
		Some(_) => Worth::Right,
		None => Worth::Wrong,
	}
}

/// Judge a list of models.
pub fn models(body: &[u8], model: &[u8]) -> Worth {
	let listed = core::str::from_utf8(model).ok().and_then(|model| json::lists(body, model));
	if listed == Some(true) { Worth::Right } else { Worth::Wrong }
}

/// Judge what an agent says of a lease: all is right while the lease runs, and when its tenant stopped it.
/// `None` if the agent says that it failed.
pub fn lease(body: &[u8], lease: LeaseId) -> Option<Worth> {
	let health = json::health(body).filter(|health| health.lease == Some(lease.into()));
	match health.as_ref().and_then(|health| health.state.as_deref()) {
		Some("running" | "stopped") => Some(Worth::Right),
		Some("failed") => None,
		_ => Some(Worth::Wrong),
	}
}

/// The answer to the one question `id`.
pub fn one(body: &[u8], id: u64) -> Option<Reply> {
	match json::body(body)? {
		Body::One(reply) if reply.id == Some(id) => Some(reply),
		_ => None,
	}
}

/// Number of the head that a service or an anchor says it has.
pub fn head_of(protocol: Protocol, reply: &Reply) -> Option<u64> {
	match (protocol, &reply.result) {
		_ if reply.error => None,
		(Protocol::Ethereum, fact @ Fact::Text(_)) => fact.quantity(),
		(Protocol::Substrate, Fact::Block { number: Some(number), .. }) => json::quantity(number),
		_ => None,
	}
}

/// Hash of block `number` that a service or an anchor says it has.
pub fn hash_of(protocol: Protocol, number: u64, fact: &Fact) -> Option<[u8; 32]> {
	let text = match (protocol, fact) {
		(Protocol::Ethereum, Fact::Block { number: Some(named), hash: Some(hash) })
			if json::quantity(named) == Some(number) =>
		{
			hash
		},
		(Protocol::Substrate, Fact::Text(hash)) => hash,
		_ => return None,
	};
	text.starts_with("0x").then(|| json::hex(text.as_bytes())).flatten()
}

#[cfg(test)]
#[path = "tests/judge.rs"]
mod tests;
