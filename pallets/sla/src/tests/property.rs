// SPDX-License-Identifier: Apache-2.0

//! Over any sequence of calls, outages, changed parameters and rounds: money is conserved, the
//! invariants of all pallets hold, no index falls, and every agreement has been credited at its end
//! exactly what its breaches promised it, up to the sum it has paid.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use surety_primitives::{LeaseId, ServiceStatus};

const TENANTS: [AccountId; 3] = [TENANT, OTHER, THIRD];
const REASONS: [CloseReason; 4] = [
	CloseReason::TenantClosed,
	CloseReason::Expired,
	CloseReason::Unhealthy,
	CloseReason::Governance,
];

#[derive(Clone, Debug)]
enum Step {
	Open {
		who: usize,
		service: usize,
		units: u32,
		price: Balance,
		/// Beyond the least deposit.
		extra: Balance,
	},
	/// A lease begins.
	Lease {
		who: usize,
		local: bool,
		price: Balance,
	},
	/// The owner of a lease ends it, so many rounds ahead.
	EndLease {
		nth: usize,
		ahead: u32,
		reason: usize,
	},
	TopUp {
		nth: usize,
		amount: Balance,
	},
	Close {
		nth: usize,
		by_operator: bool,
	},
	Settle {
		nth: usize,
	},
	Claim {
		nth: usize,
	},
	/// A target answers badly in the next rounds, and they pass.
	Fail {
		nth: usize,
		rounds: u32,
		how: usize,
	},
	/// An agreement is closed around an outage at the next window's edge.
	Edge {
		nth: usize,
		after: u32,
		early: bool,
	},
	Rounds(u32),
	Idle,
	Unbond {
		local: bool,
		percent: u32,
	},
	BondMore {
		local: bool,
		amount: Balance,
	},
	RaiseCover {
		service: usize,
		tenths: u32,
	},
	/// A parameter, or the number of slots that others take.
	Parameter {
		which: u8,
		percent: u32,
	},
	Blocked {
		who: usize,
		blocked: bool,
	},
	Retire {
		service: usize,
	},
	/// A service that has ended is removed, and another is listed with other terms.
	Relist {
		service: usize,
		terms: usize,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let service = 0usize..3;
	let nth = 0usize..40;
	prop_oneof![
		6 => (0..TENANTS.len(), service.clone(), 1u32..20, 1u128..12, 0u128..5_000).prop_map(
			|(who, service, units, price, extra)| Step::Open { who, service, units, price, extra }
		),
		3 => (0..TENANTS.len(), any::<bool>(), 1u128..12)
			.prop_map(|(who, local, price)| Step::Lease { who, local, price }),
		2 => (nth.clone(), 0u32..4, 0..REASONS.len())
			.prop_map(|(nth, ahead, reason)| Step::EndLease { nth, ahead, reason }),
		1 => (nth.clone(), 0u128..5_000).prop_map(|(nth, amount)| Step::TopUp { nth, amount }),
		3 => (nth.clone(), any::<bool>())
			.prop_map(|(nth, by_operator)| Step::Close { nth, by_operator }),
		2 => nth.clone().prop_map(|nth| Step::Settle { nth }),
		1 => nth.clone().prop_map(|nth| Step::Claim { nth }),
		8 => (nth.clone(), 1u32..13, 0usize..6)
			.prop_map(|(nth, rounds, how)| Step::Fail { nth, rounds, how }),
		2 => (nth, 0u32..5, any::<bool>())
			.prop_map(|(nth, after, early)| Step::Edge { nth, after, early }),
		6 => (1u32..15).prop_map(Step::Rounds),
		2 => Just(Step::Idle),
		1 => (any::<bool>(), 30u32..101)
			.prop_map(|(local, percent)| Step::Unbond { local, percent }),
		1 => (any::<bool>(), 1u128..20_000)
			.prop_map(|(local, amount)| Step::BondMore { local, amount }),
		1 => (service.clone(), 1u32..20)
			.prop_map(|(service, tenths)| Step::RaiseCover { service, tenths }),
		4 => (0u8..7, 0u32..100).prop_map(|(which, percent)| Step::Parameter { which, percent }),
		1 => (0..TENANTS.len(), any::<bool>())
			.prop_map(|(who, blocked)| Step::Blocked { who, blocked }),
		1 => service.clone().prop_map(|service| Step::Retire { service }),
		2 => (service, 0usize..3).prop_map(|(service, terms)| Step::Relist { service, terms }),
	]
}

/// Memory of a game.
struct Game {
	/// Services sold by the unit; leases come and go beside them.
	services: [Target; 3],
	leases: LeaseId,
	/// Highest index seen, and the index after the last breach of a window.
	index: BTreeMap<Target, WindowShare>,
	after: BTreeMap<(Target, WindowIndex), WindowShare>,
	/// Agreements as they were seen last.
	seen: BTreeMap<AgreementId, Agreement<AccountId>>,
}

/// Make a call in a transaction of its own, as every call is.
fn transact<T, E: From<DispatchError>>(call: impl FnOnce() -> Result<T, E>) -> bool {
	frame_support::storage::with_storage_layer(call).is_ok()
}

fn nth(nth: usize) -> AgreementId {
	let mut ids: Vec<_> = Agreements::<Test>::iter_keys().collect();
	ids.sort_unstable();
	ids.get(nth % ids.len().max(1)).copied().unwrap_or(AgreementId::MAX)
}

fn nth_lease(nth: usize) -> Option<LeaseId> {
	let leases = Leased::get();
	leases.keys().nth(nth % leases.len().max(1)).copied()
}

/// Give terms of another generosity: the usual ones, or some windows' prices for any breach.
fn with_terms(target: Target, terms: usize) {
	if let Some(windows) = [None, Some(1), Some(30)][terms] {
		promise(target, WindowShare::from_u32(windows), WindowShare::from_u32(2 * windows));
	}
}

fn parameter(which: u8, percent: u32) {
	let share = Perbill::from_percent(percent);
	match which {
		0 => Share::set(&share),
		1 => PlatformShare::set(&share),
		2 => BaseRent::set(&share),
		3 => PeakRent::set(&share),
		4 => Escalation::set(&(percent % 65)),
		5 => MaxMultiplied::set(&(percent as u8 % 5 + 1)),
		_ => {
			let (fillers, wanted) = (Fillers::get().len() as u32, percent % 20);
			match wanted.checked_sub(fillers) {
				Some(more) => fill_slots(Probes::occupancy().taken + more),
				None => empty_slots(wanted),
			}
		},
	}
}

impl Game {
	/// Credit that breaches have promised an agreement: it counts from the end of the window in
	/// which it was opened.
	fn promised(&self, id: AgreementId) -> Balance {
		let a = &self.seen[&id];
		let opened = Timing::window_of(Timing::round_at(a.opened_at));
		let through = |window| self.after.range((a.target, 0)..=(a.target, window)).next_back();
		let base = through(opened).map_or(NO_COVER, |(_, index)| *index);
		let now = through(WindowIndex::MAX).map_or(NO_COVER, |(_, index)| *index);
		(now - base).saturating_mul_int(a.rate * Balance::from(L * R))
	}

