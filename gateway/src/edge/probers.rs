// SPDX-License-Identifier: Apache-2.0

//! Use of probers that were refused as strangers and show a token, shared by the workers.
//!
//! Each prober has an allowance of its own at each service, so that nobody uses up that of others.
//! Only signed tokens are remembered, and only those of three rounds, so the memory is bounded by
//! the number of probers.

use crate::access::{Bucket, Rate, Wait};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use surety_primitives::{RoundIndex, ServiceId, crypto::ProberId, prober_token::ProberToken};

/// Requests with one token.
const MAX_REQUESTS: u8 = 8;
/// Tokens of a prober for one service and round, of which a visit takes one.
const MAX_TOKENS: usize = 4;
/// Requests of one prober to a service, in addition to trials.
const RATE: Rate = Rate { per_second: 10, burst: 100 };

/// Allowance of one prober at one service.
#[derive(Clone, Debug, Default)]
pub struct Allowance(Arc<Bucket>);

impl Allowance {
	/// Let requests in.
	pub fn admit(&self, weight: u64, now: u64) -> Result<(), Wait> {
		self.0.take(RATE, weight, now)
	}
}

/// Use of all probers.
#[derive(Debug, Default)]
pub struct Probers(Mutex<Visits>);

#[derive(Debug, Default)]
struct Visits {
	/// Latest round that was seen.
	round: RoundIndex,
	of: HashMap<(ProberId, ServiceId), Visit>,
}

/// Use of one service by one prober.
#[derive(Debug, Default)]
struct Visit {
	allowance: Allowance,
	tokens: Vec<Used>,
}

/// Token that was used. One token can be signed many times, so its signature does not count.
#[derive(Debug)]
struct Used {
	round: RoundIndex,
	nonce: [u8; 16],
	requests: u8,
}

/// True if a token of a round is accepted in another.
pub fn is_near(of: RoundIndex, round: RoundIndex) -> bool {
	of.abs_diff(round) <= 1
}

impl Probers {
	/// Let a request with a token in. The caller has checked key, service and signature. `None` if
	/// the token is used up or too old.
	///
	/// - `round`: current one.
	pub fn enter(&self, token: &ProberToken, round: RoundIndex) -> Option<Allowance> {
		let mut visits = self.0.lock();
		visits.advance(round);
		if !is_near(token.round, visits.round) {
			return None;
		}
		let visit = visits.of.entry((token.prober.clone(), token.service)).or_default();
		visit.use_token(token).then(|| visit.allowance.clone())
	}
}

impl Visits {
	/// Forget the tokens that are accepted no more. A worker may still see the round before.
	fn advance(&mut self, round: RoundIndex) {
		if round > self.round {
			self.round = round;
			self.of.retain(|_, visit| {
				visit.tokens.retain(|used| is_near(used.round, round));
				!visit.tokens.is_empty()
			});
		}
	}
}

impl Visit {
	fn use_token(&mut self, token: &ProberToken) -> bool {
		let mut of_round = self.tokens.iter_mut().filter(|used| used.round == token.round);
		if let Some(used) = of_round.find(|used| used.nonce == token.nonce) {
			used.requests = used.requests.saturating_add(1).min(MAX_REQUESTS.saturating_add(1));
			return used.requests <= MAX_REQUESTS;
		}
		if self.tokens.iter().filter(|used| used.round == token.round).count() >= MAX_TOKENS {
			return false;
		}
		self.tokens.push(Used { round: token.round, nonce: token.nonce, requests: 1 });
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::{Pair, sr25519};
	use surety_primitives::crypto::{ProberPair, ProberSignature};

	/// Token whose signature nobody looks at here.
	fn token(prober: u8, round: RoundIndex, nonce: u8) -> ProberToken {
		let prober = ProberPair::from_seed(&[prober; 32]).public();
		let signature = ProberSignature::from(sr25519::Signature::default());
		ProberToken { round, service: 7, nonce: [nonce; 16], prober, signature }
	}

	fn entered(probers: &Probers, token: &ProberToken, round: RoundIndex) -> usize {
		(0..20).filter(|_| probers.enter(token, round).is_some()).count()
	}

	#[test]
	fn a_token_lets_eight_requests_in() {
		let probers = Probers::default();
		assert_eq!(entered(&probers, &token(1, 5, 1), 5), 8);
		assert_eq!(entered(&probers, &token(1, 5, 2), 5), 8);
		assert_eq!(entered(&probers, &ProberToken { service: 8, ..token(1, 5, 1) }, 5), 8);
		// The same nonce in another round is another token.
		assert_eq!(entered(&probers, &token(1, 6, 1), 5), 8);
	}

	#[test]
	fn a_key_cannot_sign_itself_any_number_of_tokens() {
		let probers = Probers::default();
		let served = |prober| -> usize {
			(0..100).map(|nonce| entered(&probers, &token(prober, 5, nonce), 5)).sum()
		};
		assert_eq!(served(1), 32);
		assert_eq!(served(2), 32, "others are not affected");
	}

	#[test]
	fn tokens_of_old_rounds_are_refused_and_forgotten() {
		let probers = Probers::default();
		for prober in 0..100 {
			assert!(probers.enter(&token(prober, 5, 1), 5).is_some());
		}
		assert!(probers.enter(&token(1, 5, 1), 6).is_some());
		assert!(probers.enter(&token(1, 7, 1), 5).is_some(), "a worker that is behind");
		assert!(probers.enter(&token(2, 7, 1), 7).is_some());
		assert!(probers.enter(&token(3, 5, 1), 7).is_none());
		assert!(probers.enter(&token(3, 5, 1), 5).is_none(), "forgotten means refused");
		assert_eq!(probers.0.lock().of.len(), 2);
	}

	#[test]
	fn an_allowance_is_that_of_one_prober_at_one_service() {
		let probers = Probers::default();
		let allowance = |token| probers.enter(&token, 5).unwrap();
		assert_eq!(allowance(token(1, 5, 1)).admit(100, 0), Ok(()));
		assert!(allowance(token(1, 5, 2)).admit(1, 0).is_err());
		assert_eq!(allowance(token(2, 5, 1)).admit(100, 0), Ok(()));
		let elsewhere = ProberToken { service: 8, ..token(1, 5, 1) };
		assert_eq!(allowance(elsewhere).admit(100, 0), Ok(()));
	}
}
