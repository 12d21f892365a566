// SPDX-License-Identifier: Apache-2.0

//! Runtime with the real pallets that this one meets: timing, operators, probes, escrow and
//! reputation, with real money. Probers report the findings of [`rounds`]. The owner of the leases
//! is a stand-in ([`leases`]).

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_sla, *};
use frame::testing_prelude::*;
use pallet_surety_operators::HoldReason as OperatorHold;
use pallet_surety_timing::TimingPreset;
use surety_primitives::{
	AssetId, BreachKind, Counters, End, EscrowOwner, Metered, OnJudged, OnLeaseFailed, ProbeStatus,
	Probing, Service, Severity, StreamInfo, TierReached, WindowTerms,
};
use surety_test_kit::{AnyAsset, BlockTime, Genesis, Listing, ProberSet, TestRuntime};

mod leases;
mod rounds;
pub use leases::*;
pub use rounds::*;

pub type AccountId = u64;
type Block = MockBlockU32<Test>;
pub type Kit = surety_test_kit::Kit<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Operators: pallet_surety_operators,
		Probes: pallet_surety_probes,
		Sla: pallet_surety_sla,
		Escrow: pallet_surety_escrow,
		Reputation: pallet_surety_reputation,
	}
);

pub use surety_test_kit::{ADMIN, LOCAL, MIN_BOND, MINIMUM, OPERATOR, PRICE, TENANT, TREASURY, up};
pub use surety_test_kit::{OTHER_TENANT as OTHER, PROBER_POT as PROBERS, STRANGER as THIRD};

/// Blocks of a round.
pub const L: u32 = TimingPreset::dev().round_blocks;
/// Rounds of a window.
pub const R: u32 = TimingPreset::dev().window_rounds as u32;
/// Price of one unit and window at the price that services are listed with.
pub const WINDOW_PRICE: Balance = PRICE * (L * R) as Balance;
/// Price of one unit and round.
pub const ROUND_PRICE: Balance = PRICE * L as Balance;
/// Number of tenths of a window's price.
pub fn tenths(n: u32) -> WindowShare {
	WindowShare::from_rational(n.into(), 10)
}
/// Cover that services are listed with, in windows' prices: 2,400 base units for one unit. Breaches
/// credit 60, 120, 300 and 600 base units.
pub const COVER: WindowShare = WindowShare::from_u32(4);
/// Any cover will do.
pub const NO_COVER: WindowShare = WindowShare::from_u32(0);
/// Bond of the operator in each asset.
pub const BOND: Balance = 1_000_000;
/// Free balance of an account in each asset.
pub const FUNDS: Balance = 1_000_000;
pub const DEPOSIT: Balance = 20_000;

/// Token of the chain; [`LOCAL`] is the asset of the assets pallet.
pub const NATIVE: AssetId = AssetId::Native;
/// Services of [`OPERATOR`] in the token and in the asset.
pub const SERVICE: Target = Target::Service(0);
pub const LOCAL_SERVICE: Target = Target::Service(1);
/// Another service in the token.
pub const SIBLING: Target = Target::Service(2);
/// `Compute` services, under which leases are listed.
pub const COMPUTE: Target = Target::Service(3);
pub const LOCAL_COMPUTE: Target = Target::Service(4);
/// Target that is not listed.
pub const UNKNOWN: Target = Target::Service(99);

pub const BOND_HOLD: RuntimeHoldReason = RuntimeHoldReason::Operators(OperatorHold::Bond);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_test_kit::money!(MINIMUM);
surety_test_kit::authorized_transactions!();

impl pallet_surety_timing::Config for Test {}

parameter_types! {
	pub storage BaseRent: Perbill = Perbill::zero();
	pub storage PeakRent: Perbill = Perbill::zero();
	pub storage PlatformShare: Perbill = Perbill::from_percent(5);
	/// The probers' pot receives nothing but rents.
	pub const NoProberShare: Perbill = Perbill::zero();
	pub storage Share: Perbill = Perbill::from_percent(10);
	pub storage Escalation: u32 = 4;
	pub storage MaxMultiplied: u8 = 3;
	pub storage History: u32 = 5;
}

