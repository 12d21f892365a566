// SPDX-License-Identifier: Apache-2.0

//! Fuzz of all calls: money, bond and resources are conserved, and everything ends.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use proptest::prelude::*;
use surety_primitives::AssetId;

const TENANTS: [AccountId; 2] = [TENANT, OTHER];
const ASSETS: [AssetId; 2] = [NATIVE, LOCAL];

#[derive(Clone, Debug)]
enum Step {
	Place {
		who: usize,
		asset: usize,
		quantity: u8,
		rounds: u32,
		auto: bool,
		deposit: Balance,
		bidders: usize,
		failover: Option<Balance>,
	},
	Bid {
		nth: usize,
		who: usize,
		price: Balance,
		replicas: u8,
	},
	Update {
		nth: usize,
		who: usize,
		price: Balance,
	},
	Withdraw {
		nth: usize,
		who: usize,
	},
	Accept {
		nth: usize,
		who: usize,
	},
	Ready {
		nth: usize,
	},
	Decline {
		nth: usize,
	},
	Close {
		nth: usize,
		by_operator: bool,
		at_once: bool,
	},
	Cancel {
		nth: usize,
	},
	Extend {
		nth: usize,
		replica: u8,
		blocks: u32,
	},
	TopUp {
		nth: usize,
		replica: u8,
		amount: Balance,
	},
	Outage {
		nth: usize,
		rounds: u32,
	},
	Terminate {
		nth: usize,
		late: u32,
		rent: bool,
	},
	Force {
		nth: usize,
		replica: usize,
	},
	Dispute {
		nth: usize,
		replica: usize,
	},
	Settle,
	Full(bool),
	PenaltyShare(u32),
	Trial(u32),
	Pause {
		who: usize,
		asset: usize,
		paused: bool,
	},
	Score {
		who: usize,
		score: u8,
	},
	Remove {
		nth: usize,
	},
	Run(u32),
}

fn step() -> impl Strategy<Value = Step> {
	let nth = || 0usize..32;
	let who = || 0usize..4;
	prop_oneof![
		5 => (
			(0usize..2, 0usize..2, 1u8..4, 1u32..40, 0u8..4, 6_010u128..20_000, 0usize..16),
			proptest::option::of(0u128..101)
		).prop_map(|((who, asset, quantity, rounds, auto, deposit, bidders), failover)| {
			Step::Place { who, asset, quantity, rounds, auto: auto > 0, deposit, bidders, failover }
		}),
		12 => (nth(), who(), 17u128..101, 1u8..4)
			.prop_map(|(nth, who, price, replicas)| Step::Bid { nth, who, price, replicas }),
		3 => (nth(), who(), 17u128..101)
			.prop_map(|(nth, who, price)| Step::Update { nth, who, price }),
		2 => (nth(), who()).prop_map(|(nth, who)| Step::Withdraw { nth, who }),
		4 => (nth(), who()).prop_map(|(nth, who)| Step::Accept { nth, who }),
		14 => nth().prop_map(|nth| Step::Ready { nth }),
		2 => nth().prop_map(|nth| Step::Decline { nth }),
		4 => (nth(), any::<bool>(), any::<bool>())
			.prop_map(|(nth, by_operator, at_once)| Step::Close { nth, by_operator, at_once }),
		1 => nth().prop_map(|nth| Step::Cancel { nth }),
		2 => (nth(), 0u8..3, 1u32..80)
			.prop_map(|(nth, replica, blocks)| Step::Extend { nth, replica, blocks }),
		2 => (nth(), 0u8..3, 1u128..9_000)
			.prop_map(|(nth, replica, amount)| Step::TopUp { nth, replica, amount }),
		5 => (nth(), 1u32..8).prop_map(|(nth, rounds)| Step::Outage { nth, rounds }),
		2 => (nth(), 0u32..4, any::<bool>())
			.prop_map(|(nth, late, rent)| Step::Terminate { nth, late, rent }),
		1 => (nth(), 0usize..3).prop_map(|(nth, replica)| Step::Force { nth, replica }),
		1 => (nth(), 0usize..3).prop_map(|(nth, replica)| Step::Dispute { nth, replica }),
		2 => Just(Step::Settle),
		1 => any::<bool>().prop_map(Step::Full),
		1 => (0u32..100).prop_map(Step::PenaltyShare),
		1 => (0u32..20).prop_map(Step::Trial),
		1 => (who(), 0usize..2, any::<bool>())
			.prop_map(|(who, asset, paused)| Step::Pause { who, asset, paused }),
		2 => (who(), 0u8..101).prop_map(|(who, score)| Step::Score { who, score }),
		1 => nth().prop_map(|nth| Step::Remove { nth }),
		14 => (1u32..40).prop_map(Step::Run),
	]
}

