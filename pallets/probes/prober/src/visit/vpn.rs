// SPDX-License-Identifier: Apache-2.0

//! Steps of a visit to a VPN: a key pair of the node, a trial of the exit, a proof through its
//! tunnel.

use super::{Stage, Visit};
use crate::{
	engine::{Answer, Step},
	judge::Grade,
	plan,
	tunnel::{KeyPair, Outcome},
	vpn::{self, Expected},
};
use codec::DecodeAll;
use surety_primitives::{LatencyBucket, ServiceKind, endpoint, report::Finding};

impl Visit<'_> {
	/// Key pair of the node: request a trial for it.
	pub(super) fn on_key(&mut self, answer: &Answer) -> Step<Finding> {
		let pair = KeyPair::decode_all(&mut answer.body.as_slice());
		// Without a port for proofs nothing can be said about any exit.
		let Ok(pair) = pair else { return Step::Done(Finding::Abstained) };
		let request = plan::trial(&self.client, self.endpoint, &pair.public);
		self.request(Stage::Trial(pair), request)
	}

	/// Answer of the agent: request a proof through the tunnel that it names.
	pub(super) fn on_trial(&mut self, pair: &KeyPair, answer: &Answer) -> Step<Finding> {
		if !answer.is_success() {
			return self.down_with_status(answer);
		}
		let (Some(service), ServiceKind::Vpn { key }, Ok(origin)) = (
			self.assignment.target.service(),
			&self.assignment.kind,
			endpoint::origin(self.endpoint.as_bytes()),
		) else {
			return Step::Done(Finding::Abstained);
		};
		let expected = Expected {
			genesis: &self.assignment.genesis,
			service,
			key,
			host: &origin.host,
			peer: &pair.public,
			now: answer.at,
		};
		match vpn::exit(&answer.body, &expected) {
			Some(exit) => {
				let proof = exit.request(service, pair.secret);
				self.request(Stage::Tunnel, plan::tunnel(exit.url(&origin.host), &proof))
			},
			None => self.conclude(Grade::Wrong),
		}
	}

	/// Outcome of the proof. The latency is the longest of three round trips: the agent's answer,
	/// the handshake, and the nonce. Their sum would count the distance three times.
	pub(super) fn on_outcome(&mut self, answer: &Answer) -> Step<Finding> {
		match Outcome::decode_all(&mut answer.body.as_slice()) {
			Ok(Outcome::Proof { handshake, nonce }) => {
				let slowest = LatencyBucket::from_micros(handshake.max(nonce).into());
				self.latency = self.latency.max(slowest);
				self.conclude(Grade::Correct)
			},
			Ok(Outcome::ForbiddenEgress) => self.conclude(Grade::Wrong),
			Ok(Outcome::NoHandshake) => self.down("the exit does not shake hands"),
			Ok(Outcome::NoNonce) => self.down("the exit forwards nothing"),
			Ok(Outcome::NoAnswer) => self.down("the exit brings nothing back"),
			Err(_) => Step::Done(Finding::Abstained),
		}
	}
}
