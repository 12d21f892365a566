//! The conversation with one service.

use crate::{
	Proof, Target,
	anchors::Reference,
	engine::{Answer, Failure, Script, Step},
	http::Ask,
	judge::{self, BLOCK, Batch, HEAD, Measure, Worth},
	plan, proof,
};
use core::str;
use surety_primitives::{LatencyBucket, LeaseId, Protocol, ServiceKind, report::Finding};

/// What an answer is held against.
#[derive(Clone, Copy, Debug)]
pub enum Standard {
	/// A JSON-RPC network, with its reference if there is one.
	Network(Protocol, Option<Reference>),
	/// It is a lease: the agent's word on it.
	Lease(LeaseId),
	/// The service kind says it all.
	Kind,
}

enum Stage {
	/// Control was never proven: the operator's signature, before anything else.
	Admission,
	/// The first question.
	First,
	/// The server took no batch: its head alone.
	Head,
	/// The server took no batch: the reference block, after this head.
	Block { head: u64, latency: LatencyBucket },
	/// All is well with the service, which took this long; the operator's signature.
	Control(LatencyBucket),
}

/// The conversation with one service.
pub struct Visit<'a> {
	target: &'a Target,
	endpoint: &'a str,
	standard: Standard,
	stage: Stage,
}

impl<'a> Visit<'a> {
	/// `None` if the endpoint is no text.
	pub fn new(target: &'a Target, standard: Standard) -> Option<Self> {
		let endpoint = str::from_utf8(&target.endpoint).ok()?;
		Some(Self { target, endpoint, standard, stage: Stage::First })
	}

	fn measure(&self) -> Option<Measure> {
		match self.standard {
			Standard::Network(protocol, Some(reference)) => {
				Some(Measure { protocol, reference, max_lag: self.target.max_head_lag })
			},
			_ => None,
		}
	}

	fn first(&self) -> Ask {
		match (self.standard, &self.target.kind) {
			(Standard::Network(protocol, Some(reference)), _) => {
				plan::batch(protocol, self.endpoint, reference.number)
			},
			(Standard::Network(protocol, None), _) => plan::head(protocol, self.endpoint),
			(Standard::Lease(_), _) => plan::health(self.endpoint),
			(Standard::Kind, ServiceKind::Inference { .. }) => plan::models(self.endpoint),
			(Standard::Kind, _) => plan::page(self.endpoint),
		}
	}

	/// What proof of control is due. None of a lease: it is on the server of a service whose operator proved
	/// it.
	fn proof(&self) -> Option<&Proof> {
		self.target.proof.as_ref().filter(|_| !matches!(self.standard, Standard::Lease(_)))
	}

	/// Whether control was never proven, so that nothing may be asked of the endpoint before it is.
	fn is_pending(&self) -> bool {
		self.proof().is_some_and(|proof| proof.pending)
	}

	/// Ask for the operator's signature.
	fn control(&mut self, stage: Stage) -> Step<Finding> {
		match plan::control(self.endpoint, self.target.service) {
			Some(ask) => {
				self.stage = stage;
				Step::Ask(ask)
			},
			None => self.down("its endpoint is no URL"),
		}
	}

	/// The service is found to be so; what is left is whether its operator controls the host, unless that
	/// was asked first.
	fn found(&mut self, finding: Finding) -> Step<Finding> {
		match finding {
			Finding::Up(latency) if self.proof().is_some() && !self.is_pending() => {
				self.control(Stage::Control(latency))
			},
			_ => Step::Done(finding),
		}
	}

	fn judged(&mut self, worth: Worth, latency: LatencyBucket) -> Step<Finding> {
		if worth != Worth::Right {
			log::debug!(target: crate::LOG, "service {}: {worth:?}", self.target.service);
		}
		self.found(worth.at(latency))
	}

	fn down(&self, why: &str) -> Step<Finding> {
		log::debug!(target: crate::LOG, "service {} is down: {why}", self.target.service);
		Step::Done(Finding::Down)
	}