fn an_order(nth: usize) -> OrderId {
	let mut ids: Vec<_> = Orders::<Test>::iter_keys().collect();
	ids.sort_unstable();
	ids.get(nth % ids.len().max(1)).copied().unwrap_or(OrderId::MAX)
}

/// Lease that is not over.
fn a_lease(nth: usize) -> Option<(LeaseId, LeaseOf<Test>)> {
	a_lease_that(nth, |state| !matches!(state, LeaseState::Closed { .. }))
}

fn a_lease_that(nth: usize, is: impl Fn(&LeaseState) -> bool) -> Option<(LeaseId, LeaseOf<Test>)> {
	let mut ids: Vec<_> = Leases::<Test>::iter().filter(|(_, lease)| is(&lease.state)).collect();
	ids.sort_unstable_by_key(|(id, _)| *id);
	ids.get(nth % ids.len().max(1)).cloned()
}

fn apply(step: Step) {
	let with_order = |nth, f: &dyn Fn(OrderId, OrderOf<Test>)| {
		let id = an_order(nth);
		if let Some(order) = Orders::<Test>::get(id) {
			f(id, order);
		}
	};
	match step {
		Step::Place { who, asset, quantity, rounds, auto, deposit, bidders, failover } => {
			let mut new = new_order(ASSETS[asset]);
			new.quantity = quantity;
			new.duration = rounds * L;
			new.auto_match = auto;
			new.deposit = deposit;
			new.failover_price = failover;
			let id = NextOrder::<Test>::get();
			let _ = try_place(TENANTS[who], new);
			// Some operators bid at once, so that not every order expires.
			for (n, who) in OPERATORS.into_iter().enumerate().filter(|(n, _)| bidders >> n & 1 == 1)
			{
				let _ =
					bid(who, id, service_of(who, ASSETS[asset]), 30 + 10 * n as Balance, quantity);
			}
		},
		Step::Bid { nth, who, price, replicas } => with_order(nth, &|id, order| {
			let who = OPERATORS[who];
			let _ = bid(who, id, service_of(who, order.asset), price, replicas);
		}),
		Step::Update { nth, who, price } => with_order(nth, &|id, order| {
			let who = OPERATORS[who];
			let _ = update_bid(who, id, service_of(who, order.asset), price);
		}),
		Step::Withdraw { nth, who } => with_order(nth, &|id, order| {
			let who = OPERATORS[who];
			let _ = withdraw(who, id, service_of(who, order.asset));
		}),
		Step::Accept { nth, who } => with_order(nth, &|id, order| {
			let _ = accept(order.tenant, id, service_of(OPERATORS[who], order.asset));
		}),
		Step::Ready { nth } => {
			if let Some((id, lease)) =
				a_lease_that(nth, |state| matches!(state, LeaseState::Starting { .. }))
			{
				let _ = try_ready(lease.operator, id, health_of(lease.service));
			}
		},
		Step::Decline { nth } => {
			if let Some((id, lease)) = a_lease(nth) {
				let _ = decline(lease.operator, id);
			}
		},
		Step::Close { nth, by_operator, at_once } => {
			if let Some((id, lease)) = a_lease(nth) {
				let who = if by_operator { lease.operator } else { order(lease.order).tenant };
				let _ = close(who, id, at_once);
			}
		},
		Step::Cancel { nth } => with_order(nth, &|id, order| {
			let _ = cancel(order.tenant, id);
		}),
		Step::Extend { nth, replica, blocks } => with_order(nth, &|id, order| {
			let _ = extend(order.tenant, id, replica, blocks);
		}),
		Step::TopUp { nth, replica, amount } => with_order(nth, &|id, order| {
			let _ = top_up(order.tenant, id, replica, amount);
		}),
		Step::Outage { nth, rounds } => {
			if let Some((id, _)) = a_lease(nth) {
				outage(id, Timing::round() + 1, rounds);
			}
		},
		Step::Terminate { nth, late, rent } => {
			let since = |state: &LeaseState| match state {
				LeaseState::Running { since } => Some(Timing::round_at(*since)),
				_ => None,
			};
			if let Some((id, lease)) = a_lease_that(nth, |state| since(state).is_some()) {
				let reason = if rent { CloseReason::RentUnpaid } else { CloseReason::Terminated };
				// Two rounds back, or ahead, but not before the lease ran.
				let round = (Timing::round() + 1).saturating_sub(late);
				carry_out(id, (round.max(since(&lease.state).unwrap()), reason));
			}
		},
		Step::Force { nth, replica } => with_order(nth, &|_, order| {
			if let Some(replica) = order.replicas.get(replica).filter(|r| !r.state.is_closed()) {
				let _ = force_close_escrow(replica.escrow);
			}
		}),
		Step::Dispute { nth, replica } => with_order(nth, &|_, order| {
			if let Some(replica) = order.replicas.get(replica) {
				let _ = Escrow::freeze(replica.escrow, 1);
			}
		}),
		Step::Settle => settle_disputes(),
		Step::Full(true) => fill_slots(),
		Step::Full(false) => release_slots(),
		Step::PenaltyShare(percent) => PenaltyShare::set(&Perbill::from_percent(percent)),
		Step::Trial(rounds) => TrialRounds::set(&rounds),
		Step::Pause { who, asset, paused } => {
			let service = service_of(OPERATORS[who], ASSETS[asset]);
			set_paused(service, paused);
		},
		Step::Score { who, score } => {
			set_score(OPERATORS[who], score);
		},
		Step::Remove { nth } => {
			let _ = remove(ADMIN, an_order(nth));
		},
		Step::Run(blocks) => run(blocks),
	}
}

