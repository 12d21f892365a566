// SPDX-License-Identifier: Apache-2.0

//! Random calls by all parties in all states of the compute market: every invariant holds, money is
//! conserved, and everything ends. Random calls of all pallets are in `calls/`.

use crate::{actors::coin, fixture::Fixture, orders::*};
use frame_support::assert_ok;
use pallet_surety_compute_orders as compute;
use pallet_surety_escrow as escrow;
use pallet_surety_operators as operators;
use pallet_surety_reputation as reputation;
use pallet_surety_sla as sla;
use sp_runtime::{Perbill, traits::Dispatchable};
use surety_primitives::{
	AssetId, Balance, BondReserve, Clock, Funds, LatencyBucket, LeaseId, OrderId, ServiceId,
	Target, WindowShare, report::Finding,
};
use surety_runtime::{
	configs::assets::MarketFunds,
	parameters::{
		RuntimeParameters, compute as compute_parameters, market as market_parameters,
		probing as probing_parameters,
	},
	*,
};

/// Pseudo-random numbers, the same for a seed.
pub struct Random(pub u64);
impl Random {
	pub fn below(&mut self, limit: u64) -> u64 {
		self.0 =
			self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(self.0 >> 33) % limit
	}
	pub fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
		if all.is_empty() { None } else { all.get(self.below(all.len() as u64) as usize).cloned() }
	}
	pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
		[(); N].map(|()| self.below(256) as u8)
	}
}

/// Chain with tenants, a stranger, and four operators with a machine each.
pub fn market(asset: AssetId) -> Fixture {
	let mut chain = Fixture::new();
	for n in [0, 20, 50] {
		funded(&mut chain, n);
	}
	for n in 1..=4 {
		let who = operator(&mut chain, n, asset);
		machine(&mut chain, &who, 9_000 + u32::from(n), 4, asset);
	}
	chain
}

