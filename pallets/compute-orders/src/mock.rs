//! A chain with real balances, assets, holds and escrow around this pallet. The other pallets it
//! meets are replaced by small ones that keep their state in storage, so that a refused call rolls
//! them back too; bonds move real money, and the meters that streams are paid by follow the outages
//! of a test.

#![allow(clippy::arithmetic_side_effects)]

use crate as pallet_surety_compute_orders;
use crate::*;
use frame::{deps::sp_io, testing_prelude::*};
use frame_support::storage::with_storage_layer;
use std::collections::{BTreeMap, BTreeSet};
use surety_primitives::{
	AssetId, Escrow as _, LatencyBucket, OnLease, Region, Service, ServiceKind, SlaTerms,
	StreamEnd, TermsInput, TrustLevel, WindowShare, service_of_lease,
};

mod world;
pub use world::{Covered, World};

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
	}
}

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Holds: holds,
		EscrowAccounts: pallet_surety_escrow,
		ComputeOrders: pallet_surety_compute_orders,
	}
);

/// Least balance of an account, in either asset.
pub const MINIMUM: Balance = 10;
/// Blocks of a round.
pub const L: u32 = 5;
/// Rounds of a window.
pub const R: u32 = 12;
/// Blocks of a window.
pub const W: u32 = L * R;
pub const MAX_PRICE: Balance = 100;
/// Credits of most terms, in percent of a window's price.
pub const CREDIT: [u32; 4] = [10, 20, 50, 100];
/// Cover of most terms, in windows' prices.
pub const COVER: u32 = 2;
pub const BOND: Balance = 1_000_000;
pub const FUNDS: Balance = 1_000_000;
pub const DEPOSIT: Balance = 30_000;
/// Blocks from an order to its deadline, in most tests.
pub const BIDDING: u32 = 20;
/// Blocks that an order runs, in most tests: 30 rounds.
pub const DURATION: u32 = 150;

pub const OPERATORS: [AccountId; 4] = [1, 2, 3, 4];
pub const TENANT: AccountId = 11;
pub const OTHER: AccountId = 12;
pub const TREASURY: AccountId = 90;
pub const ADMIN: AccountId = 91;
pub const FEES: AccountId = 92;

/// The token and the asset of the assets pallet.
pub const NATIVE: AssetId = AssetId::Native;
pub const LOCAL: AssetId = AssetId::Local(1);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_mock::money!(MINIMUM);

impl holds::Config for Test {}

pub const BOND_HOLD: RuntimeHoldReason = RuntimeHoldReason::Holds(holds::HoldReason::Bond);
pub const ESCROW_HOLD: RuntimeHoldReason =
	RuntimeHoldReason::EscrowAccounts(pallet_surety_escrow::HoldReason::Escrow);
pub const ORDER_HOLD: RuntimeHoldReason =
	RuntimeHoldReason::ComputeOrders(crate::HoldReason::Order);
pub const BID_HOLD: RuntimeHoldReason = RuntimeHoldReason::ComputeOrders(crate::HoldReason::Bid);

parameter_types! {
	pub storage Listings: BTreeMap<ServiceId, Service<AccountId>> = BTreeMap::new();
	pub storage Shut: BTreeSet<ServiceId> = BTreeSet::new();
	pub storage Reserves: BTreeMap<(AccountId, AssetId), Balance> = BTreeMap::new();
	pub storage Exposures: BTreeMap<ServiceId, Balance> = BTreeMap::new();
	/// Rounds in which leases became due in every round, as services.
	pub storage Heated: BTreeMap<ServiceId, RoundIndex> = BTreeMap::new();
	pub storage MeterEnds: BTreeMap<ServiceId, (RoundIndex, CloseReason)> = BTreeMap::new();
	/// Rounds in which a service is down: neither billed nor healthy.
	pub storage Outages: BTreeSet<(ServiceId, RoundIndex)> = BTreeSet::new();
	pub storage Judged: RoundIndex = 0;
	/// Last round in which every slot is taken.
	pub storage FullUntil: Option<RoundIndex> = None;
	pub storage Cover: BTreeMap<AgreementId, Covered> = BTreeMap::new();
	pub storage NextAgreement: AgreementId = 500;
	pub storage Scores: BTreeMap<AccountId, u8> = BTreeMap::new();
	pub storage Failures: Vec<(AccountId, LeaseId, CloseReason)> = Vec::new();
	pub storage Approved: BTreeSet<AssetId> = [NATIVE, LOCAL].into();
	/// The share of credits that operators pay on top.
	pub storage PenaltyShare: Perbill = Perbill::from_percent(10);
	pub storage MaxCredit: WindowShare = WindowShare::from_u32(30);
	pub storage TasksAtOnce: u32 = 10;
	pub storage MostBids: u32 = 8;
	pub storage Penalty: Perbill = Perbill::from_percent(10);
	pub const PlatformFee: Perbill = Perbill::from_percent(5);
	pub const ProberShare: Perbill = Perbill::from_percent(60);
	/// The pot of the platform's fees, whoever gets them.
	pub const FeePot: AccountId = FEES;
	pub const OrderDeposit: Balance = 500;
	pub const BidDeposit: Balance = 50;
	pub const FetchBlocks: BlockNumber = 10;
	pub const StartBlocks: BlockNumber = 30;
	pub const ReopenBlocks: BlockNumber = 20;
	pub const MaxBidBlocks: BlockNumber = 1_000;
	pub const MaxDuration: BlockNumber = 6_000;
	pub const KeepBlocks: BlockNumber = 100;
	pub storage TrialRounds: RoundIndex = 2;
	pub const NoticeWindows: u32 = 1;
}

