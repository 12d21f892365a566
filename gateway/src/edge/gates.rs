// SPDX-License-Identifier: Apache-2.0

//! Limits of all clients, shared by the workers.

use super::{EdgeMarket, EdgeService, EdgeSettings, probers::Probers};
use crate::{
	access::{Bucket, Hosts, Limiter, Rate, Token, UnitLimits, Wait, trial_network},
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
		weight: u64,
		now: u64,
	) -> Result<(), Wait> {
		if let Some((limiter, parts)) = share {
			limiter.admit(&limits.share(parts), weight, now)?;
		}
		self.limiter.admit(limits, weight, now)
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
	/// All trials of a service.
	trials: Mutex<HashMap<ServiceId, Arc<Bucket>>>,
	/// Requests with a prober's token.
	pub probers: Probers,
	networks: Option<Hosts>,
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
			networks: settings.trial.map(|trial| Hosts::new(trial.rate, capacity)),
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

	/// Let requests without an agreement in.
	pub fn admit_trial(
		&self,
		service: &EdgeService,
		address: IpAddr,
		weight: u64,
		now: u64,
	) -> Result<(), Wait> {
		let Some(networks) = &self.networks else { return Err(Wait::Never) };
		// Services are the operator's own, so their number is bounded.
		let all = self.trials.lock().entry(service.id).or_default().clone();
		let rate = service.trial_rate(self.trial_share);
		all.take(rate, weight, now)?;
		networks.take(trial_network(address), weight, now).inspect_err(|_| {
			// The rest of one network is left for the others.
			all.give_back(rate, weight);
		})
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
			(0..1_000).filter(|_| gates.admit_trial(&service, address.into(), 1, 0).is_ok()).count()
		};
		assert_eq!(served([1, 1, 1, 1]), 16);
		assert_eq!(served([1, 1, 1, 2]), 0, "same network");
		assert_eq!(served([1, 1, 2, 1]), 16);
		let all: usize = (3..100).map(|n| served([1, 1, n, 1])).sum();
		assert_eq!(all, 500 - 32, "a twentieth of 100 units");
	}

	#[test]
	fn shares_are_limited_alone_and_together() {
		let gate = Gate::default();
		let limits = service(1, "").limits(1).unwrap();
		let half = gate.share(&token(5_000)).unwrap();
		let admit =
			|share: &Arc<Limiter>, weight| gate.admit(&limits, Some((share, 5_000)), weight, 0);
		assert!(admit(&half, 50).is_ok());
		assert!(admit(&half, 1).is_err());
		let same = gate.share(&token(5_000)).unwrap();
		assert!(admit(&same, 1).is_err());
		assert!(gate.share(&token(10_000)).is_none());
		assert!(gate.admit(&limits, None, 50, 0).is_ok());
		assert!(gate.admit(&limits, None, 1, 0).is_err());
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
