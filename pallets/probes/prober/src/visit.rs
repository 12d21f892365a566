//! The conversation with one service.

use crate::{
	Proof, Target,
	anchors::{Depth, Menu, Reference},
	client::Client,
	engine::{Answer, Failure, Script, Step},
	http::Ask,
	json::Fact,
	judge::{self, Batch, Worth},
	plan, proof,
	schedule::Random,
};
use alloc::{vec, vec::Vec};
use core::str;
use surety_primitives::{
	LatencyBucket, LeaseId, Protocol, ServiceKind, endpoint::vpn_health, report::Finding,
};

/// Standard that an answer is held against.
#[derive(Clone, Copy, Debug)]
pub enum Standard<'a> {
	/// A JSON-RPC network, with its menu if there is one.
	Network(Protocol, Option<&'a Menu>),
	/// It is a lease: the agent's word on it.
	Lease(LeaseId),
	/// The service kind says it all.
	Kind,
}

/// One question of JSON-RPC.
enum Question<'a> {
	Head,
	Task(&'a Reference),
}

/// One question of inference.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Part {
	Models,
	Completion,
	Embedding,
}

enum Stage {
	/// Control was never proven: its proof, before anything else.
	Admission,
	/// All questions at once, with these ids.
	Batch(Vec<u64>),
	/// All questions at once, each in a request of its own, with these ids.
	Singles(Vec<u64>),
	/// The endpoint itself: page or lease.
	Page,
	/// Inference.
	Part(Part),
	/// A VPN's health, signed over this nonce.
	Vpn([u8; 16]),
	/// All is well with the service; the proof of control.
	Control,
}

/// The conversation with one service.
pub struct Visit<'a> {
	target: &'a Target,
	endpoint: &'a str,
	standard: Standard<'a>,
	client: Client,
	/// Draws of this visit.
	random: Random,
	/// Of JSON-RPC, in the order in which they are asked.
	questions: Vec<Question<'a>>,
	/// Of inference, the next one last.
	parts: Vec<Part>,
	stage: Stage,
	/// Of the slowest answer so far.
	latency: LatencyBucket,
}

impl<'a> Visit<'a> {
	/// `None` if the endpoint is no text.
	pub fn new(target: &'a Target, standard: Standard<'a>, mut random: Random) -> Option<Self> {
		let endpoint = str::from_utf8(&target.endpoint).ok()?;
		let mut questions = vec![Question::Head];
		if let Standard::Network(_, Some(menu)) = standard {
			let tasks = [random.pick(&menu.blocks), random.pick(&menu.contents)];
			questions.extend(tasks.into_iter().flatten().map(Question::Task));
			random.shuffle(&mut questions);
		}
		let mut parts = vec![Part::Models, Part::Completion];
		random.shuffle(&mut parts);
		let client = Client::draw(&mut random);
		let (stage, latency) = (Stage::Page, LatencyBucket::default());
		Some(Self { target, endpoint, standard, client, random, questions, parts, stage, latency })
	}

	/// The first question to the service itself.
	fn first(&mut self) -> Step<Finding> {
		match (self.standard, &self.target.kind) {
			(Standard::Network(protocol, _), _) => {
				if self.questions.len() > 1 && self.random.flip() {
					let calls: Vec<_> =
						self.questions.iter().map(|question| question.call(protocol)).collect();
					let (ids, ask) = plan::batch(&mut self.client, self.endpoint, &calls);
					self.ask(Stage::Batch(ids), ask)
				} else {
					self.singly(protocol)
				}
			},
			(Standard::Lease(_), _) => {
				self.ask(Stage::Page, plan::health(&self.client, self.endpoint))
			},
			(Standard::Kind, ServiceKind::Inference { .. }) => self.next_part(),
			(Standard::Kind, ServiceKind::Vpn { .. }) => {
				let nonce = self.random.bytes();
				self.ask(Stage::Vpn(nonce), plan::vpn(&self.client, self.endpoint, &nonce))
			},
			(Standard::Kind, _) => self.ask(Stage::Page, plan::page(&self.client, self.endpoint)),
		}
	}

	fn ask(&mut self, stage: Stage, ask: Ask) -> Step<Finding> {
		self.stage = stage;
		Step::Ask(vec![ask])
	}