impl pallet_surety_escrow::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Funds = Money;
	type Clock = TestClock;
	type Meter = World;
	type OnEnd = ComputeOrders;
	type OnEndWeight = ();
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type PlatformFee = PlatformFee;
	type ProberShare = ProberShare;
	type ProberPot = FeePot;
	type Treasury = FeePot;
	type AgendaPerBlock = ConstU32<50>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Funds = Money;
	type Clock = TestClock;
	type Registry = World;
	type MaxCredit = MaxCredit;
	type Bonding = World;
	type Probing = World;
	type Escrow = EscrowAccounts;
	type Agreements = World;
	type Reputation = World;
	type Randomness = TestRandomness;
	type OrderDeposit = OrderDeposit;
	type BidDeposit = BidDeposit;
	type StartPenalty = Penalty;
	type FetchBlocks = FetchBlocks;
	type StartBlocks = StartBlocks;
	type ReopenBlocks = ReopenBlocks;
	type MaxBidBlocks = MaxBidBlocks;
	type MaxDuration = MaxDuration;
	type KeepBlocks = KeepBlocks;
	type TrialRounds = TrialRounds;
	type NoticeWindows = NoticeWindows;
	type MaxBids = MostBids;
	type TasksPerBlock = TasksAtOnce;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

pub use surety_primitives::EscrowId;

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

/// Another number in every block.
pub struct TestRandomness;
impl Randomness<H256, u32> for TestRandomness {
	fn random(subject: &[u8]) -> (H256, u32) {
		let now = System::block_number();
		(H256(frame::hashing::blake2_256(&(subject, now).encode())), now)
	}
}

pub fn update<M: Get<Map>, Map, Any>(set: impl Fn(&Map), f: impl FnOnce(&mut Map) -> Any) {
	let mut map = M::get();
	f(&mut map);
	set(&map);
}

/// Change the content of one of the stand-ins.
macro_rules! change {
	($map:ident, $f:expr) => {
		update::<$map, _, _>(|map| $map::set(map), $f)
	};
}
pub(crate) use change;

pub fn endpoint_of(service: ServiceId) -> Endpoint {
	format!("http://127.0.0.1:{}/", 9_000 + service).into_bytes().try_into().unwrap()
}

pub fn health_of(service: ServiceId) -> Endpoint {
	format!("http://127.0.0.1:{}/health", 9_000 + service).into_bytes().try_into().unwrap()
}

pub fn terms() -> SlaTerms {
	SlaTerms {
		min_uptime: Perbill::from_percent(90),
		max_latency: LatencyBucket::from_millis(250),
		max_head_lag: 0,
		credit: CREDIT.map(|percent| WindowShare::from_rational(percent.into(), 100)),
		cover: WindowShare::from_u32(COVER),
	}
}

/// Bond that the stand-in for `sla` reserves for [`terms`] at this price.
pub fn exposure(price: Balance) -> Balance {
	let cost = Balance::from(COVER) * price * Balance::from(W);
	cost + cost / 10
}

/// Penalty for failing a lease at this price: 10 % of a window.
pub fn penalty(price: Balance) -> Balance {
	price * Balance::from(W) / 10
}

/// [`terms`] as an order gives them.
pub fn own_terms() -> TermsInput {
	let SlaTerms { min_uptime, max_head_lag, credit, cover, .. } = terms();
	TermsInput {
		min_uptime: min_uptime.deconstruct(),
		max_latency_ms: 250,
		max_head_lag,
		credit,
		cover,
	}
}

