// SPDX-License-Identifier: Apache-2.0

//! Mock runtime with real balances, assets and holds, and meters that tests advance.

#![allow(clippy::arithmetic_side_effects)]

use crate as pallet_surety_escrow;
use crate::{AccountOf, Accounts, Config, Event, HoldReason, NextId};
use frame::{deps::sp_io, testing_prelude::*};
use std::{cell::RefCell, collections::BTreeMap};
use surety_primitives::{
	AssetId, Balance, BlockNumber, Clock, CloseReason, End, EscrowId, EscrowOwner, Fee, Funds as _,
	Meter, MeterReading, Metered, NewStream, OnStreamEnd, OneOffHolds as _, RoundIndex, StreamEnd,
	StreamStart, Streams as _, Target,
};

type Block = MockBlockU32<Test>;
pub type AccountId = u64;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Escrow: pallet_surety_escrow,
	}
);

/// Minimum balance of an account, in either asset.
pub const MINIMUM: Balance = 10;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_test_kit::money!(MINIMUM);

/// Blocks of a round.
pub const ROUND_BLOCKS: u32 = 10;

pub struct TestClock;
impl Clock for TestClock {
	fn now() -> BlockNumber {
		System::block_number()
	}
	fn slot_ms() -> u64 {
		6_000
	}
	fn round_blocks() -> u32 {
		ROUND_BLOCKS
	}
	fn window_rounds() -> u16 {
		12
	}
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notified {
	Ending(EscrowOwner, End),
	Ended(EscrowOwner, StreamEnd),
	Suspended(EscrowOwner, StreamEnd),
}

thread_local! {
	static METERS: RefCell<BTreeMap<Target, MeterState>> = const { RefCell::new(BTreeMap::new()) };
	static NOTIFIED: RefCell<Vec<Notified>> = const { RefCell::new(Vec::new()) };
	static WHEN_SUSPENDED: RefCell<Option<fn()>> = const { RefCell::new(None) };
}

/// Reading and end of a meter.
type MeterState = (MeterReading, Option<End>);

/// Meters that advance when a test judges a round.
pub struct TestMeter;
impl Meter for TestMeter {
	fn meter(service: Target) -> Option<Metered> {
		let meter = METERS.with_borrow(|meters| meters.get(&service).copied());
		meter.map(|(reading, end)| Metered { reading, end })
	}
}
impl TestMeter {
	/// Start a meter that runs from round `through` on.
	pub fn start(service: Target, through: RoundIndex) {
		let reading = MeterReading { blocks: 0, through, recent: 0 };
		METERS.with_borrow_mut(|meters| meters.insert(service, (reading, None)));
	}
	/// Judge the next round. Past the end of the meter no round is billable.
	pub fn judge(service: Target, billable: bool) {
		METERS.with_borrow_mut(|meters| {
			let (reading, ended) = meters.get_mut(&service).unwrap();
			let stopped = ended.is_some_and(|(ended, _)| reading.through >= ended);
			reading.advance(reading.through + 1, billable && !stopped, ROUND_BLOCKS);
		});
	}
	/// End the meter after round `at`, because its service is retired.
	pub fn end(service: Target, at: RoundIndex) {
		Self::end_for(service, at, CloseReason::ServiceRetired);
	}
	/// End the meter after round `at`.
	pub fn end_for(service: Target, at: RoundIndex, reason: CloseReason) {
		METERS.with_borrow_mut(|meters| meters.get_mut(&service).unwrap().1 = Some((at, reason)));
	}
	/// Remove the meter.
	pub fn remove(service: Target) {
		METERS.with_borrow_mut(|meters| meters.remove(&service));
	}
	pub fn through(service: Target) -> Option<RoundIndex> {
		Self::meter(service).map(|meter| meter.reading.through)
	}
}

pub struct TestOwner;
impl OnStreamEnd for TestOwner {
	fn ending(owner: EscrowOwner, end: End) -> Weight {
		NOTIFIED.with_borrow_mut(|notified| notified.push(Notified::Ending(owner, end)));
		NotifiedWeight::get()
	}
	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		NOTIFIED.with_borrow_mut(|notified| notified.push(Notified::Ended(owner, end)));
		NotifiedWeight::get()
	}
	fn suspended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		NOTIFIED.with_borrow_mut(|notified| notified.push(Notified::Suspended(owner, end)));
		if let Some(act) = WHEN_SUSPENDED.take() {
			act();
		}
		NotifiedWeight::get()
	}
	fn max_weight() -> Weight {
		NotifiedWeight::get()
	}
}

/// Set the action of the owner at the next notification of a suspension.
pub fn when_suspended(act: fn()) {
	WHEN_SUSPENDED.set(Some(act));
}

