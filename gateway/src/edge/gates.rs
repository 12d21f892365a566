// SPDX-License-Identifier: Apache-2.0

//! Limits of all clients, shared by the workers.

use super::{EdgeMarket, EdgeService, EdgeSettings, probers::Probers};
use crate::{
	access::{Bucket, Cost, Hosts, Limiter, Rate, Token, UnitLimits, Wait, trial_network},
	front::host_of,
};
use ahash::HashMap;
use parking_lot::Mutex;
use sp_runtime::AccountId32;
use std::{net::IpAddr, sync::Arc};
use surety_primitives::{AgreementId, ServiceId};

/// Failed tokens of a host. A check of a signature costs as much as several requests.
const ATTEMPTS: Rate = Rate { per_second: 2, burst: 20 };
/// Messages with statements of a host.
const EXCHANGES: Rate = Rate { per_second: 5, burst: 50 };
/// Entries that may be left over from agreements and services that are gone.
const LEFT_OVER: usize = 64;
/// Tokens of one network without an agreement: two dozen probes, or two answers of some length.
const TRIAL_TOKENS: Rate = Rate { per_second: 30, burst: 2_000 };
/// Shares of an agreement with a bucket of their own.
const MAX_SHARES: usize = 64;

/// Use of one agreement, and of shares of it.
#[derive(Debug, Default)]
pub struct Gate {
	limiter: Limiter,
	shares: Mutex<HashMap<(AccountId32, u16), Arc<Limiter>>>,
}

impl Gate {
	/// Use of the share that a token has. `None` if it has all.
	pub fn share(&self, token: &Token) -> Option<Arc<Limiter>> {
		let parts = token.share.parts();
		if parts == crate::access::Share::ALL.parts() {
			return None;
		}
		let mut shares = self.shares.lock();
		let key = (token.reporter.clone(), parts);
		if shares.len() >= MAX_SHARES && !shares.contains_key(&key) {
			// Only the tenant's own shares start anew; the whole keeps its limit.
			shares.clear();
		}
		Some(shares.entry(key).or_default().clone())
	}

	/// Let requests in that the units cover.
	pub fn admit(
		&self,
		limits: &UnitLimits,
		share: Option<(&Limiter, u16)>,
		cost: Cost,
		now: u64,
	) -> Result<(), Wait> {
		if let Some((limiter, parts)) = share {
			limiter.admit(&limits.share(parts), cost, now)?;
		}
		self.limiter.admit(limits, cost, now).inspect_err(|_| {
			if let Some((limiter, parts)) = share {
				limiter.settle(&limits.share(parts), cost.tokens, 0, now);
			}
		})
	}

	/// Replace the tokens that were set aside by those that were used.
	pub fn settle(
		&self,
		limits: &UnitLimits,
		share: Option<(&Limiter, u16)>,
		reserved: u64,
		used: u64,
		now: u64,
	) {
		if let Some((limiter, parts)) = share {
			limiter.settle(&limits.share(parts), reserved, used, now);
		}
		self.limiter.settle(limits, reserved, used, now);
	}

	/// Count bytes of an answer.
	pub fn sent(&self, limits: &UnitLimits, share: Option<(&Limiter, u16)>, bytes: u64, now: u64) {
		if let Some((limiter, parts)) = share {
			limiter.sent(&limits.share(parts), bytes, now);
		}
		self.limiter.sent(limits, bytes, now);
	}
}

/// Limits of all clients.
#[derive(Debug)]
pub struct Gates {
	agreements: Mutex<HashMap<AgreementId, Arc<Gate>>>,
	/// All trials of a service: requests, and tokens.
	trials: Mutex<HashMap<ServiceId, Arc<(Bucket, Bucket)>>>,
	/// Requests with a prober's token.
	pub probers: Probers,
	/// Requests and tokens of strangers, by network.
	networks: Option<(Hosts, Hosts)>,
	/// Share of a service's units for all trials, in parts of ten thousand.
	trial_share: u16,
	attempts: Hosts,
	exchanges: Hosts,
}

