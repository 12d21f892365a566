//! Storage keys that calls of the real runtime read.

use crate::{
	actors::*,
	recorder::{by_item, keys_read},
	world::{World, account},
};
use frame_support::assert_ok;
use pallet_surety_operators as operators;
use std::collections::BTreeMap;
use surety_primitives::{AssetId, Balance, ServiceId, WindowShare};
use surety_runtime::*;
use surety_runtime_api::{MAX_SCAN, ServiceFilter, runtime_decl_for_surety_api::SuretyApiV1 as _};

/// Items that the weights do not count: every block reads them.
const WHITELISTED: [&str; 5] = [
	"System::Number",
	"System::Events",
	"System::EventCount",
	"System::ExecutionPhase",
	"Timing::Settings",
];

/// Keys that opening the first agreement of a service reads, by item.
fn opening(asset: AssetId) -> BTreeMap<String, usize> {
	let mut world = World::new();
	let idle = world.operator(asset);
	let other =
		world.list(OPERATOR, &Offer { endpoint: "http://127.0.0.1:8081/", ..Offer::of(asset) });
	// The pot of the asset is there: the first agreement in it pays for more.
	world.open(OTHER_TENANT, other, 1, 12);
	let tenant = RuntimeOrigin::signed(account(TENANT));
	let open = || {
		Sla::open_agreement(
			tenant,
			idle,
			1,
			Balance::MAX,
			100 * coin(asset),
			WindowShare::from_u32(0),
		)
	};
	let (opened, keys) = world.peek(|| keys_read(open));
	assert_ok!(opened);
	let mut items = by_item(&keys);
	items.retain(|item, _| !WHITELISTED.contains(&item.as_str()));
	items
}

/// Keys read, by item, of many listings of one operator, none of which passes the filter.
fn searching(filter: ServiceFilter) -> BTreeMap<String, usize> {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	// More listings than one page shows, all like the first.
	world.peek(|| {
		let listed = operators::Services::<Runtime>::get(service).unwrap();
		for id in 0..LISTINGS {
			operators::Services::<Runtime>::insert(id, &listed);
		}
		operators::NextServiceId::<Runtime>::put(LISTINGS);
	});
	let (page, keys) = world.peek(|| keys_read(|| Runtime::services(filter, None, 100)));
	assert!(page.items.is_empty());
	by_item(&keys)
}

/// Listings of a search: more than one page looks at.
const LISTINGS: ServiceId = 2 * MAX_SCAN;

#[test]
fn a_search_that_finds_nothing_builds_no_summary() {
	let any = ServiceFilter::default;
	for filter in [
		ServiceFilter { min_score: Some(100), ..any() },
		ServiceFilter { min_score: Some(100), open_only: true, ..any() },
		ServiceFilter { max_price: Some(0), min_score: Some(1), ..any() },
	] {
		let items = searching(filter.clone());
		assert_eq!(items.get("Operators::Services"), Some(&(MAX_SCAN as usize)), "{filter:?}");
		// The score of the one operator at most, and nothing of each listing.
		let others = items.values().sum::<usize>() - MAX_SCAN as usize;
		assert!(others <= 4, "{filter:?}: {items:#?}");
	}
}

#[test]
fn a_score_that_nobody_has_is_not_searched_for() {
	let items = searching(ServiceFilter { min_score: Some(255), ..Default::default() });
	assert!(!items.contains_key("Operators::Services"), "{items:?}");
}

#[test]
fn an_agreement_is_opened_with_at_most_22_reads() {
	for asset in [AssetId::Native, AssetId::Local(genesis::SBTC)] {
		let items = opening(asset);
		assert!(items.contains_key("Sla::WindowRules"), "reads are recorded: {items:?}");
		assert!(
			items.values().sum::<usize>() <= 22,
			"{asset:?}: {} {items:#?}",
			items.values().sum::<usize>()
		);
	}
}
