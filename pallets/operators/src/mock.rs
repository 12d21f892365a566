// SPDX-License-Identifier: Apache-2.0

//! Mock runtime with real money and the real clock. The pallets that this one calls are stubs.

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_operators, *};
use alloc::collections::{BTreeMap, BTreeSet};
use frame::testing_prelude::*;
use pallet_surety_timing::{Settings, TimingPreset, Timings};
use surety_primitives::{AssetId, CloseReason, Registry};

pub type AccountId = u64;
type Block = MockBlockU32<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Operators: pallet_surety_operators,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

impl pallet_surety_timing::Config for Test {}

surety_test_kit::money!(EXISTENTIAL_DEPOSIT);

pub const EXISTENTIAL_DEPOSIT: Balance = 10;
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

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Account of the tenants' credits.
pub const POT: AccountId = 98;
pub const TREASURY: AccountId = 99;
/// Owner, issuer, admin and freezer of the assets.
pub const ADMIN: AccountId = 100;

/// Balance in every asset that Alice, Bob and Carol start with.
pub const START: Balance = 100_000;
/// Approved asset with a minimum balance of 5.
pub const USD: AssetId = AssetId::Local(7);
pub const USD_ID: u32 = 7;
/// Asset that is not approved, with a minimum balance of 5.
pub const EUR: AssetId = AssetId::Local(8);
pub const EUR_ID: u32 = 8;
/// Network of the genesis.
pub const NETWORK: NetworkId = 0;

parameter_types! {
	/// Last judged round of the probes stub.
	pub static JudgedRound: RoundIndex = 0;
	/// True if the probes stub has no row left.
	pub static RowsFull: bool = false;
	/// Targets with a row.
	pub static Rows: BTreeSet<Target> = BTreeSet::new();
	/// Calls of `Probing::reset_proof`.
	pub static ProofResets: Vec<ServiceId> = Vec::new();
	pub static MeterEnds: BTreeMap<Target, (RoundIndex, CloseReason)> = BTreeMap::new();
	pub static MaintenanceSet: BTreeMap<Target, (RoundIndex, u16)> = BTreeMap::new();
	/// Units sold per service.
	pub static Units: BTreeMap<ServiceId, u32> = BTreeMap::new();
	/// Exposure of one unit under any cover.
	pub static UnitExposure: Balance = 0;
	/// Targets with credits that are not claimed.
	pub static Owed: BTreeSet<Target> = BTreeSet::new();
	/// Calls of `Agreements::forget`.
	pub static Forgotten: Vec<Target> = Vec::new();
	/// Services whose resources are in use.
	pub static InUse: BTreeSet<ServiceId> = BTreeSet::new();
	/// Calls of `Inventory::forget`.
	pub static ForgottenInventories: Vec<ServiceId> = Vec::new();
	/// Assets that the policy refuses.
	pub static Unapprovable: BTreeSet<u32> = BTreeSet::new();
	pub static NativeMinBond: Balance = MIN_BOND;
	pub static MaxCredit: WindowShare = WindowShare::from_u32(30);
	pub static UnbondingPeriod: BlockNumber = UNBONDING;
	pub static ServiceDeposit: Balance = DEPOSIT;
}

/// Start of a test: the stubs as on a new chain.
fn reset_stubs() {
	JudgedRound::set(0);
	RowsFull::set(false);
	Rows::set(BTreeSet::new());
	ProofResets::set(Vec::new());
	MeterEnds::set(BTreeMap::new());
	MaintenanceSet::set(BTreeMap::new());
	Units::set(BTreeMap::new());
	UnitExposure::set(0);
	Owed::set(BTreeSet::new());
	Forgotten::set(Vec::new());
	InUse::set(BTreeSet::new());
	ForgottenInventories::set(Vec::new());
	Unapprovable::set(BTreeSet::new());
	NativeMinBond::set(MIN_BOND);
	MaxCredit::set(WindowShare::from_u32(30));
	UnbondingPeriod::set(UNBONDING);
	ServiceDeposit::set(DEPOSIT);
}

pub struct ProbingStub;
impl Probing<AccountId> for ProbingStub {
	fn list(target: Target, _: &Service<AccountId>) -> DispatchResult {
		ensure!(!RowsFull::get(), "every row is taken");
		assert!(Rows::mutate(|rows| rows.insert(target)), "listed twice");
		Ok(())
	}

	fn unlist(target: Target) {
		assert!(Operators::listing(target).is_some(), "the window that closes has a listing");
		assert!(Rows::mutate(|rows| rows.remove(&target)), "not listed");
	}

	fn reset_proof(id: ServiceId) {
		ProofResets::mutate(|resets| resets.push(id));
	}

	fn set_maintenance(target: Target, from: RoundIndex, rounds: u16) {
		MaintenanceSet::mutate(|set| set.insert(target, (from, rounds)));
	}

	fn end_meter(target: Target, at: RoundIndex, reason: CloseReason) {
		MeterEnds::mutate(|ends| ends.insert(target, (at, reason)));
	}

	fn judged_round() -> RoundIndex {
		JudgedRound::get()
	}
}

pub struct AgreementsStub;
impl Agreements for AgreementsStub {
	fn units(id: ServiceId) -> u32 {
		Units::get().get(&id).copied().unwrap_or(0)
	}