impl Gates {
	/// Limits without any use.
	pub fn new(settings: &EdgeSettings) -> Self {
		let capacity = settings.networks;
		Self {
			agreements: Mutex::default(),
			trials: Mutex::default(),
			probers: Probers::default(),
			networks: settings.trial.map(|trial| {
				(Hosts::new(trial.rate, capacity), Hosts::new(TRIAL_TOKENS, capacity))
			}),
			trial_share: settings.trial.map_or(0, |trial| trial.share),
			attempts: Hosts::new(ATTEMPTS, capacity),
			exchanges: Hosts::new(EXCHANGES, capacity),
		}
	}

	/// Use of an agreement.
	pub fn gate(&self, agreement: AgreementId, market: &EdgeMarket) -> Arc<Gate> {
		let mut all = self.agreements.lock();
		if all.len() > market.agreements().count().saturating_add(LEFT_OVER) {
			all.retain(|id, _| market.agreement(*id).is_some());
		}
		all.entry(agreement).or_default().clone()
	}

	/// True if requests without an agreement are served at all.
	pub fn has_trials(&self) -> bool {
		self.networks.is_some()
	}

	/// Let requests without an agreement in. Their tokens must fit, unlike those of tenants.
	pub fn admit_trial(
		&self,
		service: &EdgeService,
		address: IpAddr,
		cost: Cost,
		now: u64,
	) -> Result<(), Wait> {
		let Some((networks, tokens)) = &self.networks else { return Err(Wait::Never) };
		let all = self.trials_of(service);
		let rate = service.trial_rate(self.trial_share);
		let network = trial_network(address);
		all.0.take(rate, cost.weight, now)?;
		// What one limit refuses is given back to those before it: the rest of one network is left
		// for the others.
		networks.take(network, cost.weight, now).inspect_err(|_| {
			all.0.give_back(rate, cost.weight);
		})?;
		if cost.tokens == 0 {
			return Ok(());
		}
		let give_back = |_: &Wait| {
			all.0.give_back(rate, cost.weight);
			networks.settle(network, cost.weight, 0, now);
		};
		let token_rate = service.trial_tokens(self.trial_share);
		all.1.take(token_rate, cost.tokens, now).inspect_err(give_back)?;
		tokens.take(network, cost.tokens, now).inspect_err(|wait| {
			give_back(wait);
			all.1.give_back(token_rate, cost.tokens);
		})
	}

	/// Replace the tokens that were set aside for a stranger by those that it used.
	pub fn settle_trial(
		&self,
		service: &EdgeService,
		address: IpAddr,
		reserved: u64,
		used: u64,
		now: u64,
	) {
		let Some((_, tokens)) = &self.networks else { return };
		let rate = service.trial_tokens(self.trial_share);
		self.trials_of(service).1.settle(rate, reserved, used, now);
		tokens.settle(trial_network(address), reserved, used, now);
	}

	/// Use of a service by strangers. Services are the operator's own, so their number is bounded.
	fn trials_of(&self, service: &EdgeService) -> Arc<(Bucket, Bucket)> {
		self.trials.lock().entry(service.id).or_default().clone()
	}

	/// True if a host may have another token checked.
	pub fn may_attempt(&self, address: IpAddr, now: u64) -> Result<(), Wait> {
		self.attempts.has_room(host_of(address), 1, now)
	}

	/// A token of a host was not valid.
	pub fn failed_attempt(&self, address: IpAddr, now: u64) {
		self.attempts.charge(host_of(address), 1, now);
	}

	/// Let a message with statements in.
	pub fn admit_exchange(&self, address: IpAddr, now: u64) -> Result<(), Wait> {
		self.exchanges.take(host_of(address), 1, now)
	}
}

#[cfg(test)]
mod tests {
	use super::{
		super::{EdgeAgreement, market::tests::service},
		*,
	};
	use crate::{access::Share, front::FrontSettings, upstream::*};

	fn gates() -> Gates {
		let connect = ConnectSettings::new(client_config(None).unwrap());
		Gates::new(&EdgeSettings::new(FrontSettings::default(), PoolSettings::new(connect)))
	}

