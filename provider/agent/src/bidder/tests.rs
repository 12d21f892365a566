// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	chain::{BondRules, OwnBid, Snapshot},
	test_kit::{self, UNIT, order, resources, snapshot, terms},
};
use proptest::prelude::*;
use sp_runtime::Perbill;
use surety_engine::{Capacity, EngineError, ImageFacts};
use surety_primitives::{Region, Resources};
use surety_runtime_api::TenantInfo;

/// Image of the test orders.
const IMAGE: &str = "docker.io/library/nginx:1.27";

struct Kit {
	snapshot: Snapshot,
	rules: BidRules,
	images: BTreeMap<String, ImageState>,
	machine: Option<Capacity>,
	refusals: BTreeMap<u32, (u64, String)>,
	bond: Result<BondRules, String>,
}

fn machine() -> Capacity {
	Capacity {
		total: surety_engine::Resources {
			cpu_milli: 8_000,
			memory_mib: 8_192,
			storage_gib: 80,
			bandwidth_mbps: 1_000,
			gpus: 0,
		},
		engine: "test 1".into(),
		address: None,
		unenforced: Vec::new(),
	}
}

fn facts(bytes: u64, platform: &str) -> ImageState {
	ImageState::Known(ImageFacts { digest: String::new(), bytes, platform: platform.into() })
}

fn here() -> String {
	let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
	format!("linux/{arch}")
}

impl Kit {
	/// One order, at a cost of 100 and a ceiling of 120 on an idle machine.
	fn new() -> Self {
		let mut snapshot = snapshot(100, 0);
		snapshot.orders.insert(3, order(3));
		let formula = Formula {
			floor: 0,
			cpu: 360_000,
			load_percent: 0,
			margin_percent: 20,
			..Formula::default()
		};
		let policy = Policy { max_image_bytes: 1_000, private_parts: true, ..Policy::default() };
		Self {
			snapshot,
			rules: BidRules {
				formulas: BTreeMap::from([(AssetId::Native, formula)]),
				policy,
				bond_reserve: 0,
				step_percent: 2,
			},
			images: BTreeMap::from([(IMAGE.into(), facts(100, &here()))]),
			machine: Some(machine()),
			refusals: BTreeMap::new(),
			bond: Ok(BondRules {
				penalty: Perbill::from_percent(10),
				start_penalty: Perbill::from_percent(10),
				slot: 0,
			}),
		}
	}

	fn order(&mut self) -> &mut surety_runtime_api::OrderInfo<sp_runtime::AccountId32> {
		self.snapshot.orders.get_mut(&3).unwrap()
	}

	fn decide(&self) -> Vec<Decision> {
		decide(&BidView {
			snapshot: &self.snapshot,
			rules: &self.rules,
			bond: self.bond.as_ref().map_err(String::as_str),
			images: &self.images,
			machine: self.machine.as_ref().ok_or("has not answered for 60 s"),
			refusals: &self.refusals,
			own_key: false,
			now_ms: 0,
		})
	}

	fn only(&self) -> (Step, String) {
		let [decision]: [Decision; 1] = self.decide().try_into().unwrap();
		(decision.step, decision.why)
	}

	fn refusal(&self) -> String {
		let (step, why) = self.only();
		assert_eq!(step, Step::Refuse, "{why}");
		why
	}
}

#[test]
fn a_bid_has_the_margin_unless_others_are_lower() {
	let mut kit = Kit::new();
	let bid = |price| Step::Bid { service: 1, price, replicas: 1, foreign_terms: false };
	assert_eq!(kit.only().0, bid(120));
	kit.order().max_price = 110;
	assert_eq!(kit.only().0, bid(110));
	// At a score of 50 a price of 104 ranks as 130; a step lower is bid.
	kit.snapshot.rivals.insert(3, 131);
	assert_eq!(kit.only().0, bid(101));
	kit.snapshot.rivals.insert(3, 50);
	assert_eq!(kit.only().0, bid(100), "never below the cost");
	kit.order().max_price = 99;
	assert!(kit.refusal().contains("at most 99"));
}