	fn exposure_under(id: ServiceId, cover: WindowShare) -> Result<Option<Balance>, DispatchError> {
		let present = Services::<Test>::get(id).unwrap().terms.cover;
		assert!(present < cover, "the cover rises after the exposure");
		match Self::units(id) {
			0 => Ok(None),
			units => {
				let exposure = UnitExposure::get().checked_mul(units.into());
				Ok(Some(exposure.ok_or(ArithmeticError::Overflow)?))
			},
		}
	}

	fn forget(target: Target) -> DispatchResult {
		assert!(!Rows::get().contains(&target), "the window is closed before it is forgotten");
		ensure!(!Owed::get().contains(&target), "credits are owed");
		Forgotten::mutate(|forgotten| forgotten.push(target));
		Ok(())
	}

	fn forget_weight() -> Weight {
		Weight::from_parts(1_000_000_000, 1_000)
	}
}

pub struct InventoryStub;
impl Inventory for InventoryStub {
	fn forget(id: ServiceId) -> DispatchResult {
		ensure!(!InUse::get().contains(&id), "resources are in use");
		ForgottenInventories::mutate(|forgotten| forgotten.push(id));
		Ok(())
	}
}

pub struct AssetPolicyStub;
impl AssetPolicy for AssetPolicyStub {
	fn ensure_approvable(asset: u32) -> DispatchResult {
		ensure!(!Unapprovable::get().contains(&asset), "private admin");
		Ok(())
	}
}

#[derive_impl(pallet_surety_operators::config_preludes::TestDefaultConfig)]
impl pallet_surety_operators::Config for Test {
	type Clock = Timing;
	type Probing = ProbingStub;
	type Agreements = AgreementsStub;
	type Inventory = InventoryStub;
	type Funds = Money;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type AssetPolicy = AssetPolicyStub;
	type Treasury = ConstU64<TREASURY>;
	type MinBond = NativeMinBond;
	type MaxCredit = MaxCredit;
	type UnbondingPeriod = UnbondingPeriod;
	type ServiceDeposit = ServiceDeposit;
	type MaxPerHost = ConstU32<MAX_PER_HOST>;
	type MaxUnprovenPerHost = ConstU32<MAX_UNPROVEN>;
	type MaxServicesPerOperator = ConstU32<MAX_SERVICES>;
	type MaxUnbondingChunks = ConstU32<MAX_CHUNKS>;
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

	fn activate(_: ServiceId) {}

	fn sell_unit(_: ServiceId) {}
}

/// Builder of the test externality: Alice, Bob and Carol have `START` of everything.
#[derive(Default)]
pub struct ExtBuilder {
	operators: Vec<AccountId>,
}

impl ExtBuilder {
	/// Register these with twice the minimum bond, and twice the minimum in USD.
	pub fn operators(mut self, operators: &[AccountId]) -> Self {
		self.operators = operators.to_vec();
		self
	}

	pub fn build(self) -> TestState {
		reset_stubs();
		let mut ext: TestState = genesis().build_storage().unwrap().into();
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

fn genesis() -> RuntimeGenesisConfig {
	let rich = [ALICE, BOB, CAROL];
	let native =
		rich.iter().map(|who| (*who, START)).chain([(POT, 100), (TREASURY, 100), (ADMIN, START)]);
	let assets = [USD_ID, EUR_ID];
	RuntimeGenesisConfig {
		timing: pallet_surety_timing::GenesisConfig {
			timings: Timings { private_endpoints: false, ..TimingPreset::dev() },
			..Default::default()
		},
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
				anchors: vec!["https://anchor-one.io".into(), "https://anchor-two.io/key".into()],
			}],
			assets: vec![(USD_ID, MIN_ASSET_BOND)],
			..Default::default()
		},
		..Default::default()
	}
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn root() -> RuntimeOrigin {
	RuntimeOrigin::root()
}

/// Bounded text.
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

/// Change the settings of the clock, which genesis fixes on a real chain.
pub fn set_timings(change: impl FnOnce(&mut Timings)) {
	Settings::<Test>::mutate(change);
}

/// Require proof of control for all listings from now on.
pub fn require_proof() {
	set_timings(|timings| timings.proof_of_control = true);
}

/// Allow private endpoints from now on.
pub fn allow_private() {
	set_timings(|timings| timings.private_endpoints = true);
}

/// Valid listing, which tests change.
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

	/// Compute service at a host.
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

	/// List and return the service's identifier.
	pub fn listed(self, who: AccountId) -> ServiceId {
		let id = NextServiceId::<Test>::get();
		assert_ok!(self.list(who));
		id
	}
}

/// Listing of a service, which must exist.
pub fn service(id: ServiceId) -> ServiceOf<Test> {
	Services::<Test>::get(id).unwrap()
}

pub fn status(id: ServiceId) -> ServiceStatus {
	service(id).status
}

pub fn operator(who: AccountId) -> Option<Operator> {
	crate::Operators::<Test>::get(who)
}

pub fn services_of(who: AccountId) -> Vec<ServiceId> {
	ServicesOf::<Test>::get(who).into_inner()
}

/// Set the number of units sold.
pub fn sell(id: ServiceId, units: u32) {
	Units::mutate(|sold| sold.insert(id, units));
}

pub fn run_to(block: BlockNumber) {
	System::set_block_number(block);
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