	/// Ask each question in a request of its own.
	fn singly(&mut self, protocol: Protocol) -> Step<Finding> {
		let (client, endpoint) = (&mut self.client, self.endpoint);
		let asks = self
			.questions
			.iter()
			.map(|question| plan::one(client, endpoint, question.call(protocol)));
		let (ids, asks) = asks.unzip();
		self.stage = Stage::Singles(ids);
		Step::Ask(asks)
	}

	/// The next question of inference.
	fn next_part(&mut self) -> Step<Finding> {
		match self.parts.pop() {
			Some(part) => self.part(part),
			None => self.judged(Worth::Right),
		}
	}

	fn part(&mut self, part: Part) -> Step<Finding> {
		let model = self.model();
		let ask = match part {
			Part::Models => plan::models(&self.client, self.endpoint),
			Part::Completion => {
				plan::completion(&self.client, self.endpoint, model, &mut self.random)
			},
			Part::Embedding => {
				plan::embedding(&self.client, self.endpoint, model, &mut self.random)
			},
		};
		self.ask(Stage::Part(part), ask)
	}

	fn model(&self) -> &'a str {
		match &self.target.kind {
			ServiceKind::Inference { model } => str::from_utf8(model).unwrap_or_default(),
			_ => "",
		}
	}

	/// Proof of control that is due. None of a lease: it is on the server of a service whose operator proved
	/// it.
	fn proof(&self) -> Option<&'a Proof> {
		self.target.proof.as_ref().filter(|_| !matches!(self.standard, Standard::Lease(_)))
	}

	/// True if control was never proven, so that nothing may be asked of the endpoint before it is.
	fn is_pending(&self) -> bool {
		self.proof().is_some_and(|proof| proof.pending)
	}

	/// Ask for the proof of control.
	fn control(&mut self, stage: Stage) -> Step<Finding> {
		match plan::control(&self.client, self.endpoint, self.target.service) {
			Some(ask) => self.ask(stage, ask),
			None => self.down("its endpoint is no URL"),
		}
	}

	/// The service is worth so much; what is left is whether its operator controls the host, unless that was
	/// asked first.
	fn judged(&mut self, worth: Worth) -> Step<Finding> {
		if worth != Worth::Right {
			log::debug!(target: crate::LOG, "service {}: {worth:?}", self.target.service);
		} else if self.proof().is_some() && !self.is_pending() {
			return self.control(Stage::Control);
		}
		Step::Done(worth.at(self.latency))
	}

	fn down(&self, why: &str) -> Step<Finding> {
		log::debug!(target: crate::LOG, "service {} is down: {why}", self.target.service);
		Step::Done(Finding::Down)
	}

	/// Judge the answers to all questions, in their order.
	fn judge(&mut self, protocol: Protocol, answers: &[Fact]) -> Step<Finding> {
		let said = || self.questions.iter().zip(answers);
		let head = said().find(|(question, _)| matches!(question, Question::Head));
		let Some(head) = head.and_then(|(_, reply)| judge::head_of(protocol, reply)) else {
			return self.judged(Worth::Wrong);
		};
		let mut worth = Worth::Right;
		if let Standard::Network(_, Some(menu)) = self.standard {
			worth = judge::head(head, menu.head, self.target.max_head_lag.min(Depth::MAX_LAG));
		}
		for (question, reply) in said() {
			if let Question::Task(reference) = question {
				worth = worth.max(judge::task(head, reference, reply));
			}
		}
		self.judged(worth)
	}

	fn on_batch(&mut self, protocol: Protocol, ids: &[u64], answer: &Answer) -> Step<Finding> {
		if !answer.is_success() {
			return if refuses(answer.status) {
				self.singly(protocol)
			} else {
				self.no_success(answer)
			};
		}
		match judge::batch(&answer.body, ids) {
			Batch::Answers(answers) => self.judge(protocol, &answers),
			Batch::Refused => self.singly(protocol),
			Batch::Wrong => self.judged(Worth::Wrong),
		}
	}

	fn on_singles(&mut self, protocol: Protocol, ids: &[u64], answers: &[Answer]) -> Step<Finding> {
		if let Some(answer) = answers.iter().find(|answer| !answer.is_success()) {
			return self.no_success(answer);
		}
		let replies = answers.iter().zip(ids).map(|(answer, id)| judge::one(&answer.body, *id));
		match replies.collect::<Option<Vec<Fact>>>() {
			Some(replies) => self.judge(protocol, &replies),
			None => self.judged(Worth::Wrong),
		}
	}

	fn on_page(&mut self, answer: &Answer) -> Step<Finding> {
		if !answer.is_success() {
			return self.no_success(answer);
		}
		let Standard::Lease(lease) = self.standard else { return self.judged(Worth::Right) };
		match judge::lease(&answer.body, lease) {
			Some(worth) => self.judged(worth),
			None => self.down("its agent says that the lease failed"),
		}
	}

	fn on_vpn(&mut self, nonce: &[u8; 16], answer: &Answer) -> Step<Finding> {
		let Target { service, genesis, kind, .. } = self.target;
		let ServiceKind::Vpn { key } = kind else { return Step::Done(Finding::Abstained) };
		if !answer.is_success() {
			return self.no_success(answer);
		}
		let message = |state: &str| vpn_health(genesis, *service, nonce, state);
		match judge::vpn(&answer.body, *service, key, message) {
			Some(worth) => self.judged(worth),
			None => self.down("its agent says that it does not run"),
		}
	}

	fn on_part(&mut self, part: Part, answer: &Answer) -> Step<Finding> {
		if part == Part::Completion && no_chat(answer.status) {
			return self.part(Part::Embedding);
		}
		if !answer.is_success() {
			return self.no_success(answer);
		}
		let worth = match part {
			Part::Models => judge::models(&answer.body, self.model()),
			Part::Completion => judge::completion(&answer.body),
			Part::Embedding => judge::embedding(&answer.body),
		};
		if worth == Worth::Right { self.next_part() } else { self.judged(worth) }
	}

	fn no_success(&self, answer: &Answer) -> Step<Finding> {
		self.down(&alloc::format!("status {}", answer.status))
	}

	fn on_control(&mut self, pending: bool, answer: &Answer) -> Step<Finding> {
		// Not there for now: no word on who controls the host.
		if answer.status >= 500 || matches!(answer.status, 408 | 429) {
			return self.down("no answer where the proof of control should be");
		}
		let proven = answer.is_success()
			&& self.proof().is_some_and(|proof| proof::is_proof(&answer.body, &proof.expected));
		match (proven, pending) {
			(true, true) => self.first(),
			(true, false) => Step::Done(Finding::Up(self.latency)),
			(false, _) => {
				log::debug!(target: crate::LOG, "service {}: no proof of control", self.target.service);
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

/// True of a status that may mean that the server takes no batches, rather than that it has no time.
fn refuses(status: u16) -> bool {
	(400..500).contains(&status) && !matches!(status, 408 | 429)
}

/// True of a status by which servers of embeddings say that their model does not chat.
fn no_chat(status: u16) -> bool {
	matches!(status, 400 | 404 | 405 | 422 | 501)
}

impl Script for Visit<'_> {
	type Out = Finding;

	fn open(&mut self) -> Step<Finding> {
		if self.is_pending() { self.control(Stage::Admission) } else { self.first() }
	}

	fn answered(&mut self, answers: Vec<Answer>) -> Step<Finding> {
		let Some(answer) = answers.first() else { return Step::Done(Finding::Abstained) };
		let stage = core::mem::replace(&mut self.stage, Stage::Page);
		if !matches!(stage, Stage::Admission | Stage::Control) {
			let slowest = answers.iter().map(|answer| answer.latency).max().unwrap_or_default();
			self.latency = self.latency.max(slowest);
		}
		match (stage, self.standard) {
			(Stage::Admission, _) => self.on_control(true, answer),
			(Stage::Control, _) => self.on_control(false, answer),
			(Stage::Part(part), _) => self.on_part(part, answer),
			(Stage::Vpn(nonce), _) => self.on_vpn(&nonce, answer),
			(Stage::Batch(ids), Standard::Network(protocol, _)) => {
				self.on_batch(protocol, &ids, answer)
			},
			(Stage::Singles(ids), Standard::Network(protocol, _)) => {
				self.on_singles(protocol, &ids, &answers)
			},
			(Stage::Page | Stage::Batch(_) | Stage::Singles(_), _) => self.on_page(answer),
		}
	}

	fn failed(&mut self, why: Failure) -> Finding {
		log::debug!(target: crate::LOG, "service {} is down: {why:?}", self.target.service);
		Finding::Down
	}
}
