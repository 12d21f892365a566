//! A chain with real balances, assets and holds around this pallet. The pallets it meets are
//! replaced by small ones that keep their state in storage, so that a refused call rolls them back
//! too; bonds and streams move real money.

#![allow(clippy::arithmetic_side_effects)]

use crate as pallet_surety_sla;
use crate::{pallet::Agreements, *};
use frame::{deps::sp_io, testing_prelude::*};
use std::collections::{BTreeMap, BTreeSet};
use surety_primitives::{
	AssetId, BlockNumber, BreachKind, Breached, Counters, EscrowId, EscrowOwner, Fee, Frozen,
	Judge, LatencyBucket, LeaseId, Probed, Region, Service, ServiceKind, Severity, SlaTerms,
	Verdict, service_of_lease,
};

mod world;
pub use world::World;

pub type AccountId = u64;
type Block = MockBlockU32<Test>;

/// Hold reasons of the pallets that are not here.
#[frame::pallet]
pub mod holds {
	use super::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);
	#[pallet::config]
	pub trait Config: frame_system::Config {}
	#[pallet::composite_enum]
	pub enum HoldReason {
		Bond,
		Stream,
	}
}

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Holds: holds,
		Sla: pallet_surety_sla,
	}
);

/// Least balance of an account, in either asset.
pub const MINIMUM: Balance = 10;
/// Blocks of a round.
pub const L: u32 = 5;
/// Rounds of a window.
pub const R: u32 = 12;
/// Price of one unit and window at the price that services are listed with.
pub const WINDOW_PRICE: Balance = PRICE * (L * R) as Balance;
pub const PRICE: Balance = 10;
/// Credits in windows' prices: 60, 120, 300 and 600 base units for one unit.
pub const CREDIT: [WindowShare; 4] = [
	WindowShare::from_inner(100_000_000),
	WindowShare::from_inner(200_000_000),
	WindowShare::from_inner(500_000_000),
	WindowShare::from_inner(1_000_000_000),
];
/// So many tenths of a window's price.
pub fn tenths(n: u32) -> WindowShare {
	WindowShare::from_rational(n.into(), 10)
}
/// Cover in windows' prices: 2,400 base units for one unit.
pub const COVER: WindowShare = WindowShare::from_u32(4);
/// Any cover will do.
pub const NO_COVER: WindowShare = WindowShare::from_u32(0);
pub const CAPACITY: u32 = 100;
pub const BOND: Balance = 1_000_000;
/// Least bond of an operator; rents are shares of it.
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
/// Services in the token (with another of the same operator) and in the asset.
pub const SERVICE: ServiceId = 1;
pub const LOCAL_SERVICE: ServiceId = 2;
pub const SIBLING: ServiceId = 3;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_mock::money!(MINIMUM);

impl holds::Config for Test {}

pub const BOND_HOLD: RuntimeHoldReason = RuntimeHoldReason::Holds(holds::HoldReason::Bond);
pub const STREAM_HOLD: RuntimeHoldReason = RuntimeHoldReason::Holds(holds::HoldReason::Stream);

/// A stream as the stand-in for escrow keeps it.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Stream {
	pub owner: EscrowOwner,
	pub payer: AccountId,
	pub payee: AccountId,
	pub asset: AssetId,
	pub meter: ServiceId,
	pub rate: Balance,
	/// Least that is due in all if the tenant ends it.
	pub prepaid: Balance,
	pub held: Balance,
	pub paid: Balance,
	pub opened: RoundIndex,
	pub ending: Option<(RoundIndex, CloseReason)>,
	/// Ended, but its refund could not be delivered yet.
	pub closed: bool,
}

