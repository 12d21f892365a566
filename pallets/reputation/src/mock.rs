// SPDX-License-Identifier: Apache-2.0

//! Runtime with the clock and the reputation pallet.

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_reputation, Cause, Event};
use frame::testing_prelude::*;
use pallet_surety_timing::{TimingPreset, Timings};
use surety_primitives::{
	AgreementId, AssetId, Balance, Clock, Counters, LatencyBucket, ReputationInspect,
	ReputationSink, ServiceId, Target, TrustLevel, WindowIndex, WindowSummary,
};

type Block = MockBlockU32<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
		Reputation: pallet_surety_reputation,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl pallet_surety_timing::Config for Test {}

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const CHARLIE: u64 = 3;
/// Half-life of evidence in windows.
pub const HALF_LIFE: u32 = 30;
/// Rounds of a window.
pub const ROUNDS: u16 = TimingPreset::dev().window_rounds;

/// Fee at which a rating has half of its maximum weight, in the native token.
pub const SCALE: Balance = 10_000;
/// Scale of asset 1.
pub const LOCAL_SCALE: Balance = 30;
/// Scale of asset 3.
pub const HIGH_SCALE: Balance = 1_000_000_000_000;
/// Windows in which an engagement can be rated after the one in which it began.
pub const RATING_WINDOWS: u32 = 7;
/// Windows of an epoch.
pub const EPOCH: u32 = 10;
/// Maximum number of removals per block.
pub const FORGET: u32 = 5;

/// Scales of the native token and of assets 1 and 3. The scale of asset 2 is 0, a misconfiguration.
pub struct MockScale;
impl Convert<AssetId, Option<Balance>> for MockScale {
	fn convert(asset: AssetId) -> Option<Balance> {
		match asset {
			AssetId::Native => Some(SCALE),
			AssetId::Local(1) => Some(LOCAL_SCALE),
			AssetId::Local(2) => Some(0),
			AssetId::Local(3) => Some(HIGH_SCALE),
			AssetId::Local(_) => None,
		}
	}
}

#[derive_impl(crate::config_preludes::TestDefaultConfig)]
impl crate::Config for Test {
	type Clock = Timing;
	type HalfLife = ConstU32<HALF_LIFE>;
	type RatingScale = MockScale;
	type RatingWindows = ConstU32<RATING_WINDOWS>;
	type EpochWindows = ConstU32<EPOCH>;
	type ForgetPerBlock = ConstU32<FORGET>;
}

#[cfg(feature = "runtime-benchmarks")]
pub fn new_test_ext() -> TestState {
	test_externality(TimingPreset::dev())
}

fn test_externality(timings: Timings) -> TestState {
	let timing = pallet_surety_timing::GenesisConfig { timings, ..Default::default() };
	let genesis = RuntimeGenesisConfig { timing, ..Default::default() };
	let mut ext: TestState = genesis.build_storage().unwrap().into();
	// Block 0 has no events.
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Run a test at block 1 and check the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	build_and_execute_with(ROUNDS, test);
}

/// Run a test on a chain with so many rounds to a window.
pub fn build_and_execute_with(window_rounds: u16, test: impl FnOnce()) {
	test_externality(Timings { window_rounds, ..TimingPreset::dev() }).execute_with(|| {
		test();
		Reputation::do_try_state().unwrap();
	});
}

/// Go to the third round of `window`, in which the window before is judged.
pub fn go_to_window(window: WindowIndex) {
	let round = Timing::window_start(window) + 2;
	System::set_block_number(Timing::round_start(round).max(1));
}

/// Rounds up and down of a window.
pub fn counters(up: u16, down: u16) -> Counters {
	Counters { up, down, ..Default::default() }
}

/// Close a window of a service with a latency of 100 ms.
pub fn close(operator: u64, service: ServiceId, window: WindowIndex, counters: Counters) {
	close_at(operator, service, window, counters, 100);
}

/// Close a window of a service with a latency in ms.
pub fn close_at(
	operator: u64,
	service: ServiceId,
	window: WindowIndex,
	counters: Counters,
	ms: u32,
) {
	let latency_p95 = LatencyBucket::from_millis(ms);
	let summary = WindowSummary { window, counters, latency_p95 };
	Reputation::window(&operator, Target::Service(service), &summary);
}

/// Go to the next window `n` times, and close each with all rounds of service 1 up.
pub fn good_windows(operator: u64, n: u32) {
	for _ in 0..n {
		let window = Timing::window_of(Timing::round());
		go_to_window(window + 1);
		close(operator, 1, window, counters(Timing::window_rounds(), 0));
	}
}

/// Score of an operator.
pub fn operator_score(who: u64) -> u8 {
	<Reputation as ReputationInspect<u64>>::score(&who)
}

/// Score of a tenant.
pub fn tenant_score(who: u64) -> u8 {
	Reputation::tenant_score(&who)
}

/// End an agreement of `tenant` with `operator`, with `fee` in the native token.
pub fn engage(agreement: AgreementId, operator: u64, tenant: u64, fee: Balance) {
	engage_in(AssetId::Native, agreement, operator, tenant, fee);
}

/// End an agreement with `fee` in any asset.
pub fn engage_in(asset: AssetId, agreement: AgreementId, operator: u64, tenant: u64, fee: Balance) {
	<Reputation as ReputationSink<u64>>::engagement(agreement, &operator, &tenant, asset, fee);
}

/// Rate, successfully.
pub fn rate(who: u64, agreement: AgreementId, stars: u8) {
	assert_ok!(Reputation::rate(RuntimeOrigin::signed(who), agreement, stars));
}

/// Last event of this pallet.
pub fn last_event() -> Event<Test> {
	let event_of = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
		RuntimeEvent::Reputation(event) => Some(event),
		_ => None,
	};
	System::events().into_iter().rev().find_map(event_of).unwrap()
}

/// Movements since the last call: account, cause, score before, score after.
pub fn take_movements() -> Vec<(u64, Cause, u8, u8)> {
	let movements = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Reputation(Event::Moved { account, cause, before, after, .. }) => {
				Some((account, cause, before, after))
			},
			_ => None,
		})
		.collect();
	System::reset_events();
	movements
}

/// Trust level of an operator.
pub fn trust(who: u64) -> TrustLevel {
	<Reputation as ReputationInspect<u64>>::trust(&who)
}

/// Trust level of a tenant.
pub fn tenant_trust(who: u64) -> TrustLevel {
	TrustLevel::from_score(tenant_score(who))
}
