//! Runtime with the real pallets that this one meets: timing, operators, probes, escrow and
//! reputation, with real money. Rounds are run by three probers that report given findings
//! ([`rounds`]). The owner of the leases is a stand-in ([`leases`]).

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_sla, *};
use frame::{
	deps::{sp_io, sp_runtime},
	testing_prelude::*,
	traits::Time,
};
use pallet_surety_escrow::HoldReason as EscrowHold;
use pallet_surety_operators::HoldReason as OperatorHold;
use pallet_surety_timing::TimingPreset;
use sp_runtime::{generic, traits::BlakeTwo256};
use surety_primitives::{
	AssetId, BlockNumber, BreachKind, Counters, End, EscrowOwner, LatencyBucket, Metered, OnJudged,
	ProbeStatus, Probing, Region, Service, ServiceKind, ServiceStatus, Severity, StreamInfo,
	TermsInput, TierReached, WindowTerms,
};

mod leases;
mod rounds;
pub use leases::*;
pub use rounds::*;

pub type AccountId = u64;
type TxExtension = frame_system::AuthorizeCall<Test>;
pub type Extrinsic = sp_runtime::testing::TestXt<RuntimeCall, TxExtension>;
type Block = generic::Block<generic::Header<BlockNumber, BlakeTwo256>, Extrinsic>;

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

/// Least balance of an account, in either asset.
pub const MINIMUM: Balance = 10;
/// Blocks of a round.
pub const L: u32 = TimingPreset::dev().round_blocks;
/// Rounds of a window.
pub const R: u32 = TimingPreset::dev().window_rounds as u32;
/// Price of one unit and window at the price that services are listed with.
pub const WINDOW_PRICE: Balance = PRICE * (L * R) as Balance;
pub const PRICE: Balance = 10;
/// Price of one unit and round.
pub const ROUND_PRICE: Balance = PRICE * L as Balance;
/// Credits in windows' prices: 60, 120, 300 and 600 base units for one unit.
pub const CREDIT: [WindowShare; 4] = [
	WindowShare::from_inner(100_000_000),
	WindowShare::from_inner(200_000_000),
	WindowShare::from_inner(500_000_000),
	WindowShare::from_inner(1_000_000_000),
];
/// Number of tenths of a window's price.
pub fn tenths(n: u32) -> WindowShare {
	WindowShare::from_rational(n.into(), 10)
}
/// Cover in windows' prices: 2,400 base units for one unit.
pub const COVER: WindowShare = WindowShare::from_u32(4);
/// Any cover will do.
pub const NO_COVER: WindowShare = WindowShare::from_u32(0);
pub const CAPACITY: u32 = 100;
pub const BOND: Balance = 1_000_000;
/// Minimum bond of an operator in either asset. Rents are shares of it.
pub const MIN_BOND: Balance = 1_000;
pub const FUNDS: Balance = 1_000_000;
pub const DEPOSIT: Balance = 20_000;

pub const OPERATOR: AccountId = 1;
pub const TENANT: AccountId = 2;
pub const OTHER: AccountId = 3;
pub const THIRD: AccountId = 4;
pub const TREASURY: AccountId = 90;
pub const ADMIN: AccountId = 91;
pub const PROBERS: AccountId = 92;

/// The token and the asset of the assets pallet.
pub const NATIVE: AssetId = AssetId::Native;
pub const LOCAL: AssetId = AssetId::Local(1);
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
pub const STREAM_HOLD: RuntimeHoldReason = RuntimeHoldReason::Escrow(EscrowHold::Escrow);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_mock::money!(MINIMUM);

impl pallet_surety_timing::Config for Test {}

parameter_types! {
	pub storage BaseRent: Perbill = Perbill::zero();
	pub storage PeakRent: Perbill = Perbill::zero();
	pub storage PlatformShare: Perbill = Perbill::from_percent(5);
	/// The probers' pot receives nothing but rents.
	pub const NoProberShare: Perbill = Perbill::zero();
	pub const Probers: AccountId = PROBERS;
	pub const Treasury: AccountId = TREASURY;
	pub storage Share: Perbill = Perbill::from_percent(10);
	pub storage Escalation: u32 = 4;
	pub storage MaxMultiplied: u8 = 3;
	pub storage History: u32 = 5;
	pub static Now: u64 = 1_000_000;
}

/// Every asset may be approved, and no bid uses resources.
pub struct Allowed;
impl pallet_surety_operators::AssetPolicy for Allowed {
	fn ensure_approvable(_: u32) -> DispatchResult {
		Ok(())
	}
}
impl surety_primitives::Inventory for Allowed {
	fn forget(_: ServiceId) -> DispatchResult {
		Ok(())
	}
}

#[derive_impl(pallet_surety_operators::config_preludes::TestDefaultConfig)]
impl pallet_surety_operators::Config for Test {
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = Sla;
	type Inventory = Allowed;
	type Funds = Money;
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type AssetPolicy = Allowed;
	type Treasury = Treasury;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Allowed;
}

/// Blocks come one slot after another.
pub struct BlockTime;
impl Time for BlockTime {
	type Moment = u64;
	fn now() -> u64 {
		Now::get()
	}
}

#[derive_impl(pallet_surety_probes::config_preludes::TestDefaultConfig)]
impl pallet_surety_probes::Config for Test {
	type Clock = Timing;
	type Time = BlockTime;
	type Registry = Operators;
	type OnJudged = Sla;
	type OnLeaseFailed = LeaseOwner;
	type Reputation = Reputation;
	type ValidatorSet = ProberSet;
	type ReportNeglect = ();
	type Funds = Money;
	type Pot = Probers;
}