parameter_types! {
	pub storage Listings: BTreeMap<ServiceId, Service<AccountId>> = BTreeMap::new();
	pub storage Shut: BTreeSet<ServiceId> = BTreeSet::new();
	pub storage Terminated: BTreeMap<ServiceId, RoundIndex> = BTreeMap::new();
	pub storage Exposures: BTreeMap<ServiceId, Balance> = BTreeMap::new();
	pub storage ProbedAs: BTreeMap<ServiceId, Probed> = BTreeMap::new();
	pub storage PagesFull: bool = false;
	pub storage MeterEnds: BTreeMap<ServiceId, (RoundIndex, CloseReason)> = BTreeMap::new();
	pub storage Judged: RoundIndex = 0;
	/// Rounds of a service that are not billed.
	pub storage Unbilled: BTreeSet<(ServiceId, RoundIndex)> = BTreeSet::new();
	pub storage Streams: BTreeMap<EscrowId, Stream> = BTreeMap::new();
	pub storage NextStream: EscrowId = 100;
	pub storage Disputed: BTreeSet<EscrowId> = BTreeSet::new();
	pub storage Reported: Vec<(AccountId, ServiceId, BreachKind, Severity)> = Vec::new();
	pub storage Forgotten: Vec<ServiceId> = Vec::new();
	/// The agreements of leases that are not over.
	pub storage Leased: BTreeMap<LeaseId, AgreementId> = BTreeMap::new();
	/// Leases that were ended for their operator's doing.
	pub storage LeasesEnded: Vec<(LeaseId, RoundIndex, CloseReason)> = Vec::new();
	/// Agreements that are over, with the fee.
	pub storage Engaged: Vec<(AgreementId, AccountId, AccountId, AssetId, Balance)> = Vec::new();
	/// Slots that are taken beside those of this world, of 100.
	pub storage Taken: u32 = 0;
	pub storage BaseRent: Perbill = Perbill::zero();
	pub storage PeakRent: Perbill = Perbill::zero();
	pub storage PlatformShare: Perbill = Perbill::from_percent(5);
	pub const ProberShare: Perbill = Perbill::from_percent(50);
	pub const Probers: AccountId = PROBERS;
	pub storage Share: Perbill = Perbill::from_percent(10);
	pub storage Escalation: u32 = 4;
	pub storage MostMultiplied: u8 = 3;
	pub storage Notice: u32 = 1;
	pub storage History: u32 = 5;
	pub const PerBlock: u32 = 3;
}