#[derive_impl(pallet_surety_operators::config_preludes::TestDefaultConfig)]
impl pallet_surety_operators::Config for Test {
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = Sla;
	type Inventory = surety_test_kit::NoLeases;
	type Funds = Money;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type AssetPolicy = AnyAsset;
	type Treasury = ConstU64<TREASURY>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

#[derive_impl(pallet_surety_probes::config_preludes::TestDefaultConfig)]
impl pallet_surety_probes::Config for Test {
	type Clock = Timing;
	type Time = BlockTime<Test>;
	type Registry = Operators;
	type OnJudged = Sla;
	type OnLeaseFailed = LeaseOwner;
	type Reputation = Reputation;
	type ValidatorSet = ProberSet;
	type ReportNeglect = ();
	type Funds = Money;
	type Pot = ConstU64<PROBERS>;
}

#[derive_impl(crate::config_preludes::TestDefaultConfig)]
impl Config for Test {
	type Clock = Timing;
	type Registry = Operators;
	type Bonding = Operators;
	type Slots = Probes;
	type Escrow = Escrow;
	type Reputation = Reputation;
	type Funds = Money;
	type Treasury = ConstU64<TREASURY>;
	type ProberPot = ConstU64<PROBERS>;
	type PenaltyShare = Share;
	type RentBase = BaseRent;
	type RentPeak = PeakRent;
	type PlatformFee = PlatformShare;
	type ProberShare = NoProberShare;
	type EscalationWindows = Escalation;
	type MaxMultiplier = MaxMultiplied;
	type MaxBreaches = History;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = BenchmarkSetup;
}

#[derive_impl(pallet_surety_escrow::config_preludes::TestDefaultConfig)]
impl pallet_surety_escrow::Config for Test {
	type Funds = Money;
	type Clock = Timing;
	type Meter = Probes;
	type OnStreamEnd = (Sla, LeaseOwner);
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type PlatformFee = PlatformShare;
	type ProberShare = NoProberShare;
	type ProberPot = ConstU64<PROBERS>;
	type Treasury = ConstU64<TREASURY>;
	type AgendaPerBlock = ConstU32<50>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

/// Fee at which a rating has half of its maximum weight.
pub const RATING_SCALE: Balance = 100;

#[derive_impl(pallet_surety_reputation::config_preludes::TestDefaultConfig)]
impl pallet_surety_reputation::Config for Test {
	type Clock = Timing;
	type RatingScale = surety_test_kit::RatingScale<RATING_SCALE>;
}

/// Make the current parameters the rules of the current window, as if it began again.
pub fn begin_again() {
	let _ = WindowRules::<Test>::clear(u32::MAX, None);
}

/// Id of a listed service.
pub fn id_of(target: Target) -> ServiceId {
	target.service().expect("a listed service")
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// List a service of [`OPERATOR`]; returns its target.
pub fn list(asset: AssetId) -> Target {
	Target::Service(Kit::list(OPERATOR, Listing::of(asset)))
}

/// Listing of a target.
pub fn listing(target: Target) -> Service<AccountId> {
	Operators::listing(target).expect("listed")
}

/// Change a listing, its terms too.
pub fn relist(target: Target, f: impl FnOnce(&mut Service<AccountId>)) {
	match target {
		Target::Service(id) => pallet_surety_operators::Services::<Test>::mutate_extant(id, f),
		Target::Lease(id) => pallet_surety_operators::Leases::<Test>::mutate_extant(id, f),
	}
}

/// Change the terms of a listing: every tier credits `credit`, and the cover is `cover`.
pub fn promise(target: Target, credit: WindowShare, cover: WindowShare) {
	relist(target, |listing| (listing.terms.credit, listing.terms.cover) = ([credit; 4], cover));
}

/// Hooks of a block without `on_idle`, which would settle agreements: tests call it.
pub struct BlockHooks;
impl frame::traits::OnInitialize<u32> for BlockHooks {
	fn on_initialize(block: u32) -> Weight {
		AllPalletsWithSystem::on_initialize(block)
	}
}
impl frame::traits::OnIdle<u32> for BlockHooks {}
impl frame::traits::OnFinalize<u32> for BlockHooks {
	fn on_finalize(block: u32) {
		AllPalletsWithSystem::on_finalize(block);
	}
}

impl TestRuntime for Test {
	type Pallets = BlockHooks;

	fn check_invariants() {
		assert_ok!(Sla::do_try_state());
		assert_ok!(Operators::do_try_state());
		assert_ok!(Probes::do_try_state());
		assert_ok!(Escrow::do_try_state());
		assert_ok!(Reputation::do_try_state());
	}
}

pub fn new_test_ext() -> TestState {
	let mut funds: Vec<_> = [TENANT, OTHER, THIRD].map(|who| (who, FUNDS)).into();
	funds.push((OPERATOR, BOND + FUNDS));
	funds.extend([TREASURY, PROBERS, ADMIN].map(|who| (who, MINIMUM)));
	let mut ext = Kit::test_ext(Genesis { funds, ..Default::default() });
	ext.execute_with(|| {
		reset_findings();
		let name = b"operator".to_vec().try_into().unwrap();
		assert_ok!(Operators::register(signed(OPERATOR), BOND, name, Default::default()));
		assert_ok!(Operators::bond_more(signed(OPERATOR), LOCAL, BOND));
		assert_eq!([NATIVE, LOCAL, NATIVE].map(list), [SERVICE, LOCAL_SERVICE, SIBLING]);
		let compute = |asset| Listing { asset, ..Listing::compute() };
		let listed = [NATIVE, LOCAL].map(|asset| Kit::list(OPERATOR, compute(asset)));
		assert_eq!(listed, [COMPUTE, LOCAL_COMPUTE].map(id_of));
		at_round(2 * R);
		System::reset_events();
	});
	// A benchmark goes back to the committed state for each value of its parameters.
	ext.commit_all().unwrap();
	ext
}

/// Run a test at the end of the first round of window 2. The invariants of all pallets hold after
/// it, and no money came or went.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		let issued = issuance();
		test();
		check(issued);
	});
}

