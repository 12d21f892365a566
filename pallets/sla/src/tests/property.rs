//! Over any sequence of calls, breaches and turns: money is conserved, every invariant holds, no index
//! falls or passes the cap, and what anybody is credited in a window is within its price.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const TENANTS: [AccountId; 3] = [TENANT, OTHER, THIRD];
const SERVICES: [ServiceId; 3] = [SERVICE, LOCAL_SERVICE, SIBLING];

#[derive(Clone, Debug)]
enum Step {
	Open {
		who: usize,
		service: usize,
		units: u32,
		price: Balance,
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
		1 => (nth.clone(), 0u128..5_000).prop_map(|(nth, amount)| Step::TopUp { nth, amount }),
		3 => (nth.clone(), any::<bool>()).prop_map(|(nth, by_operator)| Step::Close { nth, by_operator }),
		2 => nth.clone().prop_map(|nth| Step::Settle { nth }),
		1 => nth.prop_map(|nth| Step::Claim { nth }),
		8 => (service.clone(), 0usize..3, 0usize..4, 1u8..4).prop_map(
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
	/// Credit per unit and window, by agreement.
	credit: BTreeMap<(AgreementId, WindowIndex), Balance>,
}

impl Watch {
	fn nth(nth: usize) -> AgreementId {
		let mut ids: Vec<_> = Agreements::<Test>::iter_keys().collect();
		ids.sort_unstable();
		ids.get(nth % ids.len().max(1)).copied().unwrap_or(AgreementId::MAX)
	}

	fn rounds(&mut self, rounds: u32) {
		let to = TestClock::round() + rounds;
		at_round(to);
		while TestClock::window_start(self.turned + 2) <= to {
			self.turned += 1;
			for service in SERVICES {
				if Sla::units(service) > 0 {
					turn(service, self.turned);
				}
			}
		}
	}

	fn breach(&mut self, service: ServiceId, kind: usize, severity: usize, multiplier: u8) {
		let window = TestClock::window_of(TestClock::round());
		let reached = self.tiers.get(&(service, window, kind)).copied();
		if !Services::<Test>::contains_key(service) || reached.is_some_and(|tier| severity <= tier) {
			return;
		}
		self.tiers.insert((service, window, kind), severity);
		let severities = surety_primitives::Severity::ALL;
		let before: BTreeMap<_, _> = Agreements::<Test>::iter_keys().map(|id| (id, owed(id))).collect();
		breach_with(
			service,
			BreachKind::COUNTED[kind],
			reached.map(|tier| severities[tier]),
			severities[severity],
			multiplier,
		);
		for (id, was) in before {
			let a = agreement(id);
			let sum = self.credit.entry((id, window)).or_default();
			*sum += owed(id) - was;
			assert!(
				*sum <= Balance::from(a.units) * a.price * Balance::from(L * R),
				"credits above the price"
			);
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
				let _ =
					with_storage(|| Sla::open_agreement(signed(TENANTS[who]), service, units, DEPOSIT, 0));
			},
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
				self.breach(SERVICES[service], kind, severity, multiplier);
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
		let reserved: Balance = [SERVICE, SIBLING].into_iter().map(World::exposure).sum();
		assert!(bond(NATIVE) >= reserved, "a promise is not covered");
	}
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
			let mut watch = Watch { turned: 1, ..Default::default() };
			for step in steps {
				watch.apply(step);
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
			}
			watch.rounds(3 * R);
			World::work_agenda();
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
