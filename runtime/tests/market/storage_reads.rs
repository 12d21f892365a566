// SPDX-License-Identifier: Apache-2.0

//! Limits on the storage keys that calls of the real runtime read.

use crate::{
	actors::*,
	fixture::{Fixture, account},
	recorder::{by_item, keys_read},
};
use frame_support::assert_ok;
use pallet_surety_operators as operators;
use std::collections::BTreeMap;
use surety_primitives::{AssetId, Balance, ServiceId, WindowShare};
use surety_runtime::*;
use surety_runtime_api::{MAX_SCAN, ServiceFilter, runtime_decl_for_surety_api::SuretyApiV1 as _};

/// Items that every block reads, so that weights do not count them.
const WHITELISTED: [&str; 5] = [
	"System::Number",
	"System::Events",
	"System::EventCount",
	"System::ExecutionPhase",
	"Timing::Settings",
];

/// Number of keys read by the opening of the first agreement of a service, by item.
fn opening(asset: AssetId) -> BTreeMap<String, usize> {
	let mut chain = Fixture::new();
	let idle = chain.operator(asset);
	let other =
		chain.list(OPERATOR, &Offer { endpoint: "http://127.0.0.1:8081/", ..Offer::of(asset) });
	// The pot of the asset exists: the first agreement in an asset creates it, and reads more.
	chain.open(OTHER_TENANT, other, 1, 12);
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
	let (opened, keys) = chain.peek(|| keys_read(open));
	assert_ok!(opened);
	let mut items = by_item(&keys);
	items.retain(|item, _| !WHITELISTED.contains(&item.as_str()));
	items
}

/// Number of keys read, by item, by a search over many listings of one operator. None passes the
/// filter.
fn searching(filter: ServiceFilter) -> BTreeMap<String, usize> {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	// More listings than one page searches, all equal to the first.
	chain.peek(|| {
		let listed = operators::Services::<Runtime>::get(service).unwrap();
		for id in 0..LISTINGS {
			operators::Services::<Runtime>::insert(id, &listed);
		}
		operators::NextServiceId::<Runtime>::put(LISTINGS);
	});
	let (page, keys) = chain.peek(|| keys_read(|| Runtime::services(filter, None, 100)));
	assert!(page.items.is_empty());
	by_item(&keys)
}

/// Number of listings of a search, more than one page searches.
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
		// At most the score of the one operator is read, and nothing per listing.
		let others = items.values().sum::<usize>() - MAX_SCAN as usize;
		assert!(others <= 4, "{filter:?}: {items:#?}");
	}
}

#[test]
fn no_listing_is_read_for_an_impossible_score() {
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