pub fn plenty() -> Resources {
	Resources {
		cpu_milli: 16_000,
		memory_mib: 65_536,
		storage_gib: 1_000,
		bandwidth_mbit: 1_000,
		gpus: 0,
		gpu_class: Default::default(),
	}
}

pub fn small() -> Resources {
	Resources { cpu_milli: 1_000, memory_mib: 1_024, storage_gib: 10, ..Default::default() }
}

pub fn class(name: &str) -> surety_primitives::GpuClass {
	name.as_bytes().to_vec().try_into().unwrap()
}

/// List a `Compute` service on a server of its own.
pub fn list(id: ServiceId, operator: AccountId, asset: AssetId) {
	let service = Service {
		operator,
		kind: ServiceKind::Compute,
		endpoint: endpoint_of(id),
		region: Region::new(*b"DE").unwrap(),
		capacity: 1,
		price: 1,
		asset,
		terms: terms(),
		metadata_hash: [0; 32],
		metadata_uri: Default::default(),
		status: surety_primitives::ServiceStatus::Active,
	};
	change!(Listings, |map| map.insert(id, service));
}

/// Change a listing.
pub fn relist(id: ServiceId, f: impl FnOnce(&mut Service<AccountId>)) {
	change!(Listings, |map| f(map.get_mut(&id).unwrap()));
}

/// The service of an operator in an asset: 1 to 4 in the token, 11 to 14 in the asset.
pub fn service_of(operator: AccountId, asset: AssetId) -> ServiceId {
	operator as ServiceId + if asset == NATIVE { 0 } else { 10 }
}

/// Each operator has a service in the token and one in the asset.
pub struct ExtBuilder;
impl ExtBuilder {
	pub fn build() -> sp_io::TestExternalities {
		let mut balances: Vec<(AccountId, Balance)> = vec![(TENANT, FUNDS), (OTHER, FUNDS)];
		balances.extend(OPERATORS.iter().map(|who| (*who, BOND + FUNDS)));
		balances.extend([(TREASURY, MINIMUM), (ADMIN, MINIMUM), (FEES, MINIMUM)]);
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: balances.clone(),
				..Default::default()
			},
			assets: pallet_assets::GenesisConfig {
				assets: vec![(1, ADMIN, true, MINIMUM)],
				accounts: balances.iter().map(|(who, amount)| (1, *who, *amount)).collect(),
				..Default::default()
			},
			..Default::default()
		}
		.build_storage()
		.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		ext.execute_with(|| {
			System::set_block_number(2 * W);
			Judged::set(&(2 * R - 2));
			for lane in Lane::ALL {
				Cursor::<Test>::insert(lane, 2 * W + 1);
			}
			for who in OPERATORS {
				for asset in [NATIVE, LOCAL] {
					assert_ok!(Money::hold(asset, BOND_HOLD, &who, BOND));
					let service = service_of(who, asset);
					list(service, who, asset);
					assert_ok!(declare(who, service, plenty()));
				}
			}
		});
		ext
	}

	/// Run a test; the invariants hold after it and no money came or went.
	pub fn build_and_execute(test: impl FnOnce()) {
		Self::build().execute_with(|| {
			let before = [NATIVE, LOCAL].map(Money::issuance);
			test();
			check(before);
		});
	}

	/// Run a test with the token and with the asset.
	pub fn with_each_asset(test: impl Fn(AssetId)) {
		for asset in [NATIVE, LOCAL] {
			Self::build_and_execute(|| test(asset));
		}
	}
}

/// The invariants hold here and around.
pub fn check(issued: [Balance; 2]) {
	assert_ok!(ComputeOrders::do_try_state());
	assert_eq!([NATIVE, LOCAL].map(Money::issuance), issued, "money came or went");
	assert_ok!(EscrowAccounts::do_try_state());
	// A listing for every lease that runs, and for no other.
	let running: BTreeSet<_> = Leases::<Test>::iter()
		.filter(|(_, lease)| lease.is_running())
		.map(|(id, _)| service_of_lease(id))
		.collect();
	let listed: BTreeSet<_> = Listings::get().into_keys().filter(|id| *id >= 1 << 31).collect();
	assert_eq!(running, listed);
	let exposed: BTreeSet<_> = Exposures::get().into_keys().collect();
	assert_eq!(running, exposed);
	// What is not over holds its funds.
	for (_, order) in Orders::<Test>::iter() {
		for replica in &order.replicas {
			let holds = pallet_surety_escrow::Accounts::<Test>::contains_key(replica.escrow);
			assert_eq!(holds, !replica.state.is_closed());
		}
	}
}