/// Random call, mostly one that may succeed.
pub fn random_call(
	chain: &mut Fixture,
	random: &mut Random,
	asset: AssetId,
) -> Option<(AccountId, RuntimeCall)> {
	let orders: Vec<OrderId> = chain.peek(|| compute::Orders::<Runtime>::iter_keys().collect());
	let leases: Vec<LeaseId> = chain.peek(|| {
		compute::Leases::<Runtime>::iter()
			.filter(|(_, lease)| !lease.is_closed())
			.map(|(id, _)| id)
			.collect()
	});
	let services: Vec<ServiceId> =
		chain.peek(|| operators::Services::<Runtime>::iter_keys().collect());
	let open: Vec<OrderId> = chain.peek(|| {
		compute::Orders::<Runtime>::iter()
			.filter(|(_, order)| !order.is_over())
			.map(|(id, _)| id)
			.collect()
	});
	let order = if random.below(8) == 0 { random.pick(&orders) } else { random.pick(&open) };
	let lease_id = random.pick(&leases);
	let lease = lease_id.and_then(|id| chain.peek(|| compute::Leases::<Runtime>::get(id)));
	let service = random.pick(&services);
	let owner = service.and_then(|id| chain.peek(|| operators::Services::<Runtime>::get(id)));
	let owner = owner.map(|service| service.operator).unwrap_or_else(|| party(1));
	let tenant = order.and_then(|id| chain.peek(|| compute::Orders::<Runtime>::get(id)));
	let tenant = tenant.map(|order| order.tenant).unwrap_or_else(|| party(0));
	let replica = random.below(3) as u8;
	let coin = coin(asset);
	let price = price(asset) / 2 + price(asset) * Balance::from(random.below(16)) / 10;
	Some(match random.below(42) {
		0..=2 | 30 => {
			let mut new = new_order(chain, asset);
			let round = chain.peek(Timing::round_blocks);
			new.quantity = 1 + random.below(3) as u8;
			new.duration = 1 + random.below(20 * u64::from(round)) as u32;
			new.bid_deadline =
				chain.peek(System::block_number) + 1 + round + random.below(12) as u32;
			new.auto_match = random.below(3) > 0;
			if random.below(3) == 0 {
				new.failover_price = None;
			}
			new.deposit = new.max_price
				* Balance::from(new.duration.max(72))
				* (8 + Balance::from(random.below(6)))
				/ 10 + UNIT / 100;
			if random.below(3) == 0 {
				new.terms = None;
			} else if let Some(terms) = new.terms.as_mut() {
				terms.cover = WindowShare::from_u32(1 + random.below(4) as u32);
				if random.below(2) == 0 {
					terms.min_uptime = 1_000_000_000;
				}
			}
			let who = party([0, 20][random.below(2) as usize]);
			(who, compute::Call::place_order { order: Box::new(new) }.into())
		},
		3..=7 | 31..=36 => {
			let replicas = 1 + random.below(2) as u8;
			(
				owner,
				compute::Call::place_bid {
					order: order?,
					service: service?,
					price,
					replicas,
					foreign_terms: true,
				}
				.into(),
			)
		},
		8 => (owner, compute::Call::update_bid { order: order?, service: service?, price }.into()),
		9 => (owner, compute::Call::withdraw_bid { order: order?, service: service? }.into()),
		10 | 11 => (
			tenant,
			compute::Call::accept_bid { order: order?, service: service?, max_price: Balance::MAX }
				.into(),
		),
		12..=15 | 37..=41 => {
			let starts = |id: &LeaseId| {
				matches!(
					compute::Leases::<Runtime>::get(id).unwrap().state,
					compute::LeaseState::Starting { .. }
				)
			};
			let starting: Vec<_> = chain.peek(|| leases.iter().copied().filter(starts).collect());
			ready_call(chain, random.pick(&starting)?)
		},
		16 => (lease?.operator, compute::Call::decline { lease: lease_id? }.into()),
		17 => {
			let order = lease?.order;
			let who = chain.peek(|| compute::Orders::<Runtime>::get(order).unwrap().tenant);
			(who, compute::Call::close_lease { lease: lease_id?, at_once: false }.into())
		},
		18 => {
			let at_once = random.below(2) == 0;
			(lease?.operator, compute::Call::close_lease { lease: lease_id?, at_once }.into())
		},
		19 => {
			let blocks = 1 + random.below(40) as u32;
			(tenant, compute::Call::extend { order: order?, replica, blocks }.into())
		},
		20 => {
			let amount = price * Balance::from(1 + random.below(40));
			(tenant, compute::Call::top_up { order: order?, replica, amount }.into())
		},
		21 => (tenant, compute::Call::cancel_order { order: order? }.into()),
		22 => (party(50), compute::Call::remove_order { order: order? }.into()),
		23 => {
			let agreement = lease?.ready?.agreement;
			match random.below(3) {
				0 => (tenant, sla::Call::settle { agreement }.into()),
				1 => (tenant, sla::Call::claim { agreement }.into()),
				_ => (tenant, sla::Call::close_agreement { agreement }.into()),
			}
		},
		24 => {
			let accounts: Vec<_> =
				chain.peek(|| escrow::Accounts::<Runtime>::iter_keys().collect());
			(party(50), escrow::Call::settle { escrow: random.pick(&accounts)? }.into())
		},
		25 => match random.below(4) {
			0 if random.below(4) == 0 => {
				(owner, operators::Call::pause_service { service: service? }.into())
			},
			0..=2 => (owner, operators::Call::resume_service { service: service? }.into()),
			_ => (owner, operators::Call::remove_service { service: service? }.into()),
		},
		26 => match random.below(6) {
			0 if random.below(4) == 0 => (owner, operators::Call::deactivate {}.into()),
			0..=3 => (owner, operators::Call::activate {}.into()),
			4 => (
				owner,
				operators::Call::unbond {
					asset,
					amount: coin * Balance::from(1 + random.below(300)),
				}
				.into(),
			),
			_ => (
				owner,
				operators::Call::bond_more {
					asset,
					amount: coin * Balance::from(1 + random.below(300)),
				}
				.into(),
			),
		},
		27 => {
			let total = replica_resources().times(random.below(9) as u8).unwrap();
			(owner, compute::Call::declare_capacity { service: service?, total }.into())
		},
		28 => {
			let agreements: Vec<_> =
				chain.peek(|| reputation::Engagements::<Runtime>::iter().collect());
			let (agreement, engagement) = random.pick(&agreements)?;
			let who = if random.below(2) == 0 { engagement.tenant } else { engagement.operator };
			(who, reputation::Call::rate { agreement, stars: 1 + random.below(5) as u8 }.into())
		},
		29 => {
			let endpoint = format!("http://127.0.0.1:{}/x", 9_000 + random.below(9));
			let call = operators::Call::update_service {
				service: service?,
				endpoint: Some(endpoint.into_bytes().try_into().unwrap()),
				capacity: None,
				price: None,
				metadata_hash: None,
				metadata_uri: None,
			};
			(owner, call.into())
		},
		_ => return None,
	})
}

