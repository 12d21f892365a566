//! A runtime with real balances and assets; the other pallets are stubs that tests steer.

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_operators, *};
use alloc::collections::{BTreeMap, BTreeSet};
use frame::testing_prelude::*;
use surety_primitives::{
	Agreements, AssetId, Balance, Capacity, Clock, CloseReason, Funds as _, Occupancy, Probed,
	Probing, Registry,
};

pub type AccountId = u64;
type Block = MockBlock<Test>;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(3)]
	pub type AssetsHolder = pallet_assets_holder;
	#[runtime::pallet_index(4)]
	pub type Operators = pallet_surety_operators;
}

pub const EXISTENTIAL_DEPOSIT: Balance = 10;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_mock::money!(EXISTENTIAL_DEPOSIT);

pub const ROUND_BLOCKS: u32 = 5;
pub const WINDOW_ROUNDS: u16 = 12;
pub const MIN_BOND: Balance = 1_000;
pub const MIN_ASSET_BOND: Balance = 500;
pub const DEPOSIT: Balance = 50;
pub const UNBONDING: u32 = 100;
pub const MAX_SERVICES: u32 = 4;
pub const MAX_CHUNKS: u32 = 3;
pub const MAX_PER_HOST: u32 = 2;
pub const MAX_UNPROVEN: u32 = 2;

parameter_types! {
	pub static PrivateEndpoints: bool = false;
	pub static ProofOfControl: bool = false;
	pub static JudgedRound: RoundIndex = 0;
	pub static PagesFull: bool = false;
	pub static VoidProofs: Vec<ServiceId> = Vec::new();
	pub static InPages: BTreeSet<ServiceId> = BTreeSet::new();
	pub static MeterEnds: BTreeMap<ServiceId, (RoundIndex, CloseReason)> = BTreeMap::new();
	pub static MaintenanceSet: BTreeMap<ServiceId, (RoundIndex, u16)> = BTreeMap::new();
	pub static Units: BTreeMap<ServiceId, u32> = BTreeMap::new();
	pub static CoverRefused: bool = false;
	pub static CoverRaised: Vec<(ServiceId, WindowShare)> = Vec::new();
	pub static Owed: BTreeSet<ServiceId> = BTreeSet::new();
	pub static Forgotten: Vec<ServiceId> = Vec::new();
	pub static InUse: BTreeSet<ServiceId> = BTreeSet::new();
	pub static GivenUp: Vec<ServiceId> = Vec::new();
	pub static SlotMs: u64 = 1_000;
	pub static Unapprovable: BTreeSet<u32> = BTreeSet::new();
	pub static NativeMinBond: Balance = MIN_BOND;
	pub static MaxCredit: WindowShare = WindowShare::from_u32(30);
	pub static UnbondingPeriod: BlockNumber = UNBONDING;
	pub static ServiceDeposit: Balance = DEPOSIT;
	pub const MaxMaintenanceShare: Perbill = Perbill::from_percent(10);
}

pub struct ClockStub;
impl Clock for ClockStub {
	fn now() -> BlockNumber {
		System::block_number().try_into().unwrap()
	}
	fn slot_ms() -> u64 {
		SlotMs::get()
	}
	fn round_blocks() -> u32 {
		ROUND_BLOCKS
	}
	fn window_rounds() -> u16 {
		WINDOW_ROUNDS
	}
	fn private_endpoints() -> bool {
		PrivateEndpoints::get()
	}
	fn proof_of_control() -> bool {
		ProofOfControl::get()
	}
}

pub struct ProbingStub;
impl Probing for ProbingStub {
	fn list(service: ServiceId) -> DispatchResult {
		ensure!(!PagesFull::get(), "every slot is taken");
		assert!(Operators::service(service).is_some(), "probing reads the service it lists");
		assert!(InPages::mutate(|listed| listed.insert(service)), "listed twice");
		Ok(())
	}
	fn unproven(service: ServiceId) {
		VoidProofs::mutate(|void| void.push(service));
	}
	fn unlist(service: ServiceId) {
		assert!(InPages::mutate(|listed| listed.remove(&service)), "not listed");
	}
	fn heat(_: ServiceId) -> Result<Occupancy, DispatchError> {
		Ok(Occupancy::default())
	}
	fn cool(_: ServiceId) {}
	fn occupancy() -> Occupancy {
		Occupancy::default()
	}
	fn was_full_since(_: RoundIndex) -> bool {
		false
	}
	fn end_meter(service: ServiceId, at: RoundIndex, reason: CloseReason) {
		MeterEnds::mutate(|ends| ends.insert(service, (at, reason)));
	}
	fn set_maintenance(service: ServiceId, from: RoundIndex, rounds: u16) {
		MaintenanceSet::mutate(|set| set.insert(service, (from, rounds)));
	}
	fn probed(_: ServiceId) -> Option<Probed> {
		None
	}
	fn judged_round() -> RoundIndex {
		JudgedRound::get()
	}
}

