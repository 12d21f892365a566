// SPDX-License-Identifier: Apache-2.0

//! Judgement of answers: pure functions of the received bytes.

use crate::{
	anchors::Reference,
	json::{self, Json},
};
use alloc::vec::Vec;
use surety_primitives::{LatencyBucket, LeaseId, Protocol, report::Finding};

/// Correctness of an answer, without its latency. The worst of several answers counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Grade {
	/// Correct answer.
	Correct,
	/// Correct answer, but the head is too far behind.
	Lagging,
	/// Wrong answer.
	Wrong,
}

impl Grade {
	/// Finding for an answer with this latency.
	pub fn at(self, latency: LatencyBucket) -> Finding {
		match self {
			Self::Correct => Finding::Up(latency),
			Self::Wrong => Finding::Bad(latency),
			Self::Lagging => Finding::Stale(latency),
		}
	}
}

/// Answer to a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Batch {
	/// One answer per request, in the order of the requests.
	Answers(Vec<Json>),
	/// The server does not support batches and returned one error for the batch.
	Refused,
	/// Not an answer to the batch.
	Wrong,
}

/// Parse the answer to a batch of requests with these ids.
pub fn batch(body: &[u8], ids: &[u64]) -> Batch {
	match json::read(body) {
		Some(reply @ Json::Object(_)) if reply.is_error() => Batch::Refused,
		Some(Json::List(replies)) => {
			let of = |id: &u64| replies.iter().find(|reply| reply.id() == Some(*id));
			let found: Vec<Json> = ids.iter().filter_map(of).cloned().collect();
			if found.len() == ids.len() {
				Batch::Answers(found)
			} else if found.is_empty() && replies.iter().any(Json::is_error) {
				Batch::Refused
			} else {
				Batch::Wrong
			}
		},
		_ => Batch::Wrong,
	}
}

/// Parse the answer to the request `id`.
pub fn one(body: &[u8], id: u64) -> Option<Json> {
	json::read(body).filter(|reply| reply.id() == Some(id))
}

/// Head number reported by a service or an anchor.
pub fn head_of(protocol: Protocol, reply: &Json) -> Option<u64> {
	let result = reply.get("result");
	match protocol {
		_ if reply.is_error() => None,
		Protocol::Ethereum => result.quantity(),
		Protocol::Substrate => result.get("number").quantity(),
	}
}

/// Judge a head: at most `max_lag` blocks behind the network's.
pub fn head(head: u64, network_head: u64, max_lag: u32) -> Grade {
	if head < network_head.saturating_sub(max_lag.into()) { Grade::Lagging } else { Grade::Correct }
}

/// Judge the answer to a task by a server with this head.
pub fn task(head: u64, reference: &Reference, reply: &Json) -> Grade {
	let Reference { number, task, digest } = reference;
	let result = reply.get("result");
	let right = !reply.is_error() && task.digest(result) == Some(*digest);
	// A server may use `null`, an error or an empty list for a block that it does not have yet. If
	// its head agrees the server is behind; otherwise the server contradicts itself.
	let missing = reply.is_error() || task.is_missing(result);
	match (right, missing) {
		(true, _) => Grade::Correct,
		(false, true) if head < *number => Grade::Lagging,
		(false, _) => Grade::Wrong,
	}
}

/// Judge a list of models in OpenAI's format.
pub fn models(body: &[u8], model: &str) -> Grade {
	let list = json::read(body).unwrap_or_default();
	let listed = list
		.get("data")
		.list()
		.is_some_and(|data| data.iter().any(|m| m.get("id").text() == Some(model)));
	if listed { Grade::Correct } else { Grade::Wrong }
}

/// Judge a completion: OpenAI's format, a model name, and at least one choice with text.
///
/// The name may differ from the requested one, since servers report a version of the model. The
/// text may be empty.
pub fn completion(body: &[u8]) -> Grade {
	let reply = json::read(body).unwrap_or_default();
	let message =
		reply.get("choices").list().and_then(<[Json]>::first).map(|choice| choice.get("message"));
	let said = message.is_some_and(|message| {
		["content", "reasoning_content", "reasoning"]
			.iter()
			.any(|key| message.get(key).text().is_some())
	});
	if said && names_a_model(&reply) && !reply.is_error() { Grade::Correct } else { Grade::Wrong }
}

/// True for a status with which embedding servers refuse a completion.
pub fn serves_no_chat(status: u16) -> bool {
	matches!(status, 400 | 404 | 405 | 422 | 501)
}

/// Judge an embedding: OpenAI's format, a model name, and a vector of numbers.
pub fn embedding(body: &[u8]) -> Grade {
	let reply = json::read(body).unwrap_or_default();
	let vector = reply
		.get("data")
		.list()
		.and_then(<[Json]>::first)
		.and_then(|data| data.get("embedding").list());
	let numeric = vector.is_some_and(|vector| {
		!vector.is_empty() && vector.iter().all(|number| matches!(number, Json::Number(_)))
	});
	if numeric && names_a_model(&reply) && !reply.is_error() {
		Grade::Correct
	} else {
		Grade::Wrong
	}
}

fn names_a_model(reply: &Json) -> bool {
	reply.get("model").text().is_some_and(|model| !model.is_empty())
}

/// Judge the agent's report on a lease. The answer is correct while the lease runs, and when its
/// tenant stopped it. `None` if the agent reports a failure.
pub fn lease(body: &[u8], lease: LeaseId) -> Option<Grade> {
	let health = json::read(body).unwrap_or_default();
	if health.get("lease").integer() != Some(lease.into()) {
		return Some(Grade::Wrong);
	}
	match health.get("state").text() {
		Some("running" | "stopped") => Some(Grade::Correct),
		Some("failed") => None,
		_ => Some(Grade::Wrong),
	}
}

#[cfg(test)]
mod tests;