	/// Read the events: breaches, and that every closed agreement was credited its due.
	fn listen(&mut self) {
		for event in events() {
			match event {
				Event::AgreementOpened { agreement: id, .. } => {
					// It may be over by now.
					self.seen.extend(Agreements::<Test>::get(id).map(|a| (id, a)));
				},
				Event::Breached { target, breach, .. } => {
					self.after.insert((target, breach.window), breach.index_after);
				},
				Event::AgreementClosed { agreement, credited, paid, .. } => {
					let due = self.promised(agreement).min(paid);
					assert_eq!(credited, due, "credited what was not due");
				},
				_ => {},
			}
		}
	}

	fn pass(&mut self, rounds: u32) {
		for _ in 0..rounds {
			pass_rounds(1);
			self.listen();
		}
	}

	/// Outages around a window's edge, and a close.
	fn edge(&mut self, id: AgreementId, after: u32, early: bool) {
		let Some(a) = Agreements::<Test>::get(id) else { return };
		let edge = Timing::window_start(Timing::window_of(Timing::round()) + 1);
		outage(a.target, edge - 2..edge + 3);
		let close = || transact(|| Sla::close_agreement(signed(a.tenant), id));
		self.pass(edge + 1 - Timing::round());
		let _closed = early && close();
		for _ in 0..=after {
			self.pass(1);
			transact(|| Sla::settle(signed(a.tenant), id));
		}
		let _closed = close();
	}