/// Run a test that corrupts neighbours: only the invariants of this pallet hold after it.
pub fn build_and_corrupt(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		assert_ok!(Sla::do_try_state());
	});
}

/// Check the invariants of all pallets, the issuance, and the contents of the pots.
pub fn check(issued: [Balance; 2]) {
	Test::check_invariants();
	assert_eq!(issuance(), issued, "money came or went");
	for (asset, pot) in Pots::<Test>::iter() {
		assert_eq!(Money::total(asset, &Sla::pot()), pot.owed + pot.spare + pot.reserve);
	}
}

pub fn issuance() -> [Balance; 2] {
	[NATIVE, LOCAL].map(Money::issuance)
}

pub fn free(asset: AssetId, who: AccountId) -> Balance {
	match asset {
		AssetId::Native => Balances::free_balance(who),
		AssetId::Local(id) => Assets::balance(id, who),
	}
}

/// All that an account has, free or on hold.
pub fn wealth(asset: AssetId, who: AccountId) -> Balance {
	Money::total(asset, &who)
}

/// Active bond of the operator.
pub fn bond(asset: AssetId) -> Balance {
	pallet_surety_operators::Bonds::<Test>::get(OPERATOR, asset).active
}

/// Unbond all but `left` of the active bond.
pub fn unbond_to(asset: AssetId, left: Balance) {
	assert_ok!(Operators::unbond(signed(OPERATOR), asset, bond(asset) - left));
}

/// Unbond everything that no target reserves.
pub fn unbond_free(asset: AssetId) {
	unbond_to(asset, pallet_surety_operators::Bonds::<Test>::get(OPERATOR, asset).exposure);
}

pub fn bond_more(asset: AssetId, amount: Balance) {
	assert_ok!(Operators::bond_more(signed(OPERATOR), asset, amount));
}

pub fn exposure(target: Target) -> Balance {
	Operators::exposure(target)
}

/// Bond that credits of this rate reserve with `left` of the cover, and the penalty of a tenth.
pub fn reserve(rate: Balance, left: WindowShare) -> Balance {
	left.saturating_mul_int(rate * Balance::from(L * R)) * 11 / 10
}

/// Open an agreement at any price and cover.
pub fn try_open(tenant: AccountId, target: Target, units: u32, deposit: Balance) -> DispatchResult {
	let service = id_of(target);
	Sla::open_agreement(signed(tenant), service, units, u128::MAX, deposit, NO_COVER)
		.map(drop)
		.map_err(|refused| refused.error)
}

/// Open an agreement with the usual deposit; returns its id.
pub fn open(tenant: AccountId, target: Target, units: u32) -> AgreementId {
	let id = NextAgreement::<Test>::get();
	assert_ok!(try_open(tenant, target, units, DEPOSIT));
	id
}

/// First round in which an agreement counts that was opened in window 2: window 2 is judged, and of
/// window 3 the first round.
pub const COUNTING: RoundIndex = 3 * R + 2;

/// Open an agreement and run rounds until it counts, in which everything is up. It has paid 12
/// rounds then.
pub fn open_counting(tenant: AccountId, target: Target, units: u32) -> AgreementId {
	let id = open(tenant, target, units);
	at_round(COUNTING);
	id
}

/// Report to the pallet that a tier was reached with the round judged last, and carry out the end,
/// as probing does.
pub fn breach(target: Target, before: Option<Severity>, severity: Severity) -> Breach {
	breach_with(target, BreachKind::Downtime, before, severity, 1)
}

