//! Over any sequence of calls, breaches, turns and changed parameters: money is conserved, every
//! invariant holds, no index falls or passes the cover, and every agreement has been credited at
//! its end exactly what its breaches promised it, up to what it has paid.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use surety_primitives::{LeaseId, lease_of_service};

const TENANTS: [AccountId; 3] = [TENANT, OTHER, THIRD];
/// Sold by the unit; leases come and go beside them.
const SERVICES: [ServiceId; 3] = [SERVICE, LOCAL_SERVICE, SIBLING];
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
	/// The window that goes on will turn out to have had so few rounds up.
	Counted {
		service: usize,
		up: u16,
	},
	/// So many rounds pass; windows turn as they are judged.
	Rounds(u32),
	Idle,
	/// Escrow works its agenda, or is late.
	Agenda,
	LoseBond {
		percent: u32,
	},
	MoreBond {
		local: bool,
		amount: Balance,
	},
	RaiseCover {
		service: usize,
		tenths: u32,
	},
	/// A parameter, or how many slots are taken by others.
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
	/// A service is removed, and listed again with other terms.
	Forget {
		service: usize,
		terms: usize,
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
		2 => (0usize..12, 0u16..13).prop_map(|(service, up)| Step::Counted { service, up }),
		6 => (1u32..15).prop_map(Step::Rounds),
		2 => Just(Step::Idle),
		4 => Just(Step::Agenda),
		1 => (30u32..101).prop_map(|percent| Step::LoseBond { percent }),
		1 => (any::<bool>(), 1u128..20_000).prop_map(|(local, amount)| Step::MoreBond { local, amount }),
		1 => (service.clone(), 1u32..20).prop_map(|(service, tenths)| Step::RaiseCover { service, tenths }),
		4 => (0u8..7, 0u32..100).prop_map(|(which, percent)| Step::Parameter { which, percent }),
		1 => (0..TENANTS.len(), any::<bool>()).prop_map(|(who, blocked)| Step::Blocked { who, blocked }),
		1 => service.clone().prop_map(|service| Step::Retire { service }),
		2 => (service, 0usize..3).prop_map(|(service, terms)| Step::Forget { service, terms }),
	]
}

/// Memory of the test.
#[derive(Default)]
struct Watch {
	/// Index by service, and as it was after the last breach of a window.
	index: BTreeMap<ServiceId, WindowShare>,
	after: BTreeMap<(ServiceId, WindowIndex), WindowShare>,
	/// Highest tier per service, window and kind.
	tiers: BTreeMap<(ServiceId, WindowIndex, usize), usize>,
	counted: BTreeMap<ServiceId, u16>,
	turned: WindowIndex,
	leases: LeaseId,
	/// Agreements as they were seen last.
	seen: BTreeMap<AgreementId, Agreement<AccountId>>,
}

impl Watch {
	fn nth(nth: usize) -> AgreementId {
		let mut ids: Vec<_> = Agreements::<Test>::iter_keys().collect();
		ids.sort_unstable();
		ids.get(nth % ids.len().max(1)).copied().unwrap_or(AgreementId::MAX)
	}