	fn fail(&mut self, id: AgreementId, rounds: u32, how: usize) {
		let Some(a) = Agreements::<Test>::get(id) else { return };
		let fast = LatencyBucket::from_millis(100);
		let findings = [
			[Finding::Down; 2],
			[Finding::Bad(fast); 2],
			[Finding::Stale(fast); 2],
			[Finding::Up(LatencyBucket::from_millis(400)); 2],
			[up(), Finding::Down],
			[Finding::InDoubt; 2],
		];
		let round = Timing::round();
		find(a.target, round + 1..=round + rounds, findings[how]);
		self.pass(rounds);
	}

	fn begin(&mut self, who: usize, local: bool, price: Balance) {
		let lease = self.leases;
		self.leases += 1;
		let asset = if local { LOCAL } else { NATIVE };
		transact(|| {
			let target = list_lease(lease, asset);
			relist(target, |listing| listing.price = price);
			begin_lease(TENANTS[who], lease, DEPOSIT).map(drop)
		});
	}

	/// Remove a service that has ended, and list another of its asset.
	fn relist(&mut self, service: usize, terms: usize) {
		let target = self.services[service];
		let asset = listing(target).asset;
		if transact(|| Operators::remove_service(signed(THIRD), id_of(target))) {
			assert_eq!(exposure(target), 0);
			if bond(asset) < MIN_BOND {
				bond_more(asset, MIN_BOND);
			}
			self.services[service] = list(asset);
			with_terms(self.services[service], terms);
		}
	}

	fn apply(&mut self, step: Step) {
		match step {
			Step::Open { who, service, units, price, extra } => {
				let target = self.services[service];
				relist(target, |listing| listing.price = price);
				let deposit = price * Balance::from(units) * Balance::from(L * R) + MINIMUM + extra;
				transact(|| try_open(TENANTS[who], target, units, deposit));
			},
			Step::Lease { who, local, price } => self.begin(who, local, price),
			Step::EndLease { nth, ahead, reason } => {
				if let Some(lease) = nth_lease(nth) {
					end_lease(lease, Timing::round() + ahead, REASONS[reason]);
				}
			},
			Step::TopUp { nth: n, amount } => {
				if let Some(a) = Agreements::<Test>::get(nth(n)) {
					transact(|| Sla::top_up(signed(a.tenant), nth(n), amount));
				}
			},
			Step::Close { nth: n, by_operator } => {
				if let Some(a) = Agreements::<Test>::get(nth(n)) {
					let who = if by_operator { OPERATOR } else { a.tenant };
					transact(|| Sla::close_agreement(signed(who), nth(n)));
				}
			},
			Step::Settle { nth: n } => {
				transact(|| Sla::settle(signed(THIRD), nth(n)));
			},
			Step::Claim { nth: n } => {
				transact(|| Sla::claim(signed(THIRD), nth(n)));
			},
			Step::Fail { nth: n, rounds, how } => self.fail(nth(n), rounds, how),
			Step::Edge { nth: n, after, early } => self.edge(nth(n), after, early),
			Step::Rounds(rounds) => self.pass(rounds),
			Step::Idle => drop(Sla::on_idle(0, Weight::MAX)),
			Step::Unbond { local, percent } => {
				let asset = if local { LOCAL } else { NATIVE };
				let free = pallet_surety_operators::Bonds::<Test>::get(OPERATOR, asset).free();
				let amount = free * Balance::from(percent) / 100;
				transact(|| Operators::unbond(signed(OPERATOR), asset, amount));
			},
			Step::BondMore { local, amount } => {
				let asset = if local { LOCAL } else { NATIVE };
				transact(|| Operators::bond_more(signed(OPERATOR), asset, amount));
			},
			Step::RaiseCover { service, tenths: by } => {
				let target = self.services[service];
				let cover = listing(target).terms.cover + tenths(by);
				transact(|| Operators::raise_cover(signed(OPERATOR), id_of(target), cover));
			},
			Step::Parameter { which, percent } => parameter(which, percent),
			Step::Blocked { who, blocked } => match blocked {
				true => block(TENANTS[who]),
				false => unblock(TENANTS[who]),
			},
			Step::Retire { service } => {
				let id = id_of(self.services[service]);
				transact(|| Operators::retire_service(signed(OPERATOR), id));
			},
			Step::Relist { service, terms } => self.relist(service, terms),
		}
	}