impl Config for Test {
	type Clock = TestClock;
	type Registry = World;
	type Bonding = World;
	type Probing = World;
	type Escrow = World;
	type Reputation = World;
	type Leases = World;
	type Funds = Money;
	type PenaltyShare = Share;
	type RentBase = BaseRent;
	type RentPeak = PeakRent;
	type PlatformFee = PlatformShare;
	type ProberShare = ProberShare;
	type ProberPot = Probers;
	type EscalationWindows = Escalation;
	type MaxMultiplier = MostMultiplied;
	type NoticeWindows = Notice;
	type MaxBreaches = History;
	type SettlePerBlock = PerBlock;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

pub struct TestClock;
impl Clock for TestClock {
	fn now() -> BlockNumber {
		System::block_number()
	}
	fn slot_ms() -> u64 {
		1_000
	}
	fn round_blocks() -> u32 {
		L
	}
	fn window_rounds() -> u16 {
		R as u16
	}
	fn private_endpoints() -> bool {
		true
	}
	fn proof_of_control() -> bool {
		false
	}
}

pub fn update<M: Get<Map>, Map, Any>(set: impl Fn(&Map), f: impl FnOnce(&mut Map) -> Any) {
	let mut map = M::get();
	f(&mut map);
	set(&map);
}

/// Change an entry of one of the stand-ins' maps.
macro_rules! change {
	($map:ident, $f:expr) => {
		update::<$map, _, _>(|map| $map::set(map), $f)
	};
}
pub(crate) use change;

/// The window that goes on is one of the parameters of now, as if it began again.
pub fn begin_again() {
	let _ = WindowRules::<Test>::clear(u32::MAX, None);
}

/// List a service of [`OPERATOR`].
pub fn list(id: ServiceId, asset: AssetId) {
	let service = Service {
		operator: OPERATOR,
		kind: ServiceKind::Vpn { key: [7; 32] },
		endpoint: Default::default(),
		region: Region::new(*b"DE").unwrap(),
		capacity: CAPACITY,
		price: PRICE,
		asset,
		terms: SlaTerms {
			min_uptime: Perbill::from_percent(90),
			max_latency: LatencyBucket::from_millis(250),
			max_head_lag: 5,
			credit: CREDIT,
			cover: COVER,
		},
		metadata_hash: [0; 32],
		metadata_uri: Default::default(),
		status: surety_primitives::ServiceStatus::Active,
	};
	change!(Listings, |map| map.insert(id, service));
}

/// List a lease of [`OPERATOR`] as a service.
pub fn list_lease(lease: LeaseId, asset: AssetId) -> ServiceId {
	let service = service_of_lease(lease);
	list(service, asset);
	relist(service, |s| {
		s.kind = ServiceKind::Compute;
		s.capacity = 1;
		s.status = surety_primitives::ServiceStatus::Leased;
	});
	up(service);
	service
}

/// A lease of `tenant` begins; returns its agreement.
pub fn begin(tenant: AccountId, lease: LeaseId, asset: AssetId) -> AgreementId {
	list_lease(lease, asset);
	World::begin_lease(tenant, lease, DEPOSIT).unwrap()
}

/// Change a listing.
pub fn relist(id: ServiceId, f: impl FnOnce(&mut Service<AccountId>)) {
	change!(Listings, |map| f(map.get_mut(&id).unwrap()));
}

/// The last verdict of a service is `Up`, in the newest round that can be judged.
pub fn up(id: ServiceId) {
	let latency = LatencyBucket::from_millis(100);
	verdict(id, TestClock::round().saturating_sub(2), Verdict::Up { latency });
}

pub fn verdict(id: ServiceId, round: RoundIndex, verdict: Verdict) {
	change!(ProbedAs, |map| map.entry(id).or_default().last = Some((round, verdict)));
}

/// First block of `round`; the round two before it is judged and every service up. Windows between
/// begin.
pub fn at_round(round: RoundIndex) {
	for window in TestClock::window_of(TestClock::round()) + 1..=TestClock::window_of(round) {
		System::set_block_number(TestClock::round_start(TestClock::window_start(window)));
		Sla::on_initialize(0);
	}
	System::set_block_number(TestClock::round_start(round));
	Judged::set(&round.saturating_sub(2));
	for id in Listings::get().keys() {
		up(*id);
	}
}

pub struct ExtBuilder;
impl ExtBuilder {
	pub fn build() -> sp_io::TestExternalities {
		let who = [OPERATOR, TENANT, OTHER, THIRD];
		let funded = |a: &AccountId| (*a, if *a == OPERATOR { BOND + FUNDS } else { FUNDS });
		let mut balances: Vec<_> = who.iter().map(funded).collect();
		balances.extend([(TREASURY, MINIMUM), (ADMIN, MINIMUM), (PROBERS, MINIMUM)]);
		let mut accounts: Vec<_> = who.iter().map(funded).map(|(a, b)| (1, a, b)).collect();
		accounts.extend([(1, TREASURY, MINIMUM), (1, PROBERS, MINIMUM)]);
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
			assets: pallet_assets::GenesisConfig {
				assets: vec![(1, ADMIN, true, MINIMUM)],
				accounts,
				..Default::default()
			},
			..Default::default()
		}
		.build_storage()
		.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		ext.execute_with(|| {
			for (id, asset) in [(SERVICE, NATIVE), (LOCAL_SERVICE, LOCAL), (SIBLING, NATIVE)] {
				list(id, asset);
			}
			for asset in [NATIVE, LOCAL] {
				assert_ok!(Money::hold(asset, BOND_HOLD, &OPERATOR, BOND));
			}
			at_round(2 * R);
		});
		ext
	}

	/// Run a test; the invariants hold after it and no money came or went.
	pub fn build_and_execute(test: impl FnOnce()) {
		Self::build().execute_with(|| {
			let before = [issuance(NATIVE), issuance(LOCAL)];
			test();
			check(before);
		});
	}
}

/// The invariants hold, and the pots have exactly what they should.
pub fn check(issued: [Balance; 2]) {
	assert_ok!(Sla::do_try_state());
	assert_eq!([issuance(NATIVE), issuance(LOCAL)], issued, "money came or went");
	for (asset, pot) in Pots::<Test>::iter() {
		assert_eq!(Money::total(asset, &Sla::pot()), pot.owed + pot.spare + pot.reserve);
	}
	for asset in [NATIVE, LOCAL] {
		let held: Balance =
			Streams::get().values().filter(|s| s.asset == asset).map(|s| s.held).sum();
		let on_hold: Balance =
			(OPERATOR..=THIRD).map(|who| Money::held(asset, STREAM_HOLD, &who)).sum();
		assert_eq!(held, on_hold);
	}
}

pub fn issuance(asset: AssetId) -> Balance {
	Money::issuance(asset)
}

pub fn free(asset: AssetId, who: AccountId) -> Balance {
	match asset {
		AssetId::Native => Balances::free_balance(who),
		AssetId::Local(id) => Assets::balance(id, who),
	}
}