pub fn breach_with(
	target: Target,
	kind: BreachKind,
	before: Option<Severity>,
	severity: Severity,
	multiplier: u8,
) -> Breach {
	breach_in(Probes::judged_round(), target, kind, before, severity, multiplier)
}

/// [`breach`] of another round.
pub fn breach_in(
	round: RoundIndex,
	target: Target,
	kind: BreachKind,
	before: Option<Severity>,
	severity: Severity,
	multiplier: u8,
) -> Breach {
	let window = Timing::window_of(round);
	let counters = Counters { down: 3, up: 4, ..Default::default() };
	let terms = WindowTerms { allowance: [1, 2, 3], multiplier };
	let number = Targets::<Test>::get(target).map_or(0, |state| state.breaches);
	let tier = TierReached { window, round, kind, before, severity, counters, terms };
	let (end, _) = Sla::tier_reached(target, tier);
	if let Some(end) = end {
		carry_out(target, end);
	}
	Breaches::<Test>::get(target, number).expect("recorded")
}

/// Carry out an end for the operator's doing, as probing does.
pub fn carry_out(target: Target, (at, reason): End) {
	Probes::end_meter(target, at, reason);
	match target {
		Target::Service(id) => Operators::terminate(id, at),
		Target::Lease(id) => LeaseOwner::on_lease_failed(id, (at, reason)),
	};
}

/// End of the meter of a target, once it is decided.
pub fn meter_end(target: Target) -> Option<End> {
	Probes::meter(target).and_then(|Metered { end, .. }| end)
}

/// Status of a target in probing.
pub fn probed(target: Target) -> ProbeStatus {
	Probes::status(target).expect("listed")
}

/// Rules that the current window of an active target is judged by.
pub fn window_terms(target: Target) -> WindowTerms {
	row_of(target).terms
}

pub fn stream(id: AgreementId) -> StreamInfo {
	<Escrow as surety_primitives::Streams<_>>::stream(agreement(id).escrow).expect("open")
}

/// End of the stream of an agreement, once it is decided.
pub fn ending(id: AgreementId) -> Option<End> {
	stream(id).ending
}

pub fn state(target: Target) -> TargetState {
	Targets::<Test>::get(target).expect("has had agreements")
}

pub fn agreement(id: AgreementId) -> Agreement<AccountId> {
	Agreements::<Test>::get(id).expect("exists")
}

/// True if an agreement is over and removed.
pub fn is_gone(id: AgreementId) -> bool {
	!Agreements::<Test>::contains_key(id)
}

pub fn owed(id: AgreementId) -> Balance {
	Sla::owed_credit(id).expect("exists")
}

/// Credit that is promised and not due yet.
pub fn reserved(id: AgreementId) -> Balance {
	Sla::agreement(id).expect("exists").reserved
}

/// Events of all pallets since the last call.
pub fn all_events() -> Vec<RuntimeEvent> {
	let events = System::events();
	System::reset_events();
	events.into_iter().map(|record| record.event).collect()
}

/// Events of this pallet since the last call.
pub fn events() -> Vec<Event<Test>> {
	let own = |event| match event {
		RuntimeEvent::Sla(event) => Some(event),
		_ => None,
	};
	all_events().into_iter().filter_map(own).collect()
}

/// Stop an account from receiving the asset.
pub fn block(who: AccountId) {
	assert_ok!(Assets::block(signed(ADMIN), 1, who));
}

pub fn unblock(who: AccountId) {
	assert_ok!(Assets::thaw(signed(ADMIN), 1, who));
}

/// Benchmark set-up: services of [`new_test_ext`], and meters that are written as if rounds had
/// been judged.
#[cfg(feature = "runtime-benchmarks")]
pub struct BenchmarkSetup;
#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for BenchmarkSetup {
	fn open_service(local: bool) -> ServiceId {
		let target = if local { LOCAL_SERVICE } else { SERVICE };
		relist(target, |listing| listing.capacity = 1_000);
		id_of(target)
	}
	fn listed_lease() -> u32 {
		list_lease(0, NATIVE);
		0
	}
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		use frame::token::{fungible::Mutate as _, fungibles::Mutate as _};
		let minted = match asset {
			AssetId::Native => Balances::mint_into(who, amount),
			AssetId::Local(id) => Assets::mint_into(id, who, amount),
		};
		assert_ok!(minted);
	}
	fn judge_through(round: RoundIndex) {
		advance_meters(round);
	}
	fn end_meter(target: Target, at: RoundIndex) {
		Probes::end_meter(target, at, CloseReason::Terminated);
	}
}
