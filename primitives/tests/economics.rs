// SPDX-License-Identifier: Apache-2.0

//! Numbers of docs/economics.md, recomputed from the formulas that the pallets use. Those of rents
//! held for a whole window are in `rent`, those of trust levels in `score::rating`.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]

use sp_runtime::Perbill;
use surety_primitives::{
	Balance, BlockNumber, BreachKind, Clock, Counters, Occupancy, Severity, WindowShare,
	credit::{cost_of, credit_of, window_price, with_penalty},
	rent::rent,
	score::{
		Evidence, MAX_OPERATOR_RATINGS, MAX_RATING, MAX_TENANT_PAYMENTS, MAX_TENANT_RATINGS, ONE,
		payment_weight, rating_weight,
	},
	tiers,
};

const SURE: Balance = 1_000_000_000_000;
/// Price of the example, per unit and block.
const PRICE: Balance = SURE / 10;
/// Credits of the example for `Low` to `Critical`, in billionths of a window's price.
const CREDIT: [u64; 4] = [125_000_000, 250_000_000, 500_000_000, 1_000_000_000];
/// Cover of the example, in windows' prices.
const COVER: u32 = 3;

const PLATFORM_FEE: Perbill = Perbill::from_percent(5);
const PROBER_SHARE: Perbill = Perbill::from_percent(50);
const PENALTY: Perbill = Perbill::from_percent(10);
const START_PENALTY: Perbill = Perbill::from_percent(10);
const RENT_BASE: Perbill = Perbill::from_parts(100_000);
const RENT_PEAK: Perbill = Perbill::from_percent(10);

/// A local network: 6 blocks to a round, 72 to a window.
struct Local;
impl Clock for Local {
	fn now() -> BlockNumber {
		0
	}
	fn slot_ms() -> u64 {
		2_000
	}
	fn round_blocks() -> u32 {
		6
	}
	fn window_rounds() -> u16 {
		12
	}
}

/// Production: 10 blocks to a round, 14,400 to a window.
struct Production;
impl Clock for Production {
	fn now() -> BlockNumber {
		0
	}
	fn slot_ms() -> u64 {
		6_000
	}
	fn round_blocks() -> u32 {
		10
	}
	fn window_rounds() -> u16 {
		1_440
	}
}

/// Millionths of a SURE.
fn micro(millionths: Balance) -> Balance {
	millionths * SURE / 1_000_000
}

/// Thousandths of a SURE.
fn milli(thousandths: Balance) -> Balance {
	micro(1_000 * thousandths)
}

/// Price of `rounds` billable rounds of a local network.
fn price_of(rate: Balance, rounds: u32) -> Balance {
	rate * Balance::from(rounds * Local::round_blocks())
}

fn window(rate: Balance) -> Balance {
	window_price::<Local>(rate).unwrap()
}

fn share(billionths: u64) -> WindowShare {
	WindowShare::from_inner(billionths)
}

fn local_rent(taken: u32) -> Balance {
	rent(SURE, RENT_BASE, RENT_PEAK, Occupancy { taken, slots: 8_064 })
}

fn production_rent(taken: u32) -> Balance {
	rent(1_000 * SURE, RENT_BASE, RENT_PEAK, Occupancy { taken, slots: 8_064 })
}

#[test]
fn payments_of_a_tenant() {
	let rate = 2 * PRICE;
	assert_eq!(rate, milli(200));
	assert_eq!(window(rate), milli(14_400));
	assert_eq!(10 * Local::round_blocks(), 60);
	assert_eq!(rate * 100, 20 * SURE);

	// Closed by the tenant after five judged rounds, `down` of them not billable.
	let closed = |down| (window(rate) - price_of(rate, down)).max(price_of(rate, 5 - down));
	assert_eq!(price_of(rate, 5), 6 * SURE);
	assert_eq!(closed(0), milli(14_400));
	assert_eq!(closed(2), 12 * SURE);
	assert_eq!(closed(5), milli(8_400));

	let fee = PLATFORM_FEE.mul_floor(20 * SURE);
	assert_eq!((fee, PROBER_SHARE.mul_floor(fee)), (SURE, milli(500)));
}