pub struct AgreementsStub;
impl Agreements for AgreementsStub {
	fn units(service: ServiceId) -> u32 {
		Units::get().get(&service).copied().unwrap_or(0)
	}
	fn cover_raised(service: ServiceId, cover: WindowShare) -> DispatchResult {
		ensure!(!CoverRefused::get(), "the bond does not cover it");
		let shown = Services::<Test>::get(service).unwrap().terms.cover;
		assert!(shown < cover, "the registry changes after the agreements");
		CoverRaised::mutate(|raised| raised.push((service, cover)));
		Ok(())
	}
	fn forget(service: ServiceId) -> DispatchResult {
		ensure!(!Owed::get().contains(&service), "credits are owed");
		Forgotten::mutate(|forgotten| forgotten.push(service));
		Ok(())
	}
}

pub struct CapacityStub;
impl Capacity for CapacityStub {
	fn forget(service: ServiceId) -> DispatchResult {
		ensure!(!InUse::get().contains(&service), "capacity is in use");
		GivenUp::mutate(|given_up| given_up.push(service));
		Ok(())
	}
	fn in_use(service: ServiceId) -> bool {
		InUse::get().contains(&service)
	}
}

pub struct AssetPolicyStub;
impl AssetPolicy for AssetPolicyStub {
	fn ensure_approvable(asset: u32) -> DispatchResult {
		ensure!(!Unapprovable::get().contains(&asset), "private admin");
		Ok(())
	}
}

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Where credits of tenants go.
pub const POT: AccountId = 98;
pub const TREASURY: AccountId = 99;
/// Has the rights over the assets.
pub const ADMIN: AccountId = 100;

pub const START: Balance = 100_000;
/// An approved asset with a minimum balance of 5.
pub const USD: AssetId = AssetId::Local(7);
pub const USD_ID: u32 = 7;
/// An asset that is not approved, with a minimum balance of 5.
pub const EUR: AssetId = AssetId::Local(8);
pub const EUR_ID: u32 = 8;
/// The network that exists from the start.
pub const NETWORK: NetworkId = 0;

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Clock = ClockStub;
	type Probing = ProbingStub;
	type Agreements = AgreementsStub;
	type Capacity = CapacityStub;
	type Funds = Money;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type AssetPolicy = AssetPolicyStub;
	type Treasury = ConstU64<TREASURY>;
	type MinBond = NativeMinBond;
	type MaxCredit = MaxCredit;
	type ForgetWeight = ();
	type UnbondingPeriod = UnbondingPeriod;
	type ServiceDeposit = ServiceDeposit;
	type MaxPerHost = ConstU32<MAX_PER_HOST>;
	type MaxUnprovenPerHost = ConstU32<MAX_UNPROVEN>;
	type MaxMaintenanceShare = MaxMaintenanceShare;
	type MaxServicesPerOperator = ConstU32<MAX_SERVICES>;
	type MaxUnbondingChunks = ConstU32<MAX_CHUNKS>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;
#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Helper {
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		use frame_support::traits::fungibles::Mutate;
		FreeMoney::mint_into(asset, who, amount).unwrap();
	}
	fn create_asset() -> u32 {
		let id = 1_000;
		Assets::force_create(RuntimeOrigin::root(), id, ADMIN, true, 5).unwrap();
		id
	}
	fn declare_capacity(_: ServiceId) {}
	fn sell_unit(_: ServiceId) {}
}

/// State to start a test with: Alice, Bob and Carol have `START` of everything, nobody is an operator.
#[derive(Default)]
pub struct ExtBuilder {
	operators: Vec<AccountId>,
}

impl ExtBuilder {
	/// These have registered with twice the minimum bond, and bonded twice the minimum in USD.
	pub fn operators(mut self, operators: &[AccountId]) -> Self {
		self.operators = operators.to_vec();
		self
	}

