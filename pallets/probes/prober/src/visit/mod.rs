// SPDX-License-Identifier: Apache-2.0

//! Conversation with one service.

use crate::{
	Assignment, Proof, Tokens,
	anchors::{Depth, Reference, ReferenceSet},
	client::Client,
	engine::{Answer, Conversation, Failure, Step},
	http::Request,
	json::Json,
	judge::{self, Batch, Grade},
	plan, proof,
	schedule::Random,
	tunnel::KeyPair,
};
use alloc::{string::String, vec, vec::Vec};
use core::str;
use surety_primitives::{LatencyBucket, LeaseId, Protocol, ServiceKind, report::Finding};

mod vpn;

/// Status of a service that limits its callers.
const TOO_MANY_REQUESTS: u16 = 429;

/// Criterion for the answers of a service.
#[derive(Clone, Copy, Debug)]
pub enum Criterion<'a> {
	/// JSON-RPC network, with references if there are any.
	Network(Protocol, Option<&'a ReferenceSet>),
	/// Lease, judged by the agent's report.
	Lease(LeaseId),
	/// Rules of the service kind alone.
	Kind,
}

/// JSON-RPC request of a visit.
enum Question<'a> {
	Head,
	Task(&'a Reference),
}

/// Inference request of a visit.
#[derive(Clone, Copy, Eq, PartialEq)]
enum InferenceStep {
	Models,
	Completion,
	Embedding,
}

#[derive(Clone)]
enum Stage {
	/// Proof of control before anything else, since control was never proven.
	Admission,
	/// All JSON-RPC requests in one batch with these ids.
	Batch(Vec<u64>),
	/// All JSON-RPC requests at once, one by one, with these ids.
	Singles(Vec<u64>),
	/// The endpoint itself: a page or the health of a lease.
	Page,
	/// An inference request.
	Inference(InferenceStep),
	/// Key pair of the node, for a VPN.
	Key,
	/// Trial of a VPN with this key pair.
	Trial(KeyPair),
	/// Proof through the tunnel of a VPN.
	Tunnel,
	/// Proof of control after correct answers.
	Control,
}

impl Stage {
	/// True if the service itself answers, and its latency counts.
	fn asks_the_service(&self) -> bool {
		!matches!(self, Self::Admission | Self::Control | Self::Key | Self::Tunnel)
	}
}

/// State of the conversation with one service.
pub struct Visit<'a> {
	assignment: &'a Assignment,
	endpoint: &'a str,
	criterion: Criterion<'a>,
	client: Client,
	/// Random draws of this visit.
	random: Random,
	/// JSON-RPC requests in order.
	questions: Vec<Question<'a>>,
	/// Inference requests, in reverse order.
	parts: Vec<InferenceStep>,
	stage: Stage,
	/// Requests of the stage, to send them again after a refusal.
	sent: Vec<Request>,
	/// Signer of the tokens.
	tokens: Tokens<'a>,
	/// Token of the requests, once the service has refused one.
	token: Option<String>,
	/// Latency of the slowest answer so far.
	latency: LatencyBucket,
}

impl<'a> Visit<'a> {
	/// New visit. `None` if the endpoint is not UTF-8.
	pub fn new(
		assignment: &'a Assignment,
		criterion: Criterion<'a>,
		tokens: Tokens<'a>,
		mut random: Random,
	) -> Option<Self> {
		let endpoint = str::from_utf8(&assignment.endpoint).ok()?;
		let mut questions = vec![Question::Head];
		if let Criterion::Network(_, Some(references)) = criterion {
			let tasks = [random.pick(&references.blocks), random.pick(&references.contents)];
			questions.extend(tasks.into_iter().flatten().map(Question::Task));
			random.shuffle(&mut questions);
		}
		let mut parts = vec![InferenceStep::Models, InferenceStep::Completion];
		random.shuffle(&mut parts);
		let client = Client::draw(&mut random);
		let (stage, latency) = (Stage::Page, LatencyBucket::default());
		Some(Self {
			assignment,
			endpoint,
			criterion,
			client,
			random,
			questions,
			parts,
			stage,
			sent: Vec::new(),
			tokens,
			token: None,
			latency,
		})
	}