	fn nth_service(nth: usize) -> Option<ServiceId> {
		let mut services: Vec<_> = Services::<Test>::iter_keys().collect();
		services.sort_unstable();
		services.get(nth % services.len().max(1)).copied()
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
					let up = self.counted.remove(&service).unwrap_or(R as u16);
					turn_with(
						service,
						self.turned,
						Counters { up, down: R as u16 - up, ..Default::default() },
					);
				}
			}
		}
	}

	/// A breach in the round judged last.
	fn breach(&mut self, service: ServiceId, kind: usize, severity: usize, multiplier: u8) {
		let round = Judged::get();
		let window = TestClock::window_of(round);
		let reached = self.tiers.get(&(service, window, kind)).copied();
		let over = MeterEnds::get().get(&service).is_some_and(|(end, _)| *end < round);
		if over
			|| !Services::<Test>::contains_key(service)
			|| reached.is_some_and(|tier| severity <= tier)
		{
			return;
		}
		self.tiers.insert((service, window, kind), severity);
		if kind == 0 {
			change!(Unbilled, |set| set.insert((service, round)));
		}
		let severities = Severity::ALL;
		let before = reached.map(|tier| severities[tier]);
		breach_in(
			round,
			service,
			BreachKind::COUNTED[kind],
			before,
			severities[severity],
			multiplier,
		);
	}

	/// Credit that breaches have promised an agreement: its share counts from the end of the window
	/// it was opened in.
	fn promised(&self, id: AgreementId) -> Balance {
		let a = &self.seen[&id];
		let opened = TestClock::window_of(TestClock::round_at(a.opened_at));
		let through = |window| self.after.range((a.service, 0)..=(a.service, window)).next_back();
		let base = through(opened).map_or(NO_COVER, |(_, index)| *index);
		let now = through(WindowIndex::MAX).map_or(NO_COVER, |(_, index)| *index);
		(now - base).saturating_mul_int(a.rate * Balance::from(L * R))
	}

	/// Read the events: what breached, and whether what is over was credited what it should have
	/// been.
	fn listen(&mut self) {
		self.seen.extend(Agreements::<Test>::iter());
		for event in events() {
			match event {
				Event::Breached { service, breach, .. } => {
					self.after.insert((service, breach.window), breach.index_after);
				},
				Event::AgreementClosed { agreement, credited, paid, .. } => {
					assert_eq!(
						credited,
						self.promised(agreement).min(paid),
						"credited what was not due"
					);
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
		let Some(stream) = World::stream(a.escrow) else { return };
		if a.lease.is_some() || stream.ending.is_some() {
			return;
		}
		let funded = Judged::get() + stream.blocks_left / L;
		let now = TestClock::round();
		if funded <= now + 2 {
			World::decide_end(id, funded.max(now), CloseReason::FundsExhausted);
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
			5 => MostMultiplied::set(&(percent as u8 % 5 + 1)),
			_ => Taken::set(&(percent % 80)),
		}
	}

	fn apply(&mut self, step: Step) {
		match step {
			Step::Open { who, service, units, price } => {
				let service = SERVICES[service];
				if MeterEnds::get().contains_key(&service) {
					return;
				}
				relist(service, |s| s.price = price);
				let _ = with_storage(|| {
					Sla::open_agreement(
						signed(TENANTS[who]),
						service,
						units,
						u128::MAX,
						DEPOSIT,
						NO_COVER,
					)
					.map(drop)
					.map_err(|refused| refused.error)
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
				if let Some(service) = Self::nth_service(service) {
					self.breach(service, kind, severity, multiplier);
				}
			},
			Step::Counted { service, up } => {
				if let Some(service) = Self::nth_service(service) {
					self.counted.insert(service, up);
				}
			},
			Step::Rounds(rounds) => self.rounds(rounds),
			Step::Idle => drop(Sla::on_idle(0, Weight::MAX)),
			Step::Agenda => World::work_agenda(),
			Step::LoseBond { percent } => {
				// Only what nothing reserves can be unbonded.
				let free = World::free_bond(SERVICE);
				lose_bond(NATIVE, bond(NATIVE) - free * Balance::from(percent) / 100);
			},
			Step::MoreBond { local, amount } => {
				more_bond(if local { LOCAL } else { NATIVE }, amount)
			},
			Step::RaiseCover { service, tenths: by } => {
				let service = SERVICES[service];
				let cover = Listings::get()[&service].terms.cover + tenths(by);
				if with_storage(|| Sla::cover_raised(service, cover)).is_ok() {
					relist(service, |s| s.terms.cover = cover);
				}
			},
			Step::Parameter { which, percent } => Self::parameter(which, percent),
			Step::Blocked { who, blocked } => match blocked {
				true => block(TENANTS[who]),
				false => unblock(TENANTS[who]),
			},
			Step::Retire { service } => {
				let at = TestClock::round() + R;
				World::end_meter(SERVICES[service], at, CloseReason::ServiceRetired);
			},
			Step::Forget { service, terms } => self.forget(SERVICES[service], terms),
		}
	}

	/// Remove a service that has ended, and list it again.
	fn forget(&mut self, service: ServiceId, terms: usize) {
		let ended = MeterEnds::get().contains_key(&service);
		if !ended || with_storage(|| Sla::forget(service)).is_err() {
			return;
		}
		assert_eq!(World::exposure(service), 0);
		let asset = Listings::get()[&service].asset;
		list(service, asset);
		up(service);
		if let Some(windows) = [None, Some(1), Some(30)][terms] {
			promise(service, WindowShare::from_u32(windows), WindowShare::from_u32(2 * windows));
		}
		change!(MeterEnds, |map| map.remove(&service));
		change!(Terminated, |map| map.remove(&service));
		self.index.remove(&service);
		self.after.retain(|(of, _), _| *of != service);
		self.counted.remove(&service);
		self.tiers.retain(|(of, ..), _| *of != service);
	}

	fn look(&mut self) {
		for (service, state) in Services::<Test>::iter() {
			let before = self.index.insert(service, state.index).unwrap_or_default();
			assert!(state.index >= before, "the index fell");
			let ends = MeterEnds::get().get(&service).map(|(at, _)| *at);
			assert!(
				state.ends.is_none_or(|at| ends.is_some_and(|stands| stands <= at)),
				"an end was put off"
			);
		}
		for asset in [NATIVE, LOCAL] {
			let listings = Listings::get();
			let services = listings.iter().filter(|(_, s)| s.asset == asset);
			let reserved: Balance = services.map(|(id, _)| World::exposure(*id)).sum();
			assert!(bond(asset) >= reserved, "a promise is not covered");
		}
	}
}

/// A call in a transaction of its own, as every call is.
fn with_storage(f: impl FnOnce() -> DispatchResult) -> DispatchResult {
	frame_support::storage::with_storage_layer(f)
}

/// 64 games, or as many as `PROPTEST_CASES` says.
fn games() -> ProptestConfig {
	let cases =
		std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64);
	ProptestConfig { cases, ..ProptestConfig::default() }
}

proptest! {
	#![proptest_config(games())]

	#[test]
	fn money_is_conserved_and_every_promise_funded(
		terms in proptest::collection::vec(0usize..3, SERVICES.len()),
		steps in proptest::collection::vec(step(), 1..60),
	) {
		ExtBuilder::build().execute_with(|| {
			let issued = [issuance(NATIVE), issuance(LOCAL)];
			History::set(&64);
			let turned = TestClock::window_of(TestClock::round()) - 1;
			let mut watch = Watch { turned, ..Watch::default() };
			for (service, terms) in SERVICES.into_iter().zip(terms) {
				World::end_meter(service, 0, CloseReason::ServiceRetired);
				watch.forget(service, terms);
			}
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
			let ids: BTreeSet<_> = Agreements::<Test>::iter_keys().collect();
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
			for service in SERVICES {
				assert_eq!(World::exposure(service), 0);
				assert_ok!(Sla::forget(service));
			}
			check(issued);
			for asset in [NATIVE, LOCAL] {
				let pot = Pots::<Test>::get(asset);
				assert_eq!((pot.owed, pot.spare), (0, 0));
			}
			assert_eq!((Services::<Test>::iter().count(), WindowBase::<Test>::iter().count()), (0, 0));
		});
	}
}