/// Random action of governance or of a dispute.
fn random_privileged_call(chain: &mut Fixture, random: &mut Random) {
	let accounts: Vec<_> = chain.peek(|| escrow::Accounts::<Runtime>::iter().collect());
	let parameter = |parameter| -> RuntimeCall {
		pallet_parameters::Call::set_parameter { key_value: parameter }.into()
	};
	let share = Perbill::from_percent(random.below(60) as u32);
	let few = random.below(40) as u32;
	let host = || b"127.0.0.1".to_vec().try_into().unwrap();
	use compute_parameters as c;
	use market_parameters as m;
	use probing_parameters as p;
	let call: Option<RuntimeCall> = match random.below(16) {
		0 => random
			.pick(&accounts)
			.map(|(escrow, _)| escrow::Call::force_close { escrow, to_payee: 0 }.into()),
		1 => Some(operators::Call::deny_host { host: host() }.into()),
		2 | 3 => Some(operators::Call::allow_host { host: host() }.into()),
		4 => Some(operators::Call::revoke_asset { asset: genesis::SBTC }.into()),
		5 | 6 => Some(
			operators::Call::approve_asset { asset: genesis::SBTC, min_bond: 1_000_000 }.into(),
		),
		7 => Some(parameter(RuntimeParameters::Market(m::Parameters::PenaltyShare(
			m::PenaltyShare,
			Some(share),
		)))),
		8 => Some(parameter(RuntimeParameters::Compute(c::Parameters::StartPenalty(
			c::StartPenalty,
			Some(share),
		)))),
		9 => Some(parameter(RuntimeParameters::Compute(c::Parameters::StartBlocks(
			c::StartBlocks,
			Some(few),
		)))),
		10 => Some(parameter(RuntimeParameters::Compute(c::Parameters::ReopenBlocks(
			c::ReopenBlocks,
			Some(few),
		)))),
		11 => Some(parameter(RuntimeParameters::Probing(p::Parameters::UnhealthyRounds(
			p::UnhealthyRounds,
			Some((few % 5) as u8),
		)))),
		12 => Some(parameter(RuntimeParameters::Compute(c::Parameters::MaxDuration(
			c::MaxDuration,
			Some(60 + few * 10),
		)))),
		_ => None,
	};
	match call {
		Some(call) => {
			let _ = chain.block_with(|| call.dispatch(RuntimeOrigin::root()));
		},
		None => {
			let Some((id, account)) = random.pick(&accounts) else { return };
			chain.block_with(|| {
				if account.frozen > 0 {
					let _ = frame_support::storage::with_storage_layer(|| Escrow::thaw(id, 0));
				} else {
					let amount = account.held / 3;
					let _ =
						frame_support::storage::with_storage_layer(|| Escrow::freeze(id, amount));
				}
			});
		},
	}
}