	/// First request to the service itself.
	fn start_service(&mut self) -> Step<Finding> {
		match (self.criterion, &self.assignment.kind) {
			(Criterion::Network(protocol, _), _) => {
				if self.questions.len() > 1 && self.random.flip() {
					let calls: Vec<_> =
						self.questions.iter().map(|question| question.call(protocol)).collect();
					let (ids, request) = plan::batch(&mut self.client, self.endpoint, &calls);
					self.request(Stage::Batch(ids), request)
				} else {
					self.send_separately(protocol)
				}
			},
			(Criterion::Lease(_), _) => {
				self.request(Stage::Page, plan::health(&self.client, self.endpoint))
			},
			(Criterion::Kind, ServiceKind::Inference { .. }) => self.next_part(),
			(Criterion::Kind, ServiceKind::Vpn { .. }) => self.request(Stage::Key, plan::key()),
			(Criterion::Kind, ServiceKind::Rpc { .. } | ServiceKind::Compute) => {
				self.request(Stage::Page, plan::page(&self.client, self.endpoint))
			},
		}
	}

	fn request(&mut self, stage: Stage, request: Request) -> Step<Finding> {
		self.send(stage, vec![request])
	}

	/// Send requests, with the token if the service has refused one without.
	fn send(&mut self, stage: Stage, requests: Vec<Request>) -> Step<Finding> {
		self.stage = stage;
		let with_token = |request| Request { token: self.token.clone(), ..request };
		self.sent = requests.into_iter().map(with_token).collect();
		Step::Send(self.sent.clone())
	}

	/// Send the requests of a stage once more, as a prober: the service limits strangers. `None` if
	/// it has refused the prober too, or is no listed service.
	fn retry(&mut self, stage: &Stage) -> Option<Step<Finding>> {
		if self.token.is_some() {
			return None;
		}
		let service = self.assignment.target.service()?;
		let nonce = self.random.bytes();
		self.token = Some((self.tokens?)(service, nonce)?);
		let requests = core::mem::take(&mut self.sent);
		Some(self.send(stage.clone(), requests))
	}

	/// Send each JSON-RPC request separately.
	fn send_separately(&mut self, protocol: Protocol) -> Step<Finding> {
		let (client, endpoint) = (&mut self.client, self.endpoint);
		let requests = self
			.questions
			.iter()
			.map(|question| plan::one(client, endpoint, question.call(protocol)));
		let (ids, requests): (Vec<_>, Vec<_>) = requests.unzip();
		self.send(Stage::Singles(ids), requests)
	}

	/// Send the next inference request.
	fn next_part(&mut self) -> Step<Finding> {
		match self.parts.pop() {
			Some(part) => self.part(part),
			None => self.conclude(Grade::Correct),
		}
	}

	fn part(&mut self, part: InferenceStep) -> Step<Finding> {
		let model = self.model();
		let request = match part {
			InferenceStep::Models => plan::models(&self.client, self.endpoint),
			InferenceStep::Completion => {
				plan::completion(&self.client, self.endpoint, model, &mut self.random)
			},
			InferenceStep::Embedding => {
				plan::embedding(&self.client, self.endpoint, model, &mut self.random)
			},
		};
		self.request(Stage::Inference(part), request)
	}