/// End that the owner is notified of, with the current fee.
pub fn stream_end(
	reason: CloseReason,
	round: RoundIndex,
	paid: Balance,
	refunded: Balance,
) -> StreamEnd {
	StreamEnd { reason, round, paid, fee: PlatformFee::get().mul_floor(paid), refunded }
}

/// Notifications since the last call.
pub fn notified() -> Vec<Notified> {
	NOTIFIED.take()
}

parameter_types! {
	pub static PlatformFee: Perbill = Perbill::from_percent(5);
	pub static ProberShare: Perbill = Perbill::from_percent(60);
	pub static AgendaPerBlock: u32 = 5;
	/// True while the agenda is not worked off, as if it had no room.
	pub static Stalled: bool = false;
	pub const ProberPot: AccountId = POT;
	pub const TreasuryAccount: AccountId = TREASURY;
	pub const NotifiedWeight: Weight = Weight::from_parts(7, 0);
}

#[derive_impl(crate::config_preludes::TestDefaultConfig)]
impl Config for Test {
	type Funds = Money;
	type Clock = TestClock;
	type Meter = TestMeter;
	type OnStreamEnd = TestOwner;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type PlatformFee = PlatformFee;
	type ProberShare = ProberShare;
	type ProberPot = ProberPot;
	type Treasury = TreasuryAccount;
	type AgendaPerBlock = AgendaPerBlock;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = TestHelper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct TestHelper;
#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for TestHelper {
	fn fund(who: &AccountId, amount: Balance) -> AssetId {
		use frame::token::fungibles::Mutate;
		Assets::mint_into(ASSET, who, amount).unwrap();
		AssetId::Local(ASSET)
	}
	fn metered() -> Target {
		METER
	}
}

pub const TENANT: AccountId = 1;
pub const OPERATOR: AccountId = 2;
pub const POT: AccountId = 3;
pub const TREASURY: AccountId = 4;
pub const OTHER: AccountId = 5;
/// Account without funds in any asset.
pub const NOBODY: AccountId = 6;

/// Approved asset.
pub const ASSET: u32 = 7;
/// Service with a meter.
pub const METER: Target = Target::Service(11);
/// Running lease of a replica.
pub const OTHER_METER: Target = Target::Lease(12);
/// Initial balance of every account but `NOBODY`, in either asset.
pub const START: Balance = 1_000_000;

pub fn new_ext() -> sp_io::TestExternalities {
	let rich = [TENANT, OPERATOR, POT, TREASURY, OTHER];
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: rich.iter().map(|who| (*who, START)).collect(),
			..Default::default()
		},
		assets: pallet_assets::GenesisConfig {
			assets: vec![(ASSET, OTHER, true, MINIMUM)],
			accounts: rich.iter().map(|who| (ASSET, *who, START)).collect(),
			..Default::default()
		},
		..Default::default()
	}
	.build_storage()
	.unwrap();
	let mut ext: sp_io::TestExternalities = storage.into();
	METERS.take();
	NOTIFIED.take();
	WHEN_SUSPENDED.take();
	PlatformFee::set(Perbill::from_percent(5));
	ProberShare::set(Perbill::from_percent(60));
	AgendaPerBlock::set(5);
	Stalled::set(false);
	ext.execute_with(|| {
		TestMeter::start(METER, 0);
		System::set_block_number(1);
		Escrow::on_initialize(1);
	});
	ext
}

/// Run a test with each asset. Checks that money is conserved and that all invariants hold.
pub fn with_each_asset(test: impl Fn(AssetId)) {
	for asset in [AssetId::Native, AssetId::Local(ASSET)] {
		new_ext().execute_with(|| {
			let before = sum_of_balances(asset);
			test(asset);
			assert_eq!(sum_of_balances(asset), before, "money was made or lost");
			Escrow::do_try_state().unwrap();
		});
	}
}

/// Sum of all balances, free and on hold.
pub fn sum_of_balances(asset: AssetId) -> Balance {
	[TENANT, OPERATOR, POT, TREASURY, OTHER, NOBODY]
		.iter()
		.map(|who| Money::total(asset, who))
		.sum()
}

/// Gain since the start, free and on hold.
pub fn gained(asset: AssetId, who: AccountId) -> i128 {
	let start = if who == NOBODY { 0 } else { START };
	Money::total(asset, &who) as i128 - start as i128
}

pub fn on_hold(asset: AssetId, who: AccountId) -> Balance {
	Money::held(asset, HoldReason::Escrow.into(), &who)
}

/// Balance that is not in escrow.
pub fn free(asset: AssetId, who: AccountId) -> Balance {
	Money::total(asset, &who) - on_hold(asset, who)
}