#[test]
fn exposure_of_an_operator() {
	let cost = |rate, cover: u64| cost_of(window(rate), share(cover)).unwrap();
	let whole = u64::from(COVER) * ONE;
	assert_eq!(window(3 * PRICE), milli(21_600));
	assert_eq!(cost(3 * PRICE, whole), milli(64_800));
	assert_eq!(with_penalty(cost(3 * PRICE, whole), PENALTY), Some(milli(71_280)));
	assert_eq!((local_rent(1), 2 * local_rent(1)), (micro(100), micro(200)));
	assert_eq!(milli(71_280) + 3 * local_rent(1), micro(71_280_300));
	// After a `Low` breach.
	assert_eq!(cost(3 * PRICE, whole - CREDIT[0]), milli(62_100));
	assert_eq!(with_penalty(milli(62_100), PENALTY), Some(milli(68_310)));

	let each = with_penalty(cost(PRICE, whole), PENALTY).unwrap();
	assert_eq!(each, milli(23_760));
	assert_eq!(1_000 * SURE - 2 * local_rent(1), micro(999_999_800));
	assert_eq!(micro(999_999_800) / each, 42);
}

#[test]
fn allowances_and_tiers() {
	let uptime = Perbill::from_percent(90);
	let allowances = [BreachKind::Downtime, BreachKind::Slow, BreachKind::BadData]
		.map(|kind| tiers::allowance(kind, uptime, Local::window_rounds()));
	assert_eq!(allowances, [1; 3]);
	let fires = Severity::ALL.map(|severity| tiers::threshold(severity, 1, Local::window_rounds()));
	assert_eq!(fires, [Some(2), Some(3), Some(6), Some(11)]);
}

#[test]
fn credits_of_a_breach() {
	// The second down round, then the third: each an eighth of the window's price of three units.
	for rise in [CREDIT[0], CREDIT[1] - CREDIT[0]] {
		let credit = cost_of(window(3 * PRICE), share(rise)).unwrap();
		assert_eq!(credit, milli(2_700));
		assert_eq!(PENALTY.mul_floor(credit), milli(270));
		assert_eq!(credit_of(window(2 * PRICE), share(rise)), milli(1_800));
		assert_eq!(credit_of(window(PRICE), share(rise)), milli(900));
	}
	// With one breached window before.
	assert_eq!(cost_of(window(3 * PRICE), share(2 * CREDIT[0])), Some(milli(5_400)));
	// A bond that has half of it.
	assert_eq!(CREDIT[0] / 2, 62_500_000);
	assert_eq!(cost_of(window(3 * PRICE), share(CREDIT[0] / 2)), Some(milli(1_350)));
	// Shares of a month as large clouds give them.
	assert_eq!([10, 30, 100].map(|percent| percent * 30 / 100), [3, 9, 30]);
}

#[test]
fn credit_becomes_due_as_the_agreement_pays() {
	let rate = 2 * PRICE;
	let promised = credit_of(window(rate), share(CREDIT[3]));
	assert_eq!(promised, milli(14_400));
	let due = |rounds| promised.min(price_of(rate, rounds));
	assert_eq!([0, 10, 12, 20].map(due), [0, 12 * SURE, milli(14_400), milli(14_400)]);
	assert_eq!(promised - due(10), milli(2_400));
}

#[test]
fn losses_of_a_tenant_and_an_operator_in_league() {
	// Two units paid a window and were credited all of it.
	let paid = window(2 * PRICE);
	let fee = PLATFORM_FEE.mul_floor(paid);
	let penalty = PENALTY.mul_floor(paid);
	assert_eq!((fee, penalty), (milli(720), milli(1_440)));
	assert_eq!(fee + penalty, milli(2_160));
}

