//! A chain with reputation alone: blocks are rounds' worth of a clock that the tests set.

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_reputation, Cause, Event};
use frame::{
	deps::sp_runtime::{Perbill, traits::Convert},
	testing_prelude::*,
};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, Clock, Counters, LatencyBucket, ReputationSink,
	ServiceId, WindowIndex, WindowSummary,
};

type Block = MockBlockU32<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Reputation: pallet_surety_reputation,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const CHARLIE: u64 = 3;
pub const HALF_LIFE: u32 = 30;
/// Rounds of a window.
pub const ROUNDS: u16 = 12;

parameter_types! {
	pub static WindowRounds: u16 = ROUNDS;
}

/// Rounds of five blocks.
pub struct MockClock;
impl Clock for MockClock {
	fn now() -> BlockNumber {
		System::block_number()
	}
	fn slot_ms() -> u64 {
		1_000
	}
	fn round_blocks() -> u32 {
		5
	}
	fn window_rounds() -> u16 {
		WindowRounds::get()
	}
	fn private_endpoints() -> bool {
		true
	}
	fn proof_of_control() -> bool {
		false
	}
}

/// Fee at which a rating weighs half of what it can, in the native token.
pub const SCALE: Balance = 10_000;
/// And in asset 1.
pub const LOCAL_SCALE: Balance = 30;
/// And in asset 3.
pub const DEAR_SCALE: Balance = 1_000_000_000_000;
/// Windows in which an engagement can be rated after the one in which it began.
pub const RATING_WINDOWS: u32 = 7;
/// Windows of an epoch.
pub const EPOCH: u32 = 10;
/// Most that is forgotten in one block.
pub const FORGET: u32 = 5;

/// The native token and assets 1 and 3 are worth something; a scale of 0 is a mistake, in asset 2.
pub struct MockScale;
impl Convert<AssetId, Option<Balance>> for MockScale {
	fn convert(asset: AssetId) -> Option<Balance> {
		match asset {
			AssetId::Native => Some(SCALE),
			AssetId::Local(1) => Some(LOCAL_SCALE),
			AssetId::Local(2) => Some(0),
			AssetId::Local(3) => Some(DEAR_SCALE),
			AssetId::Local(_) => None,
		}
	}
}

parameter_types! {
	/// Two ratings of the largest weight.
	pub const MaxPairWeight: Perbill = Perbill::from_percent(25);
}

impl crate::Config for Test {
	type Clock = MockClock;
	type HalfLife = ConstU32<HALF_LIFE>;
	type RatingScale = MockScale;
	type RatingWindows = ConstU32<RATING_WINDOWS>;
	type EpochWindows = ConstU32<EPOCH>;
	type MaxPairWeight = MaxPairWeight;
	type ForgetPerBlock = ConstU32<FORGET>;
	type WeightInfo = ();
}

pub fn new_test_ext() -> TestState {
	let mut ext: TestState = RuntimeGenesisConfig::default().build_storage().unwrap().into();
	// Block 0 has no events.
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Run a test at block 1 and check the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Reputation::do_try_state().unwrap();
	});
}

/// Go to the third round of `window`, when the one before is judged.
pub fn go_to_window(window: WindowIndex) {
	let round = MockClock::window_start(window) + 2;
	System::set_block_number(MockClock::round_start(round).max(1));
}

/// Rounds up and down of a window.
pub fn counters(up: u16, down: u16) -> Counters {
	Counters { up, down, ..Default::default() }
}

/// Report a window of a service, latency at 100 ms.
pub fn close(operator: u64, service: ServiceId, window: WindowIndex, counters: Counters) {
	let latency_p95 = LatencyBucket::from_millis(100);
	Reputation::window(&operator, service, &WindowSummary { window, counters, latency_p95 });
}

/// Go on to the next window `n` times, and close each with all rounds of service 1 up.
pub fn good_windows(operator: u64, n: u32) {
	for _ in 0..n {
		let window = MockClock::window_of(MockClock::round());
		go_to_window(window + 1);
		close(operator, 1, window, counters(WindowRounds::get(), 0));
	}
}

/// An agreement of `tenant` with `operator` ended, with `fee` in the native token.
pub fn engage(agreement: AgreementId, operator: u64, tenant: u64, fee: Balance) {
	engage_in(AssetId::Native, agreement, operator, tenant, fee);
}

/// And with a fee in any asset.
pub fn engage_in(asset: AssetId, agreement: AgreementId, operator: u64, tenant: u64, fee: Balance) {
	<Reputation as ReputationSink<u64>>::engagement(agreement, &operator, &tenant, asset, fee);
}

/// Rate, successfully.
pub fn rate(who: u64, agreement: AgreementId, stars: u8) {
	assert_ok!(Reputation::rate(RuntimeOrigin::signed(who), agreement, stars));
}

/// The last event of this pallet.
pub fn last_event() -> Event<Test> {
	let ours = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
		RuntimeEvent::Reputation(event) => Some(event),
		_ => None,
	};
	System::events().into_iter().rev().find_map(ours).unwrap()
}

/// Take the movements told since the last call: account, cause, before, after.
pub fn movements() -> Vec<(u64, Cause, u8, u8)> {
	let told = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Reputation(Event::Moved { account, cause, before, after, .. }) => {
				Some((account, cause, before, after))
			},
			_ => None,
		})
		.collect();
	System::reset_events();
	told
}