/// Run to a block: verdicts, then escrow, then this pallet, as in the runtime.
pub fn run_to(block: BlockNumber) {
	while System::block_number() < block {
		let now = System::block_number() + 1;
		System::set_block_number(now);
		if now % L == 1 {
			World::judge(now / L - 2);
		}
		EscrowAccounts::on_initialize(now);
		ComputeOrders::on_initialize(now);
	}
}

pub fn run(blocks: BlockNumber) {
	run_to(System::block_number() + blocks);
}

pub fn run_to_round(round: RoundIndex) {
	run_to(round * L);
}

pub fn now() -> BlockNumber {
	System::block_number()
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

// Every call in a transaction of its own, as it is on a chain.

pub fn declare(who: AccountId, service: ServiceId, total: Resources) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::declare_capacity(signed(who), service, total))
}
pub fn try_place(who: AccountId, order: NewOrder) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::place_order(signed(who), Box::new(order)))
}
pub fn cancel(who: AccountId, order: OrderId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::cancel_order(signed(who), order))
}
pub fn bid(
	who: AccountId,
	order: OrderId,
	service: ServiceId,
	price: Balance,
	n: u8,
) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::place_bid(signed(who), order, service, price, n, true))
}
/// A bid that accepts no terms but those of its service.
pub fn bid_own(
	who: AccountId,
	order: OrderId,
	service: ServiceId,
	price: Balance,
) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::place_bid(signed(who), order, service, price, 1, false))
}
pub fn update_bid(
	who: AccountId,
	order: OrderId,
	service: ServiceId,
	price: Balance,
) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::update_bid(signed(who), order, service, price))
}
pub fn withdraw(who: AccountId, order: OrderId, service: ServiceId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::withdraw_bid(signed(who), order, service))
}
pub fn accept(who: AccountId, order: OrderId, service: ServiceId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::accept_bid(signed(who), order, service, Balance::MAX))
}
pub fn try_ready(who: AccountId, lease: LeaseId, health: Endpoint) -> DispatchResult {
	report(who, lease, health, true)
}
pub fn report(
	who: AccountId,
	lease: LeaseId,
	health: Endpoint,
	foreign_terms: bool,
) -> DispatchResult {
	let access = b"ssh root@10.0.0.1".to_vec().try_into().unwrap();
	with_storage_layer(|| {
		ComputeOrders::report_ready(signed(who), lease, health, access, foreign_terms)
	})
}
pub fn decline(who: AccountId, lease: LeaseId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::decline(signed(who), lease))
}
pub fn close(who: AccountId, lease: LeaseId, at_once: bool) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::close_lease(signed(who), lease, at_once))
}
pub fn extend(who: AccountId, order: OrderId, replica: u8, blocks: BlockNumber) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::extend(signed(who), order, replica, blocks))
}
pub fn top_up(who: AccountId, order: OrderId, replica: u8, amount: Balance) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::top_up(signed(who), order, replica, amount))
}
pub fn remove(who: AccountId, order: OrderId) -> DispatchResult {
	with_storage_layer(|| {
		ComputeOrders::remove_order(signed(who), order).map(drop).map_err(|failed| failed.error)
	})
}

pub fn new_order(asset: AssetId) -> NewOrder {
	NewOrder {
		asset,
		resources: small(),
		image: b"docker.io/library/nginx:1.27".to_vec().try_into().unwrap(),
		digest: Some([7; 32]),
		ports: vec![Port { container: 80, protocol: PortProtocol::Tcp }].try_into().unwrap(),
		env_hash: Some([9; 32]),
		max_price: MAX_PRICE,
		// Else the bids of most tests, each dearer than the one before, would not take over.
		failover_price: Some(MAX_PRICE),
		regions: Default::default(),
		min_trust: TrustLevel::One,
		quantity: 1,
		duration: DURATION,
		bid_deadline: now() + BIDDING,
		auto_match: true,
		terms: None,
		deposit: DEPOSIT,
	}
}

/// Place an order like [`new_order`], changed.
pub fn place(asset: AssetId, change: impl FnOnce(&mut NewOrder)) -> OrderId {
	let id = NextOrder::<Test>::get();
	let mut new = new_order(asset);
	change(&mut new);
	assert_ok!(try_place(TENANT, new));
	id
}

/// An order of one replica for which the operators bid, the first of them the lowest.
pub fn with_bids(asset: AssetId, operators: &[AccountId]) -> OrderId {
	let id = place(asset, |_| {});
	for (n, who) in operators.iter().enumerate() {
		assert_ok!(bid(*who, id, service_of(*who, asset), 50 + 10 * n as Balance, 1));
	}
	id
}