impl Config for Test {
	type Clock = Timing;
	type Registry = Operators;
	type Bonding = Operators;
	type Slots = Probes;
	type Escrow = Escrow;
	type Reputation = Reputation;
	type Funds = Money;
	type Treasury = Treasury;
	type ProberPot = Probers;
	type PenaltyShare = Share;
	type RentBase = BaseRent;
	type RentPeak = PeakRent;
	type PlatformFee = PlatformShare;
	type ProberShare = NoProberShare;
	type EscalationWindows = Escalation;
	type MaxMultiplier = MaxMultiplied;
	type NoticeWindows = ConstU32<1>;
	type MaxBreaches = History;
	type SettlePerBlock = ConstU32<3>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Allowed;
}

impl pallet_surety_escrow::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Funds = Money;
	type Clock = Timing;
	type Meter = Probes;
	type OnStreamEnd = (Sla, LeaseOwner);
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type PlatformFee = PlatformShare;
	type ProberShare = NoProberShare;
	type ProberPot = Probers;
	type Treasury = Treasury;
	type AgendaPerBlock = ConstU32<50>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Allowed;
}

/// Fee at which a rating has half of its maximum weight.
pub const RATING_SCALE: Balance = 100;

pub struct RatingScale;
impl Convert<AssetId, Option<Balance>> for RatingScale {
	fn convert(_: AssetId) -> Option<Balance> {
		Some(RATING_SCALE)
	}
}

#[derive_impl(pallet_surety_reputation::config_preludes::TestDefaultConfig)]
impl pallet_surety_reputation::Config for Test {
	type Clock = Timing;
	type RatingScale = RatingScale;
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

/// Terms that services are listed with.
pub fn usual_terms() -> TermsInput {
	TermsInput {
		min_uptime: 900_000_000,
		max_latency_ms: 250,
		max_head_lag: 5,
		credit: CREDIT,
		cover: COVER,
	}
}

/// List a service of [`OPERATOR`].
pub fn list(kind: ServiceKind, asset: AssetId) -> Target {
	let id = pallet_surety_operators::NextServiceId::<Test>::get();
	assert_ok!(Operators::list_service(
		signed(OPERATOR),
		kind,
		b"http://service.example".to_vec().try_into().unwrap(),
		Region::new(*b"DE").unwrap(),
		CAPACITY,
		PRICE,
		asset,
		usual_terms(),
		[0; 32],
		Default::default(),
	));
	Target::Service(id)
}

pub const VPN: ServiceKind = ServiceKind::Vpn { key: [7; 32] };

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

pub fn new_test_ext() -> sp_io::TestExternalities {
	let who = [OPERATOR, TENANT, OTHER, THIRD];
	let funded = |a: &AccountId| (*a, if *a == OPERATOR { BOND + FUNDS } else { FUNDS });
	let mut balances: Vec<_> = who.iter().map(funded).collect();
	balances.extend([(TREASURY, MINIMUM), (ADMIN, MINIMUM), (PROBERS, MINIMUM)]);
	let mut accounts: Vec<_> = who.iter().map(funded).map(|(a, b)| (1, a, b)).collect();
	accounts.extend([(1, TREASURY, MINIMUM), (1, PROBERS, MINIMUM)]);
	let genesis = RuntimeGenesisConfig {
		timing: pallet_surety_timing::GenesisConfig {
			timings: TimingPreset::dev(),
			..Default::default()
		},
		balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
		assets: pallet_assets::GenesisConfig {
			assets: vec![(1, ADMIN, true, MINIMUM)],
			accounts,
			..Default::default()
		},
		operators: pallet_surety_operators::GenesisConfig {
			assets: vec![(1, MIN_BOND)],
			..Default::default()
		},
		..Default::default()
	};
	let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
	ext.execute_with(|| {
		clear_findings();
		System::set_block_number(1);
		start_session();
		let name = || b"operator".to_vec().try_into().unwrap();
		assert_ok!(Operators::register(signed(OPERATOR), BOND, name(), Default::default()));
		assert_ok!(Operators::bond_more(signed(OPERATOR), LOCAL, BOND));
		let listed = [(VPN, NATIVE), (VPN, LOCAL), (VPN, NATIVE)].map(|(k, a)| list(k, a));
		assert_eq!(listed, [SERVICE, LOCAL_SERVICE, SIBLING]);
		let compute = [NATIVE, LOCAL].map(|asset| list(ServiceKind::Compute, asset));
		assert_eq!(compute, [COMPUTE, LOCAL_COMPUTE]);
		at_round(2 * R);
		System::reset_events();
	});
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
	assert_ok!(Sla::do_try_state());
	assert_ok!(Operators::do_try_state());
	assert_ok!(Probes::do_try_state());
	assert_ok!(Escrow::do_try_state());
	assert_ok!(Reputation::do_try_state());
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
pub fn try_open(
	tenant: AccountId,
	target: Target,
	units: u32,
	deposit: Balance,
) -> DispatchResult {
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
		Target::Service(id) => drop(Operators::terminate(id, at)),
		Target::Lease(id) => {
			drop(<LeaseOwner as surety_primitives::OnLeaseFailed>::on_lease_failed(id, (at, reason)))
		},
	}
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
	Escrow::stream(agreement(id).escrow).expect("open")
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