#[test]
fn rent_of_a_slot_and_the_turnover_that_pays_it() {
	for (taken, rent, turnover) in [
		(1, micro(100_000), 2 * SURE),
		(4_032, micro(490_625), micro(9_812_500)),
		(7_258, micro(43_165_704), micro(863_314_080)),
		(8_064, micro(100_100_000), 2_002 * SURE),
	] {
		// To the millionth of a SURE that the table shows.
		let shown = |amount: Balance| micro((amount + micro(1) / 2) / micro(1));
		assert_eq!(shown(production_rent(taken)), rent);
		assert_eq!(shown(PLATFORM_FEE.mul_floor(turnover)), rent);
	}
	assert_eq!(local_rent(8_064), micro(100_100));

	let turnover = window_price::<Production>(micro(100)).unwrap();
	assert_eq!(turnover, milli(1_440));
	assert_eq!(PLATFORM_FEE.mul_floor(turnover), milli(72));
	assert_eq!(production_rent(1) - milli(72), milli(28));
}

#[test]
fn a_service_is_dead_below_half_of_its_measured_rounds() {
	let dead =
		|up, down| Counters { up, down, ..Default::default() }.is_dead(Local::window_rounds());
	assert!(dead(5, 7) && !dead(6, 6));
	// Half of the window must be measured.
	assert!(dead(2, 4) && !dead(2, 3));
}

#[test]
fn amounts_of_a_lease() {
	let price = milli(80);
	assert_eq!(window(PRICE), milli(7_200));
	let ahead = window(price);
	assert_eq!(ahead, milli(5_760));
	let penalty = START_PENALTY.mul_ceil(ahead);
	assert_eq!(penalty, milli(576));
	let credits = cost_of(ahead, WindowShare::from_u32(COVER)).unwrap();
	assert_eq!(credits, milli(17_280));
	let exposure = with_penalty(credits, PENALTY).unwrap();
	assert_eq!(exposure, milli(19_008));
	assert_eq!(exposure + penalty, milli(19_584));
	assert_eq!(price_of(price, 10), milli(4_800));
	assert_eq!(price_of(price, 1), milli(480));
	assert_eq!(ahead - price_of(price, 3), milli(4_320));
}

#[test]
fn rewards_of_probers() {
	let (pot, reports) = (8 * SURE, [10; 4]);
	let whole = pot * reports[0] / reports.iter().sum::<Balance>();
	let caught = [100, 100, 75, 0].map(Perbill::from_percent);
	let earned = caught.map(|share| share.mul_floor(whole));
	assert_eq!(earned, [2 * SURE, 2 * SURE, milli(1_500), 0]);
	assert_eq!(pot - earned.iter().sum::<Balance>(), milli(2_500));
}

#[test]
fn scores_and_ratings() {
	assert_eq!(Evidence { alpha: 8 * ONE, beta: 0 }.score(), 71);
	let scale = 10 * SURE;
	let weights = [1, 10, 90].map(|fee| rating_weight(fee * SURE, scale));
	assert_eq!(weights, [11_363_636, 62_500_000, 112_500_000]);
	assert_eq!(
		Evidence::of_rating(4, weights[1]),
		Evidence { alpha: 46_875_000, beta: 15_625_000 }
	);
	assert_eq!(payment_weight(weights[1]), 31_250_000);
	let maxima = [MAX_RATING, MAX_OPERATOR_RATINGS, MAX_TENANT_RATINGS, MAX_TENANT_PAYMENTS];
	assert_eq!(maxima, [ONE / 8, ONE / 4, 3 * ONE / 4, ONE / 4]);
	let all = Evidence { alpha: 80 * weights[1], beta: 20 * weights[1] };
	assert_eq!(all.capped(MAX_OPERATOR_RATINGS), Evidence { alpha: 200_000_000, beta: 50_000_000 });
	// A window's worth of operator's ratings, and of a tenant's ratings with payments, per scale of
	// fees.
	assert_eq!((MAX_RATING, MAX_RATING + payment_weight(MAX_RATING)), (ONE / 8, 3 * ONE / 16));
}