/// End all disputes, as far as escrow can do that now.
fn settle_disputes() {
	for id in pallet_surety_escrow::Accounts::<Test>::iter_keys() {
		let _ = Escrow::thaw(id, 0);
	}
}

/// Balances of all accounts in an asset, held and free.
fn everything(asset: AssetId) -> Vec<(AccountId, Balance)> {
	[1, 2, 3, 4, TENANT, OTHER, TREASURY, FEES].map(|who| (who, total(asset, who))).to_vec()
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

	#[test]
	fn money_bond_and_resources_are_conserved_and_everything_ends(
		steps in proptest::collection::vec(step(), 1..90),
		at_once in 1u32..6,
	) {
		ExtBuilder::build().execute_with(|| {
			TasksAtOnce::set(&at_once);
			let issued = ASSETS.map(Money::issuance);
			let before = ASSETS.map(everything);
			for step in steps {
				apply(step);
				check(issued);
			}
			// No more calls, and no dispute stays forever.
			run(30);
			settle_disputes();
			run(1_200);
			check(issued);
			let mut ids: Vec<_> = Orders::<Test>::iter_keys().collect();
			ids.sort_unstable();
			for id in ids {
				assert!(order(id).is_over(), "order {id} did not end");
				assert_ok!(remove(ADMIN, id));
			}
			check(issued);
			assert_eq!(pallet_surety_operators::Reserved::<Test>::iter().count(), 0);
			assert_eq!(pallet_surety_escrow::Accounts::<Test>::iter().count(), 0);
			assert_eq!(Agenda::<Test>::iter().count() + Bids::<Test>::iter().count(), 0);
			assert_eq!(Leases::<Test>::iter().count() + LeasesOf::<Test>::iter().count(), 0);
			for who in OPERATORS {
				for asset in ASSETS {
					assert!(used(service_of(who, asset)).is_zero());
				}
				assert_eq!(Money::held(NATIVE, BID_HOLD, &who), 0);
			}
			for (asset, before) in ASSETS.into_iter().zip(before) {
				let after = everything(asset);
				let of = |all: &[(AccountId, Balance)], who| {
					all.iter().find(|(it, _)| *it == who).unwrap().1
				};
				// Credits are at most what the tenant paid, of which the operator had all but the
				// fee.
				let losses = [TREASURY, FEES].map(|who| of(&after, who) - of(&before, who));
				let losses: Balance = losses.into_iter().sum();
				for ((who, had), (_, has)) in before.into_iter().zip(after) {
					match who {
						// Tenants only pay, operators lose penalties and fees, the pots only grow.
						TENANT | OTHER => assert!(has <= had, "a tenant gained"),
						TREASURY | FEES => assert!(has >= had),
						_ => assert!(has + losses >= had, "operator {who} lost more than it may"),
					}
				}
			}
			// An operator answers for a failure once.
			let failures = failures();
			let leases: std::collections::BTreeSet<_> =
				failures.iter().map(|(_, lease, _)| *lease).collect();
			assert_eq!(failures.len(), leases.len(), "a failure counted twice");
			assert_eq!(pallet_surety_sla::Agreements::<Test>::iter().count(), 0);
		});
	}
}