#[test]
fn the_price_follows_resources_and_load() {
	let formula = Formula {
		floor: 3_600_000,
		cpu: 3_600_000,
		memory: 360_000,
		load_percent: 50,
		margin_percent: 10,
		..Formula::default()
	};
	let quote = |cpus, load| formula.quote(&resources(cpus), load, 1_000).unwrap();
	assert_eq!(quote(1, 0), Quote { cost: 1_100, ceiling: 1_210 });
	assert_eq!(quote(2, 0).cost, 2_200);
	assert_eq!(quote(1, 1_000).cost, 1_650);
	assert_eq!(formula.quote(&Resources::default(), 0, 1_000).unwrap().cost, 1_000);
	let huge = Formula { cpu: u128::MAX, ..formula };
	assert_eq!(huge.quote(&resources(1), 0, 1_000), None);
}

#[test]
fn every_refusal_says_why() {
	let cases: [(&str, fn(&mut Kit)); 16] = [
		("tenant's score is 3", |kit| {
			kit.rules.policy.min_tenant_score = 10;
			let trust = surety_primitives::TrustLevel::One;
			kit.snapshot.tenants.insert(test_kit::tenant(), TenantInfo { score: 3, trust });
		}),
		("denied pattern", |kit| kit.rules.policy.deny_images.push("*nginx*".into())),
		("0 of 1 allowed", |kit| kit.rules.policy.allow_images.push("ghcr.io/*".into())),
		("limit is 1000", |kit| drop(kit.images.insert(IMAGE.into(), facts(2_000, &here())))),
		("for linux/s390x", |kit| {
			drop(kit.images.insert(IMAGE.into(), facts(1, "linux/s390x")));
		}),
		("unknown manifest", |kit| {
			drop(kit.images.insert(IMAGE.into(), ImageState::Denied("unknown manifest".into())));
		}),
		("the engine has not answered", |kit| kit.machine = None),
		("matched in block 101", |kit| kit.order().bids_until = Some(101)),
		("trust level 3 of 5", |kit| {
			kit.order().min_trust = surety_primitives::TrustLevel::Five;
		}),
		("own order: true", |kit| kit.order().tenant = test_kit::operator()),
		("0 prices", |kit| kit.order().asset = AssetId::Local(7)),
		("DE, which is not one", |kit| {
			kit.order().regions.push(Region::new(*b"FR").unwrap());
		}),
		("asks for 9000 mCPU", |kit| kit.order().resources = resources(9)),
		("cover of", |kit| {
			let cover = surety_primitives::WindowShare::from_u32(9);
			kit.order().terms = Some(surety_primitives::SlaTerms { cover, ..terms() });
		}),
		("base units of bond", |kit| kit.rules.bond_reserve = 10 * UNIT - 1),
		("0 rules of the bond: no answer", |kit| kit.bond = Err("no answer".into())),
	];
	for (part, change) in cases {
		let mut kit = Kit::new();
		change(&mut kit);
		let why = kit.refusal();
		assert!(why.contains(part), "{part}: {why}");
		assert!(why.bytes().any(|byte| byte.is_ascii_digit()), "no number in: {why}");
	}
}

#[test]
fn bond_is_left_for_the_rents_of_leases_that_are_to_come() {
	let mut kit = Kit::new();
	kit.bond.as_mut().unwrap().slot = 3 * UNIT;
	kit.snapshot.bids.insert((4, 1), OwnBid { price: 1, left: 1 });
	assert!(matches!(kit.only().0, Step::Bid { .. }), "one rent is to come, and this one");
	let starting = surety_runtime_api::LeasePhase::Starting { fetch_until: 1, ready_by: 2 };
	kit.snapshot.leases.insert(7, test_kit::lease(7, starting));
	assert!(matches!(kit.only().0, Step::Bid { .. }), "9 of 10");
	kit.snapshot.bids.insert((5, 1), OwnBid { price: 1, left: 1 });
	assert!(kit.refusal().contains("base units of bond"));
}