	fn model(&self) -> &'a str {
		match &self.assignment.kind {
			ServiceKind::Inference { model } => str::from_utf8(model).unwrap_or_default(),
			_ => "",
		}
	}

	/// Proof of control that is due. A lease needs none: its endpoint is on the server of a service
	/// whose operator has proven control.
	fn proof(&self) -> Option<&'a Proof> {
		self.assignment.proof.as_ref().filter(|_| !matches!(self.criterion, Criterion::Lease(_)))
	}

	/// True if control was never proven, so that the endpoint itself must not be asked before it
	/// is.
	fn is_pending(&self) -> bool {
		self.proof().is_some_and(|proof| proof.pending)
	}

	/// Request the proof of control.
	fn control(&mut self, stage: Stage) -> Step<Finding> {
		let service = self.assignment.target.service();
		match service.and_then(|id| plan::control(&self.client, self.endpoint, id)) {
			Some(request) => self.request(stage, request),
			None => self.down("the endpoint is not a URL"),
		}
	}

	/// Conclude with this grade. A correct service must also prove control of its host, unless that
	/// was asked first.
	fn conclude(&mut self, grade: Grade) -> Step<Finding> {
		if grade != Grade::Correct {
			log::debug!(
				target: crate::LOG_TARGET,
				"{:?}: {grade:?}",
				self.assignment.target,
			);
		} else if self.proof().is_some() && !self.is_pending() {
			return self.control(Stage::Control);
		}
		Step::Done(self.finding(grade))
	}

	/// Finding of a grade. A service that knew that it was probed is up or down: its right answers
	/// prove nothing, so they are as slow as can be, and its wrong ones are none.
	fn finding(&self, grade: Grade) -> Finding {
		match (&self.token, grade) {
			(None, _) => grade.at(self.latency),
			(Some(_), Grade::Correct) => Finding::Up(LatencyBucket::MAX),
			(Some(_), _) => Finding::Down,
		}
	}

	fn down(&self, reason: &str) -> Step<Finding> {
		log::debug!(
			target: crate::LOG_TARGET,
			"{:?} is down: {reason}",
			self.assignment.target,
		);
		Step::Done(Finding::Down)
	}

	/// Judge the answers to all JSON-RPC requests, in their order.
	fn judge(&mut self, protocol: Protocol, answers: &[Json]) -> Step<Finding> {
		let replies = || self.questions.iter().zip(answers);
		let head = replies().find(|(question, _)| matches!(question, Question::Head));
		let Some(head) = head.and_then(|(_, reply)| judge::head_of(protocol, reply)) else {
			return self.conclude(Grade::Wrong);
		};
		let mut grade = Grade::Correct;
		if let Criterion::Network(_, Some(references)) = self.criterion {
			grade = judge::head(
				head,
				references.head,
				self.assignment.max_head_lag.min(Depth::MAX_LAG),
			);
		}
		for (question, reply) in replies() {
			if let Question::Task(reference) = question {
				grade = grade.max(judge::task(head, reference, reply));
			}
		}
		self.conclude(grade)
	}

	fn on_batch(&mut self, protocol: Protocol, ids: &[u64], answer: &Answer) -> Step<Finding> {
		if !answer.is_success() {
			return if refuses(answer.status) {
				self.send_separately(protocol)
			} else {
				self.down_with_status(answer)
			};
		}
		match judge::batch(&answer.body, ids) {
			Batch::Answers(answers) => self.judge(protocol, &answers),
			Batch::Refused => self.send_separately(protocol),
			Batch::Wrong => self.conclude(Grade::Wrong),
		}
	}

	fn on_singles(&mut self, protocol: Protocol, ids: &[u64], answers: &[Answer]) -> Step<Finding> {
		if let Some(answer) = answers.iter().find(|answer| !answer.is_success()) {
			return self.down_with_status(answer);
		}
		let replies = answers.iter().zip(ids).map(|(answer, id)| judge::one(&answer.body, *id));
		match replies.collect::<Option<Vec<Json>>>() {
			Some(replies) => self.judge(protocol, &replies),
			None => self.conclude(Grade::Wrong),
		}
	}

	fn on_page(&mut self, answer: &Answer) -> Step<Finding> {
		if !answer.is_success() {
			return self.down_with_status(answer);
		}
		let Criterion::Lease(lease) = self.criterion else { return self.conclude(Grade::Correct) };
		match judge::lease(&answer.body, lease) {
			Some(grade) => self.conclude(grade),
			None => self.down("the agent reports that the lease failed"),
		}
	}

	fn on_part(&mut self, part: InferenceStep, answer: &Answer) -> Step<Finding> {
		if part == InferenceStep::Completion && judge::serves_no_chat(answer.status) {
			return self.part(InferenceStep::Embedding);
		}
		if !answer.is_success() {
			return self.down_with_status(answer);
		}
		let grade = match part {
			InferenceStep::Models => judge::models(&answer.body, self.model()),
			InferenceStep::Completion => judge::completion(&answer.body),
			InferenceStep::Embedding => judge::embedding(&answer.body),
		};
		if grade == Grade::Correct { self.next_part() } else { self.conclude(grade) }
	}

	fn down_with_status(&self, answer: &Answer) -> Step<Finding> {
		self.down(&alloc::format!("status {}", answer.status))
	}

	fn on_control(&mut self, pending: bool, answer: &Answer) -> Step<Finding> {
		// The file is unavailable for now, which proves nothing about control.
		if answer.status >= 500 || matches!(answer.status, 408 | 429) {
			return self.down("the proof of control is unavailable");
		}
		let proven = answer.is_success()
			&& self.proof().is_some_and(|proof| proof::is_proof(&answer.body, &proof.expected));
		match (proven, pending) {
			(true, true) => self.start_service(),
			(true, false) => Step::Done(self.finding(Grade::Correct)),
			(false, _) => {
				log::debug!(
					target: crate::LOG_TARGET,
					"{:?}: no proof of control",
					self.assignment.target,
				);
				Step::Done(Finding::NoProof)
			},
		}
	}
}

