//! Judgement of answers: pure functions of the bytes that came back.

use crate::{
	anchors::Reference,
	json::{self, Fact},
};
use alloc::vec::Vec;
use sp_core::ed25519::{Public, Signature};
use surety_primitives::{LatencyBucket, LeaseId, Protocol, ServiceId, report::Finding};

/// Worth of an answer, before its latency is added; the worst of several counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Worth {
	/// Right.
	Right,
	/// Right but too far behind.
	Behind,
	/// Wrong.
	Wrong,
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

/// An answer to a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Batch {
	/// One answer per question, in the order of the questions.
	Answers(Vec<Fact>),
	/// The server takes no batches: one error for the whole of it.
	Refused,
	/// No answer to a batch.
	Wrong,
}

/// Read the answer to a batch of questions with these ids.
pub fn batch(body: &[u8], ids: &[u64]) -> Batch {
	match json::read(body) {
		Some(reply @ Fact::Object(_)) if reply.is_error() => Batch::Refused,
		Some(Fact::List(replies)) => {
			let of = |id: &u64| replies.iter().find(|reply| reply.id() == Some(*id));
			let found: Vec<Fact> = ids.iter().filter_map(of).cloned().collect();
			if found.len() == ids.len() {
				Batch::Answers(found)
			} else if found.is_empty() && replies.iter().any(Fact::is_error) {
				Batch::Refused
			} else {
				Batch::Wrong
			}
		},
		_ => Batch::Wrong,
	}
}

/// The answer to the one question `id`.
pub fn one(body: &[u8], id: u64) -> Option<Fact> {
	json::read(body).filter(|reply| reply.id() == Some(id))
}

/// Number of the head that a service or an anchor says it has.
pub fn head_of(protocol: Protocol, reply: &Fact) -> Option<u64> {
	let result = reply.get("result");
	match protocol {
		_ if reply.is_error() => None,
		Protocol::Ethereum => result.quantity(),
		Protocol::Substrate => result.get("number").quantity(),
	}
}

/// Judge a head: no more than `max_lag` blocks behind the network's.
pub fn head(head: u64, network_head: u64, max_lag: u32) -> Worth {
	if head < network_head.saturating_sub(max_lag.into()) { Worth::Behind } else { Worth::Right }
}

/// Judge the answer to a task by one whose head is `head`.
pub fn task(head: u64, reference: &Reference, reply: &Fact) -> Worth {
	let Reference { number, task, digest } = reference;
	let result = reply.get("result");
	let right = !reply.is_error() && task.digest(result) == Some(*digest);
	// A server may say with `null`, with an error or with an empty list that it does not have the block yet;
	// if its head says so too, it is behind, and only else it contradicts itself.
	let missing = reply.is_error() || task.is_missing(result);
	match (right, missing) {
		(true, _) => Worth::Right,
		(false, true) if head < *number => Worth::Behind,
		(false, _) => Worth::Wrong,
	}
}

/// Judge a list of models, in OpenAI's form.
pub fn models(body: &[u8], model: &str) -> Worth {
	let list = json::read(body).unwrap_or_default();
	let listed = list
		.get("data")
		.list()
		.is_some_and(|data| data.iter().any(|m| m.get("id").text() == Some(model)));
	if listed { Worth::Right } else { Worth::Wrong }
}

/// Judge a completion: it has OpenAI's form, names a model, and at least one choice with a text.
///
/// The name need not be the one that was asked for, since servers answer with that of a version. The text may
/// be empty: a model may have nothing to say.
pub fn completion(body: &[u8]) -> Worth {
	let reply = json::read(body).unwrap_or_default();
	let message =
		reply.get("choices").list().and_then(<[Fact]>::first).map(|choice| choice.get("message"));
	let said = message.is_some_and(|message| {
		["content", "reasoning_content", "reasoning"]
			.iter()
			.any(|key| message.get(key).text().is_some())
	});
	if said && names_a_model(&reply) && !reply.is_error() { Worth::Right } else { Worth::Wrong }
}

/// Judge an embedding: it has OpenAI's form and names a model, and the vector is one of numbers.
pub fn embedding(body: &[u8]) -> Worth {
	let reply = json::read(body).unwrap_or_default();
	let vector = reply
		.get("data")
		.list()
		.and_then(<[Fact]>::first)
		.and_then(|data| data.get("embedding").list());
	let numeric = vector.is_some_and(|vector| {
		!vector.is_empty() && vector.iter().all(|number| matches!(number, Fact::Number(_)))
	});
	if numeric && names_a_model(&reply) && !reply.is_error() { Worth::Right } else { Worth::Wrong }
}

fn names_a_model(reply: &Fact) -> bool {
	reply.get("model").text().is_some_and(|model| !model.is_empty())
}

/// Judge what an agent says of a lease: all is right while the lease runs, and when its tenant stopped it.
/// `None` if the agent says that it failed.
pub fn lease(body: &[u8], lease: LeaseId) -> Option<Worth> {
	let health = json::read(body).unwrap_or_default();
	if health.get("lease").integer() != Some(lease.into()) {
		return Some(Worth::Wrong);
	}
	match health.get("state").text() {
		Some("running" | "stopped") => Some(Worth::Right),
		Some("failed") => None,
		_ => Some(Worth::Wrong),
	}
}

/// Judge what an agent says of a VPN, signed with `key`: `message` makes the signed message of the state.
/// `None` if the agent says that it does not run.
pub fn vpn(
	body: &[u8],
	service: ServiceId,
	key: &[u8; 32],
	message: impl Fn(&str) -> Vec<u8>,
) -> Option<Worth> {
	let health = json::read(body).unwrap_or_default();
	let (state, signature) = (health.get("state").text(), health.get("signature").text());
	let (Some(state), Some(signature)) =
		(state, signature.and_then(|text| json::hex::<64>(text.as_bytes())))
	else {
		return Some(Worth::Wrong);
	};
	let (signature, key) = (Signature::from_raw(signature), Public::from_raw(*key));
	let signed = health.get("service").integer() == Some(service.into())
		&& sp_io::crypto::ed25519_verify(&signature, &message(state), &key);
	match (signed, state) {
		(true, "running") => Some(Worth::Right),
		(true, _) => None,
		(false, _) => Some(Worth::Wrong),
	}
}

#[cfg(test)]
#[path = "tests/judge.rs"]
mod tests;