/// Dispatch random calls and check the invariants. Afterwards every order ends, no bond stays
/// reserved, and the issuance is unchanged.
fn fuzz(seed: u64, asset: AssetId, steps: u32, privileged: bool) {
	let mut chain = market(asset);
	let mut random = Random(seed);
	let money = chain.peek(|| [AssetId::Native, asset].map(MarketFunds::issuance));
	for step in 0..steps {
		let mut calls = Vec::new();
		for _ in 0..random.below(4) {
			calls.extend(random_call(&mut chain, &mut random, asset));
		}
		call_all(&mut chain, calls);
		if privileged && random.below(12) == 0 {
			random_privileged_call(&mut chain, &mut random);
		}
		if random.below(4) == 0 {
			let leases: Vec<LeaseId> =
				chain.peek(|| compute::Leases::<Runtime>::iter_keys().collect());
			if let Some(lease) = random.pick(&leases) {
				let target = Target::Lease(lease);
				match random.below(6) {
					0 | 1 => drop(chain.endpoints.insert(target, Finding::Down)),
					2 => drop(
						chain
							.endpoints
							.insert(target, Finding::Bad(LatencyBucket::from_millis(20))),
					),
					3 => drop(
						chain
							.endpoints
							.insert(target, Finding::Up(LatencyBucket::from_millis(900))),
					),
					_ => drop(chain.endpoints.remove(&target)),
				}
			}
		}
		if random.below(200) == 0 {
			chain.stall(60);
		}
		if step % 3 == 0 {
			chain.check();
		}
	}
	// Lift the locks of disputes.
	let frozen: Vec<_> = chain.peek(|| {
		escrow::Accounts::<Runtime>::iter()
			.filter(|(_, account)| account.frozen > 0)
			.map(|(id, _)| id)
			.collect()
	});
	chain.block_with(|| {
		for id in frozen {
			assert_ok!(Escrow::thaw(id, 0));
		}
	});
	chain.until("everything is over", 160, || {
		compute::Orders::<Runtime>::iter_values().all(|order| order.is_over() && order.bids == 0)
	});
	chain.rounds(2);
	chain.check();
	chain.peek(|| {
		assert!(
			compute::Inventories::<Runtime>::iter_values()
				.all(|inventory| inventory.used.is_zero())
		);
		for n in 1..=4 {
			assert_eq!(Operators::reserved(&party(n), asset), 0);
			assert_eq!(operators::Bonds::<Runtime>::get(party(n), asset).exposure, 0);
		}
		assert_eq!(operators::Leases::<Runtime>::iter_keys().count(), 0);
		assert_eq!(sla::WindowBase::<Runtime>::iter_keys().count(), 0);
		assert!(sla::Targets::<Runtime>::iter_keys().all(|target| target.lease().is_none()));
		assert!(sla::Breaches::<Runtime>::iter_keys().all(|(target, _)| target.lease().is_none()));
		assert!(escrow::Agenda::<Runtime>::iter_keys().next().is_none());
		assert!(compute::Agenda::<Runtime>::iter_keys().next().is_none());
		assert_eq!([AssetId::Native, asset].map(MarketFunds::issuance), money);
		let stuck: Vec<_> = escrow::Accounts::<Runtime>::iter().collect();
		assert!(stuck.is_empty(), "{stuck:?}");
	});
}

/// Number of seeds per test, from the environment variable `SEEDS`.
fn seeds() -> u64 {
	std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

#[test]
fn random_calls_keep_invariants_in_native() {
	(1..=seeds()).for_each(|seed| fuzz(seed, AssetId::Native, 500, false));
}

#[test]
fn random_calls_keep_invariants_in_an_asset() {
	(1..=seeds()).for_each(|seed| fuzz(100 + seed, AssetId::Local(genesis::SBTC), 500, false));
}

#[test]
fn random_calls_with_governance_and_disputes_keep_invariants() {
	(1..=seeds()).for_each(|seed| fuzz(200 + seed, AssetId::Native, 500, true));
	(1..=seeds()).for_each(|seed| fuzz(300 + seed, AssetId::Local(genesis::SBTC), 500, true));
}