	fn on_first(&mut self, answer: Answer) -> Step<Finding> {
		let Answer { status, body, latency } = &answer;
		if !answer.is_success() {
			return match self.measure() {
				Some(measure) if refuses(*status) => self.singly(measure.protocol),
				_ => self.down(&alloc::format!("status {status}")),
			};
		}
		match (self.standard, &self.target.kind) {
			(Standard::Network(protocol, None), _) => {
				self.judged(judge::without_reference(protocol, body), *latency)
			},
			(Standard::Lease(lease), _) => match judge::lease(body, lease) {
				Some(worth) => self.judged(worth, *latency),
				None => self.down("its agent says that the lease failed"),
			},
			(Standard::Kind, ServiceKind::Inference { model }) => {
				self.judged(judge::models(body, model), *latency)
			},
			(Standard::Kind, _) => self.judged(Worth::Right, *latency),
			(Standard::Network(protocol, Some(_)), _) => match self.measure().map(|m| m.batch(body)) {
				Some(Batch::Judged(worth)) => self.judged(worth, *latency),
				Some(Batch::Refused) | None => self.singly(protocol),
			},
		}
	}

	/// Ask one question at a time.
	fn singly(&mut self, protocol: Protocol) -> Step<Finding> {
		self.stage = Stage::Head;
		Step::Ask(plan::head(protocol, self.endpoint))
	}

	fn on_head(&mut self, answer: Answer) -> Step<Finding> {
		let Some(measure) = self.measure() else { return Step::Done(Finding::Abstained) };
		let reply = judge::one(&answer.body, HEAD);
		match reply.and_then(|reply| judge::head_of(measure.protocol, &reply)) {
			Some(head) => {
				self.stage = Stage::Block { head, latency: answer.latency };
				Step::Ask(plan::block(measure.protocol, self.endpoint, measure.reference.number))
			},
			None => self.judged(Worth::Wrong, answer.latency),
		}
	}

	fn on_block(&mut self, head: u64, before: LatencyBucket, answer: Answer) -> Step<Finding> {
		let Some(measure) = self.measure() else { return Step::Done(Finding::Abstained) };
		let worth = judge::one(&answer.body, BLOCK).map_or(Worth::Wrong, |reply| measure.facts(head, &reply));
		self.judged(worth, answer.latency.max(before))
	}

	fn on_admission(&mut self, answer: Answer) -> Step<Finding> {
		match self.unproven(&answer, answer.latency) {
			Some(end) => end,
			None => {
				self.stage = Stage::First;
				Step::Ask(self.first())
			},
		}
	}

	fn on_control(&self, latency: LatencyBucket, answer: Answer) -> Step<Finding> {
		self.unproven(&answer, latency).unwrap_or(Step::Done(Finding::Up(latency)))
	}

	/// How it ends, with `latency`, if the answer is no proof of control. `None` if it is one.
	fn unproven(&self, answer: &Answer, latency: LatencyBucket) -> Option<Step<Finding>> {
		// Not there for now: no word on who controls the host.
		if answer.status >= 500 || matches!(answer.status, 408 | 429) {
			return Some(self.down("no answer where the proof of control should be"));
		}
		let proven = answer.is_success()
			&& self.proof().is_some_and(|proof| {
				proof::is_proof(&answer.body, proof, self.target.service, &self.target.endpoint)
			});
		(!proven).then(|| {
			log::debug!(target: crate::LOG, "service {}: no proof of control", self.target.service);
			Step::Done(Finding::Bad(latency))
		})
	}
}

/// Whether a status may mean that the server takes no batches, rather than that it has no time.
fn refuses(status: u16) -> bool {
	(400..500).contains(&status) && !matches!(status, 408 | 429)
}

impl Script for Visit<'_> {
	type Out = Finding;

	fn open(&mut self) -> Step<Finding> {
		if self.is_pending() { self.control(Stage::Admission) } else { Step::Ask(self.first()) }
	}

	fn answered(&mut self, answer: Answer) -> Step<Finding> {
		match self.stage {
			Stage::First => self.on_first(answer),
			Stage::Admission => self.on_admission(answer),
			Stage::Control(latency) => self.on_control(latency, answer),
			_ if !answer.is_success() => self.down(&alloc::format!("status {}", answer.status)),
			Stage::Head => self.on_head(answer),
			Stage::Block { head, latency } => self.on_block(head, latency, answer),
		}
	}

	fn failed(&mut self, why: Failure) -> Finding {
		log::debug!(target: crate::LOG, "service {} is down: {why:?}", self.target.service);
		Finding::Down
	}
}