impl<'a> Question<'a> {
	fn call(&self, protocol: Protocol) -> (&'static str, alloc::string::String) {
		match self {
			Self::Head => plan::head(protocol),
			Self::Task(reference) => reference.task.call(),
		}
	}
}

/// True for a status that may mean that the server does not support batches, rather than that it is
/// busy.
fn refuses(status: u16) -> bool {
	(400..500).contains(&status) && !matches!(status, 408 | 429)
}

impl Conversation for Visit<'_> {
	type Out = Finding;

	fn start(&mut self) -> Step<Finding> {
		if self.is_pending() { self.control(Stage::Admission) } else { self.start_service() }
	}

	fn on_answers(&mut self, answers: Vec<Answer>) -> Step<Finding> {
		let Some(answer) = answers.first() else { return Step::Done(Finding::Abstained) };
		let stage = core::mem::replace(&mut self.stage, Stage::Page);
		if stage.asks_the_service() {
			let slowest = answers.iter().map(|answer| answer.latency).max().unwrap_or_default();
			self.latency = self.latency.max(slowest);
			if answers.iter().any(|answer| answer.status == TOO_MANY_REQUESTS)
				&& let Some(retry) = self.retry(&stage)
			{
				return retry;
			}
		}
		match (stage, self.criterion) {
			(Stage::Admission, _) => self.on_control(true, answer),
			(Stage::Control, _) => self.on_control(false, answer),
			(Stage::Inference(part), _) => self.on_part(part, answer),
			(Stage::Key, _) => self.on_key(answer),
			(Stage::Trial(pair), _) => self.on_trial(&pair, answer),
			(Stage::Tunnel, _) => self.on_outcome(answer),
			(Stage::Batch(ids), Criterion::Network(protocol, _)) => {
				self.on_batch(protocol, &ids, answer)
			},
			(Stage::Singles(ids), Criterion::Network(protocol, _)) => {
				self.on_singles(protocol, &ids, &answers)
			},
			(Stage::Page | Stage::Batch(_) | Stage::Singles(_), _) => self.on_page(answer),
		}
	}

	fn on_failure(&mut self, reason: Failure) -> Finding {
		// The node has no transport for proofs.
		if matches!(self.stage, Stage::Key) {
			return Finding::Abstained;
		}
		log::debug!(
			target: crate::LOG_TARGET,
			"{:?} is down: {reason:?}",
			self.assignment.target,
		);
		Finding::Down
	}
}