	fn token(parts: u16) -> Token {
		let share = Share::new(parts).unwrap();
		let reporter = AccountId32::new([1; 32]);
		Token { genesis: [0; 8], agreement: 1, not_after: 0, share, reporter }
	}

	#[test]
	fn a_network_cannot_use_up_the_trials_of_all() {
		let gates = gates();
		let service = service(1, "");
		let served = |address: [u8; 4]| {
			(0..1_000)
				.filter(|_| gates.admit_trial(&service, address.into(), Cost::of(1), 0).is_ok())
				.count()
		};
		assert_eq!(served([1, 1, 1, 1]), 16);
		assert_eq!(served([1, 1, 1, 2]), 0, "same network");
		assert_eq!(served([1, 1, 2, 1]), 16);
		let all: usize = (3..100).map(|n| served([1, 1, n, 1])).sum();
		assert_eq!(all, 500 - 32, "a twentieth of 100 units");
	}

	#[test]
	fn tokens_of_strangers_are_those_that_they_used() {
		let gates = gates();
		let class = surety_primitives::ServiceClass::Inference;
		let service = EdgeService { class, protocol: None, ..service(1, "") };
		let ask = |address: [u8; 4], tokens| {
			gates.admit_trial(&service, address.into(), Cost { weight: 1, tokens }, 0)
		};
		assert_eq!(ask([1, 1, 1, 1], 2_001), Err(Wait::Never));
		for _ in 0..12 {
			assert_eq!(ask([1, 1, 1, 1], 500), Ok(()));
			gates.settle_trial(&service, [1, 1, 1, 1].into(), 500, 100, 0);
		}
		assert!(matches!(ask([1, 1, 1, 2], 1_500), Err(Wait::For(_))), "same network");
		let all: usize = (2..100).filter(|n| ask([1, 1, *n, 1], 2_000).is_ok()).count();
		assert_eq!(all, 49, "a twentieth of 100 units is 100,000 tokens, of which 1,200 are used");
	}

	#[test]
	fn shares_are_limited_alone_and_together() {
		let gate = Gate::default();
		let limits = service(1, "").limits(1).unwrap();
		let half = gate.share(&token(5_000)).unwrap();
		let admit = |share: &Arc<Limiter>, weight| {
			gate.admit(&limits, Some((share, 5_000)), Cost::of(weight), 0)
		};
		assert!(admit(&half, 50).is_ok());
		assert!(admit(&half, 1).is_err());
		let same = gate.share(&token(5_000)).unwrap();
		assert!(admit(&same, 1).is_err());
		assert!(gate.share(&token(10_000)).is_none());
		assert!(gate.admit(&limits, None, Cost::of(50), 0).is_ok());
		assert!(gate.admit(&limits, None, Cost::of(1), 0).is_err());
		for parts in 1..1_000 {
			gate.share(&token(parts));
		}
		assert!(gate.shares.lock().len() <= MAX_SHARES);
	}

	#[test]
	fn agreements_that_are_gone_are_forgotten() {
		let gates = gates();
		let agreement = |id| EdgeAgreement {
			id,
			service: 1,
			tenant: AccountId32::new([0; 32]),
			units: 1,
			active: true,
		};
		let market = |ids: std::ops::Range<u32>| {
			EdgeMarket::new(None, 1, [service(1, "")], ids.map(agreement))
		};
		let old = market(0..1_000);
		(0..1_000).for_each(|id| drop(gates.gate(id, &old)));
		gates.gate(2_000, &market(2_000..2_001));
		assert_eq!(gates.agreements.lock().len(), 1);
	}

	#[test]
	fn failed_tokens_of_a_host_are_limited() {
		let gates = gates();
		let address = IpAddr::from([1, 2, 3, 4]);
		for _ in 0..20 {
			assert!(gates.may_attempt(address, 0).is_ok());
			gates.failed_attempt(address, 0);
		}
		assert!(gates.may_attempt(address, 0).is_err());
		assert!(gates.may_attempt([1, 2, 3, 5].into(), 0).is_ok());
	}
}