#[test]
fn an_image_is_asked_for_before_a_bid() {
	let mut kit = Kit::new();
	kit.images.clear();
	assert_eq!(kit.only().0, Step::Inspect { image: IMAGE.into() });
	kit.images.insert(IMAGE.into(), ImageState::Denied("login needed".into()));
	kit.order().env_hash = Some([1; 32]);
	assert!(matches!(kit.only().0, Step::Bid { .. }), "the tenant's login comes later");
	let mut images = Images::default();
	images.learn("a", Err(EngineError::Unavailable("x".into())), 0);
	assert!(matches!(images.states(0)["a"], ImageState::Unavailable(_)));
	assert!(images.states(60_000).is_empty());
}

fn with_bid(price: u128) -> Kit {
	let mut kit = Kit::new();
	kit.snapshot.bids.insert((3, 1), OwnBid { price, left: 1 });
	kit
}

#[test]
fn a_bid_follows_the_price_up_and_down() {
	assert_eq!(with_bid(119).only().0, Step::Keep { price: 119 });
	assert_eq!(with_bid(130).only().0, Step::Update { service: 1, price: 120 });
	let mut kit = with_bid(101);
	assert_eq!(kit.only().0, Step::Update { service: 1, price: 120 });
	kit.order().bids_until = Some(105);
	assert_eq!(kit.only().0, Step::Keep { price: 101 }, "locked");
	let mut kit = with_bid(130);
	kit.order().bids_until = Some(105);
	assert_eq!(kit.only().0, Step::Update { service: 1, price: 120 }, "a lower one is allowed");
	let mut kit = with_bid(101);
	kit.rules.bond_reserve = 10 * UNIT;
	assert_eq!(kit.only().0, Step::Keep { price: 101 }, "no bond");
}

#[test]
fn a_bid_that_cannot_be_served_is_withdrawn() {
	let mut kit = with_bid(119);
	kit.images.insert(IMAGE.into(), ImageState::Denied("gone".into()));
	assert_eq!(kit.only().0, Step::Withdraw { service: 1 });
	kit.order().bids_until = Some(105);
	assert_eq!(kit.only().0, Step::Keep { price: 119 }, "locked");
	let mut kit = with_bid(119);
	kit.machine = None;
	assert_eq!(kit.only().0, Step::Keep { price: 119 }, "trouble that passes");
	kit = with_bid(119);
	kit.order().max_price = 50;
	assert_eq!(kit.only().0, Step::Withdraw { service: 1 });
}

#[test]
fn a_refusal_of_the_chain_holds_for_a_while() {
	let mut kit = Kit::new();
	kit.refusals.insert(3, (1, "ComputeOrders::TooManyBids".into()));
	assert!(kit.refusal().contains("TooManyBids"));
	kit.refusals.insert(3, (0, "old".into()));
	assert!(matches!(kit.only().0, Step::Bid { .. }));
}

#[test]
fn patterns_match_as_people_expect() {
	for (pattern, text, matches) in [
		("*", "", true),
		("*", "a", true),
		("", "", true),
		("", "a", false),
		("a*c", "abc", true),
		("a*c", "ac", true),
		("a*c", "abd", false),
		("*nginx:*", "docker.io/library/nginx:1", true),
		("a*b*c", "a1b2b3c", true),
		("ab*bc", "abc", false),
	] {
		assert_eq!(matches_pattern(pattern, text), matches, "{pattern} {text}");
	}
}

#[test]
fn capacity_is_declared_once_and_never_below_what_is_used() {
	let mut service = test_kit::service();
	let rules = CapacityRules { percent: 50, ..CapacityRules::default() };
	let wanted = to_declare(&rules, &machine(), &service).unwrap();
	assert_eq!((wanted.cpu_milli, wanted.memory_mib, wanted.storage_gib), (4_000, 4_096, 40));
	let declared = service.detail.service.resources.as_mut().unwrap();
	declared.free = resources(2);
	let wanted = to_declare(&rules, &machine(), &service).unwrap();
	assert_eq!(wanted.cpu_milli, 6_000);
	let declared = service.detail.service.resources.as_mut().unwrap();
	declared.total = wanted.clone();
	declared.free = Resources { bandwidth_mbit: 1_000, ..Resources::default() };
	assert_eq!(to_declare(&rules, &machine(), &service), None);
	service.detail.service.listing.status = surety_primitives::ServiceStatus::Unproven;
	service.detail.service.resources = None;
	assert_eq!(to_declare(&rules, &machine(), &service), None);
}