	/// Indices and ends never go back.
	fn look(&mut self) {
		for (target, state) in Targets::<Test>::iter() {
			let before = self.index.insert(target, state.index).unwrap_or_default();
			assert!(state.index >= before, "the index fell");
			if let Some(at) = state.ends.filter(|_| state.units > 0) {
				let stands = meter_end(target).map(|(stands, _)| stands);
				assert!(stands.is_some_and(|stands| stands <= at), "an end was put off");
			}
		}
	}

	/// Everybody leaves, and everything is paid out.
	fn leave(&mut self) {
		for who in TENANTS {
			unblock(who);
		}
		let ids: Vec<_> = Agreements::<Test>::iter_keys().collect();
		for id in &ids {
			let a = agreement(*id);
			transact(|| Sla::close_agreement(signed(a.tenant), *id));
		}
		for lease in Leased::get().into_keys() {
			end_lease(lease, Timing::round(), CloseReason::TenantClosed);
		}
		for target in self.services {
			transact(|| Operators::retire_service(signed(OPERATOR), id_of(target)));
		}
		for id in &ids {
			transact(|| Sla::settle(signed(THIRD), *id));
		}
		self.pass(R + 3);
		for id in &ids {
			transact(|| Sla::settle(signed(THIRD), *id));
		}
		self.pass(1);
		for id in ids {
			transact(|| Sla::claim(signed(THIRD), id));
		}
		assert_eq!(Agreements::<Test>::iter().count(), 0);
		for target in self.services {
			assert!(matches!(listing(target).status, ServiceStatus::Ending { .. }));
			assert_eq!(exposure(target), 0);
			assert_ok!(Operators::remove_service(signed(THIRD), id_of(target)));
		}
		assert_eq!([pot(NATIVE), pot(LOCAL)], [(0, 0); 2]);
		assert_eq!(Targets::<Test>::iter().count() + WindowBase::<Test>::iter().count(), 0);
	}
}

/// 64 games, or as many as `PROPTEST_CASES` says.
fn games() -> ProptestConfig {
	let cases =
		std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64);
	ProptestConfig { cases, ..ProptestConfig::default() }
}

fn play(terms: Vec<usize>, steps: Vec<Step>) {
	new_test_ext().execute_with(|| {
		let issued = issuance();
		History::set(&64);
		let services = [SERVICE, LOCAL_SERVICE, SIBLING];
		for (service, terms) in services.into_iter().zip(terms) {
			with_terms(service, terms);
		}
		let mut game = Game {
			services,
			leases: 0,
			index: BTreeMap::new(),
			after: BTreeMap::new(),
			seen: BTreeMap::new(),
		};
		for step in steps {
			game.apply(step);
			game.listen();
			game.look();
			check(issued);
		}
		game.leave();
		check(issued);
	});
}

/// Games that failed at some time.
#[test]
fn games_that_failed_before() {
	let open = Step::Open { who: 0, service: 2, units: 1, price: 1, extra: 0 };
	let edge = Step::Edge { nth: 0, after: 0, early: false };
	play(
		vec![0, 0, 0],
		vec![
			Step::Lease { who: 0, local: false, price: 1 },
			edge.clone(),
			Step::EndLease { nth: 0, ahead: 0, reason: 2 },
		],
	);
	let close = Step::Close { nth: 0, by_operator: false };
	play(vec![0, 0, 0], vec![open.clone(), close, open, edge, Step::Rounds(1)]);
}

proptest! {
	#![proptest_config(games())]

	#[test]
	fn money_is_conserved_and_every_promise_funded(
		terms in proptest::collection::vec(0usize..3, 3),
		steps in proptest::collection::vec(step(), 1..60),
	) {
		play(terms, steps);
	}
}