	pub fn build(self) -> TestState {
		PrivateEndpoints::set(false);
		ProofOfControl::set(false);
		JudgedRound::set(0);
		PagesFull::set(false);
		InPages::set(BTreeSet::new());
		MeterEnds::set(BTreeMap::new());
		MaintenanceSet::set(BTreeMap::new());
		Units::set(BTreeMap::new());
		CoverRefused::set(false);
		CoverRaised::set(Vec::new());
		Owed::set(BTreeSet::new());
		Forgotten::set(Vec::new());
		InUse::set(BTreeSet::new());
		GivenUp::set(Vec::new());
		VoidProofs::set(Vec::new());
		SlotMs::set(1_000);
		Unapprovable::set(BTreeSet::new());
		NativeMinBond::set(MIN_BOND);
		MaxCredit::set(WindowShare::from_u32(30));
		UnbondingPeriod::set(UNBONDING);
		ServiceDeposit::set(DEPOSIT);

		let rich = [ALICE, BOB, CAROL];
		let native = rich.iter().map(|who| (*who, START)).chain([
			(POT, 100),
			(TREASURY, 100),
			(ADMIN, START),
		]);
		let assets = [USD_ID, EUR_ID];
		let genesis = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: native.collect(),
				..Default::default()
			},
			assets: pallet_assets::GenesisConfig {
				assets: assets.iter().map(|id| (*id, ADMIN, true, 5)).collect(),
				accounts: assets
					.iter()
					.flat_map(|id| rich.iter().map(move |who| (*id, *who, START)))
					.collect(),
				..Default::default()
			},
			operators: pallet_surety_operators::GenesisConfig {
				networks: vec![GenesisNetwork {
					name: "ethereum".into(),
					protocol: Protocol::Ethereum,
					own: false,
					anchors: vec![
						"https://anchor-one.io".into(),
						"https://anchor-two.io/key".into(),
					],
				}],
				assets: vec![(USD_ID, MIN_ASSET_BOND)],
				..Default::default()
			},
			..Default::default()
		};
		let mut ext: TestState = genesis.build_storage().unwrap().into();
		ext.execute_with(|| {
			System::set_block_number(1);
			for who in self.operators {
				register(who);
				assert_ok!(Operators::bond_more(signed(who), USD, 2 * MIN_ASSET_BOND));
			}
			System::reset_events();
		});
		ext
	}

	/// Run a test and check the invariants after it.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Operators::do_try_state().unwrap();
		});
	}
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn root() -> RuntimeOrigin {
	RuntimeOrigin::root()
}

/// A bounded text.
pub fn text<S: Get<u32>>(text: &str) -> BoundedVec<u8, S> {
	text.as_bytes().to_vec().try_into().unwrap()
}

pub fn register(who: AccountId) {
	assert_ok!(Operators::register(signed(who), 2 * MIN_BOND, text("Op"), text("op@example.com")));
}

/// Hundredths of a window's price.
pub fn percent(hundredths: u32) -> WindowShare {
	WindowShare::from_rational(u128::from(hundredths), 100)
}

/// A listing with everything right, to be spoilt by tests.
#[derive(Clone)]
pub struct Draft {
	pub kind: ServiceKind,
	pub endpoint: Endpoint,
	pub region: [u8; 2],
	pub capacity: u32,
	pub price: Balance,
	pub asset: AssetId,
	pub terms: TermsInput,
	pub uri: Uri,
}

impl Default for Draft {
	fn default() -> Self {
		Self {
			kind: ServiceKind::Rpc { network: NETWORK },
			endpoint: text("https://rpc.example.com/v1"),
			region: *b"DE",
			capacity: 10,
			price: 3,
			asset: AssetId::Native,
			terms: TermsInput {
				min_uptime: 990_000_000,
				max_latency_ms: 250,
				max_head_lag: 3,
				credit: [1, 2, 5, 10].map(percent),
				cover: percent(20),
			},
			uri: text("ipfs://metadata"),
		}
	}
}

impl Draft {
	pub fn at(host: &str) -> Self {
		Self { endpoint: text(&format!("https://{host}/")), ..Self::default() }
	}

	/// A compute service on a host.
	pub fn compute(host: &str) -> Self {
		Self { kind: ServiceKind::Compute, ..Self::at(host) }
	}

	pub fn list(self, who: AccountId) -> DispatchResult {
		// A region that no constructor makes can still come in a decoded call.
		let region = codec::Decode::decode(&mut &self.region[..]).unwrap();
		Operators::list_service(
			signed(who),
			self.kind,
			self.endpoint,
			region,
			self.capacity,
			self.price,
			self.asset,
			self.terms,
			[7; 32],
			self.uri,
		)
	}

	/// List and say which service it is.
	pub fn listed(self, who: AccountId) -> ServiceId {
		let id = NextServiceId::<Test>::get();
		assert_ok!(self.list(who));
		id
	}
}

pub fn status(id: ServiceId) -> ServiceStatus {
	Services::<Test>::get(id).unwrap().status
}

pub fn sell(id: ServiceId, units: u32) {
	Units::mutate(|sold| sold.insert(id, units));
}

pub fn run_to(block: BlockNumber) {
	System::set_block_number(block.into());
}

pub fn bond_of(who: AccountId, asset: AssetId) -> BondOf<Test> {
	Bonds::<Test>::get(who, asset)
}

pub fn held_bond(who: AccountId, asset: AssetId) -> Balance {
	Money::held(asset, HoldReason::Bond.into(), &who)
}

pub fn held_deposit(who: AccountId) -> Balance {
	Money::held(AssetId::Native, HoldReason::ServiceDeposit.into(), &who)
}

pub fn total(who: AccountId, asset: AssetId) -> Balance {
	Money::total(asset, &who)
}