prop_compose! {
	fn any_order(id: u32)(
		cpus in 0u32..10,
		max_price in 1u128..2_000,
		replicas in 1usize..9,
		until in 95u32..400,
		duration in 5u32..5_000,
	) -> surety_runtime_api::OrderInfo<sp_runtime::AccountId32> {
		let mut order = order(id);
		order.resources = resources(cpus);
		order.max_price = max_price;
		order.replicas = vec![order.replicas[0]; replicas];
		order.bids_until = (until > 100).then_some(until);
		order.duration = duration;
		order
	}
}

proptest! {
	/// No bid is above the margin or the order, and all bids of a pass together fit into the
	/// capacity and the bond. Made, they stand.
	#[test]
	fn what_is_bid_can_be_served(
		orders in (0u32..12).prop_flat_map(|count| (0..count).map(any_order).collect::<Vec<_>>()),
		bond in 0u128..3_000_000,
		rival in proptest::option::of(1u128..2_000),
		load_percent in 0u32..300,
		margin_percent in 0u32..100,
		slot in 0u128..100_000,
	) {
		let mut kit = Kit::new();
		kit.snapshot.orders = orders.into_iter().map(|order| (order.id, order)).collect();
		kit.snapshot.operator.as_mut().unwrap().bonds[0].active = bond;
		if let Some(rival) = rival {
			kit.snapshot.rivals = kit.snapshot.orders.keys().map(|id| (*id, rival)).collect();
		}
		let formula = kit.rules.formulas.get_mut(&AssetId::Native).unwrap();
		(formula.load_percent, formula.margin_percent) = (load_percent, margin_percent);
		let formula = *formula;
		kit.bond.as_mut().unwrap().slot = slot;
		let mut free = kit.snapshot.services[&1].free();
		let mut left = bond;
		for Decision { order, step, why } in kit.decide() {
			prop_assert!(why.bytes().any(|byte| byte.is_ascii_digit()), "{}", why);
			let Step::Bid { price, replicas, .. } = step else {
				prop_assert_eq!(step, Step::Refuse);
				continue;
			};
			let order = &kit.snapshot.orders[&order];
			let part = order.resources.times(replicas).unwrap();
			free = free.without(&part).unwrap();
			let load = price::load(&kit.snapshot.services[&1].total(), &free);
			let quote = formula.quote(&order.resources, load, 1_000).unwrap();
			prop_assert!(price >= quote.cost && price <= quote.ceiling.min(order.max_price));
			prop_assert!(usize::from(replicas) <= order.replicas.len());
			let rules = kit.bond.as_ref().unwrap();
			let each = rules.of_bid(price, &terms(), order.duration, 60).unwrap() + slot;
			left = left.checked_sub(each * u128::from(replicas)).unwrap();
		}
	}

	/// A rival comes first only where the price is the cost.
	#[test]
	fn no_rival_leads_by_a_trifle(price in 100u128..=120, rival in 100u128..200) {
		let mut kit = with_bid(price);
		kit.snapshot.rivals.insert(3, rival);
		let price = match kit.only() {
			(Step::Keep { price } | Step::Update { price, .. }, _) => price,
			other => return Err(TestCaseError::fail(format!("{other:?}"))),
		};
		// The score of 50.
		prop_assert!(price == 100 || price * 250 / 200 < rival, "{} against {}", price, rival);
	}

	/// A price that was changed is not changed again.
	#[test]
	fn prices_come_to_rest(
		order in any_order(3),
		price in 1u128..2_000,
		rival in proptest::option::of(1u128..2_000),
	) {
		let mut kit = with_bid(price);
		kit.snapshot.orders = BTreeMap::from([(3, order)]);
		if let Some(rival) = rival {
			kit.snapshot.rivals.insert(3, rival);
		}
		if let (Step::Update { price: next, .. }, _) = kit.only() {
			kit.snapshot.bids.insert((3, 1), OwnBid { price: next, left: 1 });
			prop_assert_eq!(kit.only().0, Step::Keep { price: next });
		}
	}
}