/// Run to the deadline of an order; returns the lease of its first replica.
pub fn matched(order: OrderId) -> LeaseId {
	run_to(self::order(order).bid_deadline);
	current(order, 0)
}

/// The operator reports a lease ready.
pub fn ready(id: LeaseId) {
	let lease = lease(id);
	assert_ok!(try_ready(lease.operator, id, health_of(lease.service)));
}

/// An order whose lease runs, the operators' bids standing by.
pub fn running(asset: AssetId, operators: &[AccountId]) -> (OrderId, LeaseId) {
	let order = with_bids(asset, operators);
	let lease = matched(order);
	ready(lease);
	(order, lease)
}

pub fn order(id: OrderId) -> OrderOf<Test> {
	Orders::<Test>::get(id).expect("exists")
}

pub fn replica(id: OrderId, index: usize) -> ReplicaOf<Test> {
	order(id).replicas[index].clone()
}

pub fn lease(id: LeaseId) -> LeaseOf<Test> {
	Leases::<Test>::get(id).expect("exists")
}

pub type EscrowError = pallet_surety_escrow::Error<Test>;

/// The account of a replica in escrow.
pub fn account(id: OrderId, index: usize) -> pallet_surety_escrow::AccountOf<Test> {
	pallet_surety_escrow::Accounts::<Test>::get(replica(id, index).escrow).expect("it is not over")
}

/// The stream of a replica.
pub fn stream(id: OrderId, index: usize) -> pallet_surety_escrow::types::Stream {
	match account(id, index).terms {
		pallet_surety_escrow::Terms::Stream(stream) => stream,
		pallet_surety_escrow::Terms::Lump => panic!("a lump"),
	}
}

/// Last round of the trial of a replica.
pub fn trial_until(id: OrderId, index: usize) -> RoundIndex {
	stream(id, index).term.expect("it was started").trial_until
}

/// A dispute locks funds of a replica.
pub fn dispute(id: OrderId, index: usize) {
	assert_ok!(EscrowAccounts::freeze(replica(id, index).escrow, 1));
}

/// The dispute about a replica is over, and nobody gets anything.
pub fn thaw(id: OrderId, index: usize) {
	assert_ok!(EscrowAccounts::thaw(replica(id, index).escrow, 0));
}

/// Governance closes the account of a replica.
pub fn force_close(id: OrderId, index: usize) {
	let escrow = replica(id, index).escrow;
	assert_ok!(EscrowAccounts::force_close(RuntimeOrigin::root(), escrow, 0));
}

/// The end of a lease that is decided, and if it parks then.
pub fn ending(id: LeaseId) -> Option<(RoundIndex, CloseReason, bool)> {
	let status = ComputeOrders::lease(id).expect("exists");
	let stream = status.stream?;
	stream.ending.map(|(round, reason)| (round, reason, stream.parks))
}

/// The lease that a replica has now.
pub fn current(id: OrderId, index: usize) -> LeaseId {
	replica(id, index).state.lease().expect("it has a lease")
}

/// Why a replica is over.
pub fn closed(id: OrderId, index: usize) -> Option<CloseReason> {
	match replica(id, index).state {
		ReplicaState::Closed { reason, .. } => Some(reason),
		_ => None,
	}
}

/// Why a lease is over.
pub fn lease_closed(id: LeaseId) -> Option<CloseReason> {
	match lease(id).state {
		LeaseState::Closed { reason, .. } => Some(reason),
		_ => None,
	}
}

/// A lease is down from this round on, for so many rounds.
pub fn outage(id: LeaseId, from: RoundIndex, rounds: u32) {
	change!(Outages, |set| set
		.extend((from..from + rounds).map(|round| (service_of_lease(id), round))));
}

/// The lease fails: down from the next round on until that is noticed.
pub fn fail(id: LeaseId) {
	let round = TestClock::round() + 1;
	outage(id, round, 6);
	run_to_round(round + 5);
}

pub fn score(who: AccountId, score: u8) {
	change!(Scores, |map| map.insert(who, score));
}

pub fn used(service: ServiceId) -> Resources {
	CapacityOf::<Test>::get(service).expect("declared").used
}

pub fn reserved(who: AccountId, asset: AssetId) -> Balance {
	World::reserved(&who, asset)
}

pub fn total(asset: AssetId, who: AccountId) -> Balance {
	Money::total(asset, &who)
}

/// Events of this pallet since the last call.
pub fn events() -> Vec<Event<Test>> {
	let events = System::events();
	System::reset_events();
	events
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::ComputeOrders(event) => Some(event),
			_ => None,
		})
		.collect()
}