pub fn spend(asset: AssetId, from: AccountId, to: AccountId, amount: Balance) {
	Money::transfer(asset, &from, &to, amount).unwrap();
}

/// Build the next block: verdicts first, then the agenda. A round is judged as `billable` says, at
/// offset `judged_at` of the round two later.
pub fn next_block_with(billable: &dyn Fn(RoundIndex) -> bool, judged_at: u32) {
	let now = System::block_number() + 1;
	System::set_block_number(now);
	System::reset_events();
	let round = now / ROUND_BLOCKS;
	if now % ROUND_BLOCKS == judged_at && round >= 2 {
		let services: Vec<_> = METERS.with_borrow(|meters| meters.keys().copied().collect());
		for service in services {
			while TestMeter::through(service).is_some_and(|through| through < round - 2) {
				let judged = TestMeter::through(service).unwrap() + 1;
				TestMeter::judge(service, billable(judged));
			}
		}
	}
	if !Stalled::get() {
		Escrow::on_initialize(now);
	}
	// With a flood of accounts, check once a round only.
	if NextId::<Test>::get() < 1_000 || now.is_multiple_of(ROUND_BLOCKS) {
		Escrow::do_try_state().unwrap();
	}
}

/// Run to a block; `billable` decides about the rounds.
pub fn run_with(to: BlockNumber, billable: impl Fn(RoundIndex) -> bool) {
	while System::block_number() < to {
		next_block_with(&billable, 1);
	}
}

/// Run to a block; every round is billable.
pub fn run_to(to: BlockNumber) {
	run_with(to, |_| true);
}

/// Run to the first block of a round; every round is billable.
pub fn run_to_round(round: RoundIndex) {
	run_to(round * ROUND_BLOCKS);
}

pub fn owner() -> EscrowOwner {
	EscrowOwner::Agreement(42)
}

pub fn new_stream(asset: AssetId) -> NewStream<AccountId> {
	NewStream {
		owner: owner(),
		payer: TENANT,
		payee: OPERATOR,
		asset,
		meter: METER,
		rate: 2,
		deposit: 1_000,
		prepaid: 200,
		fee: Fee { share: PlatformFee::get(), to_probers: ProberShare::get() },
	}
}

pub fn open(asset: AssetId) -> EscrowId {
	Escrow::open(new_stream(asset)).unwrap()
}

pub fn hold(asset: AssetId, amount: Balance) -> EscrowId {
	Escrow::hold(owner(), TENANT, OPERATOR, asset, amount).unwrap()
}

/// Replica, whose account goes from payee to payee.
pub fn replica() -> EscrowOwner {
	EscrowOwner::Replica { order: 9, index: 1 }
}

/// One-off hold of a replica without a payee.
pub fn open_replica(asset: AssetId, amount: Balance) -> EscrowId {
	Escrow::hold(replica(), TENANT, TENANT, asset, amount).unwrap()
}

/// Last round that no test reaches.
pub const NEVER: RoundIndex = 100_000;

/// Start with the terms of `new_stream`, for more time than the funds pay for and without a trial.
pub fn new_start() -> StreamStart<AccountId> {
	StreamStart {
		payee: OPERATOR,
		meter: METER,
		rate: 2,
		prepaid: 200,
		last: NEVER,
		trial_until: 0,
	}
}

/// Start a one-off hold for the operator with these terms.
pub fn start(id: EscrowId) {
	Escrow::start(id, new_start()).unwrap();
}

/// Assert that only a sooner end replaced the end that stood before. Returns the current end.
pub fn assert_end_kept(before: Option<End>, now: Option<End>) -> Option<End> {
	if let Some((round, _)) = before {
		assert!(
			now == before || now.is_some_and(|(now, _)| now < round),
			"{now:?} after {before:?}"
		);
	}
	now
}

pub fn account(id: EscrowId) -> AccountOf<Test> {
	Accounts::<Test>::get(id).unwrap()
}

pub fn stream(id: EscrowId) -> crate::types::Stream {
	match account(id).terms {
		crate::Terms::Stream(stream) => stream,
		crate::Terms::OneOff => panic!("a one-off hold"),
	}
}

pub fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Escrow(event) => Some(event),
			_ => None,
		})
		.collect()
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Block or unblock an account in the asset. The native token cannot block accounts.
pub fn block(who: AccountId, blocked: bool) {
	if blocked {
		assert_ok!(Assets::block(signed(OTHER), ASSET, who));
	} else {
		assert_ok!(Assets::thaw(signed(OTHER), ASSET, who));
	}
}

/// Settle as another pallet does.
pub fn settle(id: EscrowId) -> Result<Balance, DispatchError> {
	<Escrow as surety_primitives::Streams<AccountId>>::settle(id)
}