pub fn bond(asset: AssetId) -> Balance {
	Money::held(asset, BOND_HOLD, &OPERATOR)
}

/// Take bond away from the operator, as nothing on the chain would.
pub fn lose_bond(asset: AssetId, left: Balance) {
	Money::release(asset, BOND_HOLD, &OPERATOR, bond(asset) - left).unwrap();
}

/// The operator bonds more.
pub fn more_bond(asset: AssetId, amount: Balance) {
	Money::hold(asset, BOND_HOLD, &OPERATOR, amount).unwrap();
}

/// Open an agreement with the usual deposit; returns its id.
pub fn open(tenant: AccountId, service: ServiceId, units: u32) -> AgreementId {
	let id = NextAgreement::<Test>::get();
	assert_ok!(Sla::open_agreement(
		RuntimeOrigin::signed(tenant),
		service,
		units,
		u128::MAX,
		DEPOSIT,
		NO_COVER
	));
	id
}

/// Open an agreement in the window before this one, so that its units count now. The clock is at
/// the first round of window 3 afterwards.
pub fn open_counting(tenant: AccountId, service: ServiceId, units: u32) -> AgreementId {
	let id = open(tenant, service, units);
	at_round(3 * R);
	turn(service, 2);
	id
}

/// A window of a service is judged, in which it was always up.
pub fn turn(service: ServiceId, closed: WindowIndex) -> Frozen {
	turn_with(service, closed, Counters { up: R as u16, ..Default::default() })
}

/// A window of a service is judged, with these verdicts.
pub fn turn_with(service: ServiceId, window: WindowIndex, counters: Counters) -> Frozen {
	Sla::window_turned(service, window, &counters)
}

/// A breach by downtime in the current round, judged at once.
pub fn breach(service: ServiceId, before: Option<Severity>, severity: Severity) -> Breach {
	breach_with(service, BreachKind::Downtime, before, severity, 1)
}

pub fn breach_with(
	service: ServiceId,
	kind: BreachKind,
	before: Option<Severity>,
	severity: Severity,
	multiplier: u8,
) -> Breach {
	breach_in(TestClock::round(), service, kind, before, severity, multiplier)
}

/// A breach that is judged by `round`.
pub fn breach_in(
	round: RoundIndex,
	service: ServiceId,
	kind: BreachKind,
	before: Option<Severity>,
	severity: Severity,
	multiplier: u8,
) -> Breach {
	let window = TestClock::window_of(round);
	let counters = Counters { down: 3, up: 4, ..Default::default() };
	let frozen = Frozen { allowance: [1, 2, 3], multiplier };
	let number = Services::<Test>::get(service).map_or(0, |s| s.breaches);
	Sla::breached(service, Breached { window, round, kind, before, severity, counters, frozen });
	Breaches::<Test>::get(service, number).expect("recorded")
}

/// Bond that a service must have reserved: the credits of so much rate with `left` of its cover,
/// and the penalty of a tenth.
pub fn reserve(rate: Balance, left: WindowShare) -> Balance {
	left.saturating_mul_int(rate * Balance::from(L * R)) * 11 / 10
}

/// All that somebody has, free or on hold.
pub fn wealth(asset: AssetId, who: AccountId) -> Balance {
	Money::total(asset, &who)
}

/// End of the stream of an agreement, once it is decided.
pub fn ending(id: AgreementId) -> Option<(RoundIndex, CloseReason)> {
	World::stream(agreement(id).escrow).expect("runs").ending
}

pub fn state(service: ServiceId) -> ServiceState {
	Services::<Test>::get(service).expect("has had agreements")
}

pub fn agreement(id: AgreementId) -> Agreement<AccountId> {
	Agreements::<Test>::get(id).expect("exists")
}

pub fn owed(id: AgreementId) -> Balance {
	Sla::owed_credit(id).expect("exists")
}

/// Events of this pallet since the last call.
pub fn events() -> Vec<Event<Test>> {
	let events = System::events();
	System::reset_events();
	events
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Sla(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// An account that cannot receive the asset.
pub fn block(who: AccountId) {
	assert_ok!(Assets::block(RuntimeOrigin::signed(ADMIN), 1, who));
}

pub fn unblock(who: AccountId) {
	assert_ok!(Assets::thaw(RuntimeOrigin::signed(ADMIN), 1, who));
}
