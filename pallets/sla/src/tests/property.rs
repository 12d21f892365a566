//! Over any sequence of calls, breaches and turns: money is conserved, every invariant holds, no index
//! falls or passes the cap, what anybody is credited in a window is within its price, and every agreement has
//! been credited at its end exactly what its breaches and its last round say.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use surety_primitives::{LeaseId, lease_of_service};

const TENANTS: [AccountId; 3] = [TENANT, OTHER, THIRD];
/// Sold by the unit; leases come and go beside them.
const SERVICES: [ServiceId; 3] = [SERVICE, LOCAL_SERVICE, SIBLING];
const REASONS: [CloseReason; 4] =
	[CloseReason::TenantClosed, CloseReason::Expired, CloseReason::Unhealthy, CloseReason::Governance];

#[derive(Clone, Debug)]
enum Step {
	Open {
		who: usize,
		service: usize,
		units: u32,
		price: Balance,
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
	/// The deposit runs out, if it is close to that.
	Exhaust {
		nth: usize,
	},
	/// Outages in the rounds before the window's edge and after it, and a tenant that closes before
	/// or after so many of them are judged.
	Edge {
		nth: usize,
		after: u32,
		early: bool,
		severity: usize,
	},
	Settle {
		nth: usize,
	},
	Claim {
		nth: usize,
	},
	Breach {
		service: usize,
		kind: usize,
		severity: usize,
		multiplier: u8,
	},
	/// So many rounds pass; windows turn as they are judged.
	Rounds(u32),
	Idle,
	/// Escrow works its agenda, or is late.
	Agenda,
	LoseBond {
		percent: u32,
	},
	RaiseCap {
		service: usize,
		by: Balance,
	},
	Share(u32),
	Blocked {
		who: usize,
		blocked: bool,
	},
	Retire {
		service: usize,
	},
	Forget {
		service: usize,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let service = 0..SERVICES.len();
	let nth = 0usize..40;
	prop_oneof![
		6 => (0..TENANTS.len(), service.clone(), 1u32..20, 1u128..12)
			.prop_map(|(who, service, units, price)| Step::Open { who, service, units, price }),
		3 => (0..TENANTS.len(), any::<bool>(), 1u128..12)
			.prop_map(|(who, local, price)| Step::Lease { who, local, price }),
		2 => (nth.clone(), 0u32..4, 0..REASONS.len())
			.prop_map(|(nth, ahead, reason)| Step::EndLease { nth, ahead, reason }),
		3 => nth.clone().prop_map(|nth| Step::Exhaust { nth }),
		4 => (nth.clone(), 0u32..5, any::<bool>(), 0usize..4)
			.prop_map(|(nth, after, early, severity)| Step::Edge { nth, after, early, severity }),
		1 => (nth.clone(), 0u128..5_000).prop_map(|(nth, amount)| Step::TopUp { nth, amount }),
		3 => (nth.clone(), any::<bool>()).prop_map(|(nth, by_operator)| Step::Close { nth, by_operator }),
		2 => nth.clone().prop_map(|nth| Step::Settle { nth }),
		1 => nth.prop_map(|nth| Step::Claim { nth }),
		8 => (0usize..12, 0usize..3, 0usize..4, 1u8..4).prop_map(
			|(service, kind, severity, multiplier)| Step::Breach { service, kind, severity, multiplier }
		),
		6 => (1u32..15).prop_map(Step::Rounds),
		2 => Just(Step::Idle),
		4 => Just(Step::Agenda),
		1 => (30u32..101).prop_map(|percent| Step::LoseBond { percent }),
		1 => (service.clone(), 1u128..500).prop_map(|(service, by)| Step::RaiseCap { service, by }),
		1 => (0u32..30).prop_map(Step::Share),
		1 => (0..TENANTS.len(), any::<bool>()).prop_map(|(who, blocked)| Step::Blocked { who, blocked }),
		1 => service.clone().prop_map(|service| Step::Retire { service }),
		1 => service.prop_map(|service| Step::Forget { service }),
	]
}

/// What the test remembers from outside.
#[derive(Default)]
struct Watch {
	index: BTreeMap<ServiceId, Balance>,
	/// Highest tier per service, window and kind.
	tiers: BTreeMap<(ServiceId, WindowIndex, usize), usize>,
	turned: WindowIndex,
	leases: LeaseId,
	/// Agreements as they were seen last.
	seen: BTreeMap<AgreementId, Agreement<AccountId>>,
	/// Rises per unit by round, of the agreements whose units counted.
	rises: BTreeMap<AgreementId, Vec<(RoundIndex, Balance)>>,
	/// Last round and reason of agreements that are ending.
	ends: BTreeMap<AgreementId, (RoundIndex, CloseReason)>,
}

impl Watch {
	fn nth(nth: usize) -> AgreementId {
		let mut ids: Vec<_> = Agreements::<Test>::iter_keys().collect();
		ids.sort_unstable();
		ids.get(nth % ids.len().max(1)).copied().unwrap_or(AgreementId::MAX)
	}

	/// A lease that runs.
	fn nth_lease(nth: usize) -> Option<LeaseId> {
		let leases = Leased::get();
		leases.keys().nth(nth % leases.len().max(1)).copied()
	}

	fn rounds(&mut self, rounds: u32) {
		at_round(TestClock::round() + rounds);
		while TestClock::window_start(self.turned + 2) <= Judged::get() {
			self.turned += 1;
			let services: Vec<_> = Services::<Test>::iter_keys().collect();
			for service in services {
				if Sla::units(service) > 0 {
					turn(service, self.turned);
				}
			}
		}
	}

	/// A breach in the round judged last.
	fn breach(&mut self, service: ServiceId, kind: usize, severity: usize, multiplier: u8) {
		let round = Judged::get();
		let window = TestClock::window_of(round);
		let reached = self.tiers.get(&(service, window, kind)).copied();
		let over = MeterEnds::get().get(&service).is_some_and(|end| *end < round);
		if over || !Services::<Test>::contains_key(service) || reached.is_some_and(|tier| severity <= tier) {
			return;
		}
		self.tiers.insert((service, window, kind), severity);
		let severities = surety_primitives::Severity::ALL;
		let before = reached.map(|tier| severities[tier]);
		let record =
			breach_in(round, service, BreachKind::COUNTED[kind], before, severities[severity], multiplier);
		for (id, a) in Agreements::<Test>::iter() {
			let counts = TestClock::window_of(TestClock::round_at(a.opened_at)) < window;
			let over = matches!(a.state, AgreementState::Closed { .. });
			let rise = record.rises.iter().find(|rise| rise.price == a.price);
			if let Some(rise) = rise.filter(|_| a.service == service && counts && !over) {
				self.rises.entry(id).or_default().push((round, rise.after - rise.before));
			}
		}
		for id in self.rises.keys().filter(|id| Agreements::<Test>::contains_key(*id)) {
			let a = agreement(*id);
			assert!(
				self.risen(*id, window, RoundIndex::MAX) <= price_of(&a, L * R),
				"credits above the price"
			);
		}
	}

	/// Rises of an agreement's index in a window through a round of it.
	fn risen(&self, id: AgreementId, window: WindowIndex, through: RoundIndex) -> Balance {
		let rises = self.rises.get(&id).into_iter().flatten();
		rises.filter(|(r, _)| *r <= through && TestClock::window_of(*r) == window).map(|(_, rise)| rise).sum()
	}

	/// What an agreement must have been credited when it is over.
	fn expected(&self, id: AgreementId) -> Balance {
		let a = &self.seen[&id];
		let (last, reason) = self.ends[&id];
		let window = TestClock::window_of(last);
		let before: Balance = (0..window).map(|w| self.risen(id, w, last)).sum();
		let limited =
			matches!(reason, CloseReason::TenantClosed | CloseReason::FundsExhausted | CloseReason::Expired);
		// A lease ends at once whoever failed.
		let limited = limited || a.lease.is_some();
		let stayed = (last + 1 - TestClock::window_start(window)) * L;
		let limit = if limited { price_of(a, stayed) } else { Balance::MAX };
		Balance::from(a.units) * (before + self.risen(id, window, last).min(limit))
	}

	/// Read the events: what is ending, and whether what is over was credited what it should have been.
	fn listen(&mut self) {
		self.seen.extend(Agreements::<Test>::iter());
		for event in events() {
			match event {
				Event::AgreementEnding { agreement, round, reason, .. } => {
					self.ends.insert(agreement, (round, reason));
				},
				Event::AgreementClosed { agreement, credited, .. } => {
					assert_eq!(credited, self.expected(agreement), "credited what was not due");
				},
				_ => {},
			}
		}
	}

	/// Outages around a window's edge, and a close.
	fn edge(&mut self, nth: usize, after: u32, early: bool, severity: usize) {
		let id = Self::nth(nth);
		let Some(a) = Agreements::<Test>::get(id) else { return };
		let window = TestClock::window_of(TestClock::round()) + 1;
		self.rounds(TestClock::window_start(window) + 1 - TestClock::round());
		self.breach(a.service, 0, severity, 1);
		let close = || with_storage(|| Sla::close_agreement(signed(a.tenant), id)).is_ok();
		let _closed = early && close();
		for step in 0..=after {
			self.rounds(1);
			self.breach(a.service, step as usize % 3, severity, 1);
			let _ = with_storage(|| Sla::settle(signed(a.tenant), id));
		}
		let _closed = close();
	}

	/// Escrow ends a stream whose funds end within two rounds.
	fn exhaust(nth: usize) {
		let id = Self::nth(nth);
		let Some(a) = Agreements::<Test>::get(id) else { return };
		if a.lease.is_some() || a.state != AgreementState::Open {
			return;
		}
		let funded = Judged::get() + World::stream(a.escrow).unwrap().blocks_left / L;
		let now = TestClock::round();
		if funded <= now + 2 {
			World::decide_end(id, funded.max(now), CloseReason::FundsExhausted);
		}
	}

	fn apply(&mut self, step: Step) {
		match step {
			Step::Open { who, service, units, price } => {
				let service = SERVICES[service];
				if Listings::get().contains_key(&service) && !MeterEnds::get().contains_key(&service) {
					relist(service, |s| s.price = price);
				} else {
					return;
				}
				let _ = with_storage(|| {
					Sla::open_agreement(signed(TENANTS[who]), service, units, u128::MAX, DEPOSIT, 0)
				});
			},
			Step::Lease { who, local, price } => {
				let lease = self.leases;
				self.leases += 1;
				let asset = if local { LOCAL } else { NATIVE };
				let _ = with_storage(|| {
					let service = list_lease(lease, asset);
					relist(service, |s| s.price = price);
					World::begin_lease(TENANTS[who], lease, DEPOSIT).map(drop)
				});
			},
			Step::EndLease { nth, ahead, reason } => {
				if let Some(lease) = Self::nth_lease(nth) {
					World::end_lease(lease, TestClock::round() + ahead, REASONS[reason]);
				}
			},
			Step::Exhaust { nth } => Self::exhaust(nth),
			Step::Edge { nth, after, early, severity } => self.edge(nth, after, early, severity),
			Step::TopUp { nth, amount } => {
				if let Some(a) = Agreements::<Test>::get(Self::nth(nth)) {
					let _ = with_storage(|| Sla::top_up(signed(a.tenant), Self::nth(nth), amount));
				}
			},
			Step::Close { nth, by_operator } => {
				if let Some(a) = Agreements::<Test>::get(Self::nth(nth)) {
					let who = if by_operator { OPERATOR } else { a.tenant };
					let _ = with_storage(|| Sla::close_agreement(signed(who), Self::nth(nth)));
				}
			},
			Step::Settle { nth } => {
				let _ = with_storage(|| Sla::settle(signed(THIRD), Self::nth(nth)));
			},
			Step::Claim { nth } => {
				let _ = with_storage(|| Sla::claim(signed(THIRD), Self::nth(nth)));
			},
			Step::Breach { service, kind, severity, multiplier } => {
				let mut services: Vec<_> = Services::<Test>::iter_keys().collect();
				services.sort_unstable();
				if let Some(service) = services.get(service % services.len().max(1)) {
					self.breach(*service, kind, severity, multiplier);
				}
			},
			Step::Rounds(rounds) => self.rounds(rounds),
			Step::Idle => drop(Sla::on_idle(0, Weight::MAX)),
			Step::Agenda => World::work_agenda(),
			Step::LoseBond { percent } => {
				// Only what nothing reserves can be unbonded.
				if Listings::get().contains_key(&SERVICE) {
					let free = World::free_bond(SERVICE);
					lose_bond(NATIVE, bond(NATIVE) - free * Balance::from(percent) / 100);
				}
			},
			Step::RaiseCap { service, by } => {
				let service = SERVICES[service];
				if let Some(info) = Listings::get().get(&service) {
					let cap = info.terms.credit_cap + by;
					if with_storage(|| Sla::cap_raised(service, cap)).is_ok() {
						relist(service, |s| s.terms.credit_cap = cap);
					}
				}
			},
			Step::Share(percent) => Share::set(&Perbill::from_percent(percent)),
			Step::Blocked { who, blocked } => match blocked {
				true => block(TENANTS[who]),
				false => unblock(TENANTS[who]),
			},
			Step::Retire { service } => {
				let at = TestClock::round() + R;
				change!(MeterEnds, |map| *map.entry(SERVICES[service]).or_insert(at));
			},
			Step::Forget { service } => {
				let service = SERVICES[service];
				if MeterEnds::get().contains_key(&service) && with_storage(|| Sla::forget(service)).is_ok() {
					change!(Listings, |map| map.remove(&service));
					self.index.remove(&service);
				}
			},
		}
	}

	fn look(&mut self) {
		for (service, state) in Services::<Test>::iter() {
			let before = self.index.insert(service, state.index).unwrap_or(0);
			assert!(state.index >= before, "the index fell");
		}
		let listings = Listings::get();
		let native = listings.iter().filter(|(_, s)| s.asset == NATIVE);
		let reserved: Balance = native.map(|(id, _)| World::exposure(*id)).sum();
		assert!(bond(NATIVE) >= reserved, "a promise is not covered");
	}
}

/// What a unit costs in so many blocks.
fn price_of(agreement: &Agreement<AccountId>, blocks: u32) -> Balance {
	agreement.price * Balance::from(blocks)
}

/// A call in a transaction of its own, as every call is.
fn with_storage(f: impl FnOnce() -> DispatchResult) -> DispatchResult {
	frame_support::storage::with_storage_layer(f)
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	#[test]
	fn money_is_conserved_and_every_promise_funded(steps in proptest::collection::vec(step(), 1..60)) {
		ExtBuilder::build().execute_with(|| {
			let issued = [issuance(NATIVE), issuance(LOCAL)];
			History::set(&64);
			let mut watch = Watch::default();
			for step in steps {
				watch.apply(step);
				watch.listen();
				watch.look();
				check(issued);
			}
			// Everybody leaves, and everything is paid out.
			for who in TENANTS {
				unblock(who);
			}
			let ids: Vec<_> = Agreements::<Test>::iter_keys().collect();
			for id in &ids {
				let a = agreement(*id);
				let _ = with_storage(|| Sla::close_agreement(signed(a.tenant), *id));
				if let Some(lease) = lease_of_service(a.service).filter(|l| Leased::get().contains_key(l)) {
					World::end_lease(lease, TestClock::round(), CloseReason::TenantClosed);
				}
			}
			watch.listen();
			watch.rounds(3 * R);
			World::work_agenda();
			watch.listen();
			for id in ids {
				let _ = with_storage(|| Sla::claim(signed(THIRD), id));
			}
			check(issued);
			assert_eq!(Agreements::<Test>::iter().count(), 0);
			for asset in [NATIVE, LOCAL] {
				assert_eq!(Pots::<Test>::get(asset).owed, 0);
			}
		});
	}
}
