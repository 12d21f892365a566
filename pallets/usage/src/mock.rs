// SPDX-License-Identifier: Apache-2.0

//! Runtime with the real pallets that this one meets: agreements with their escrow and bonds, and
//! probes whose probers report the findings of a test. Signatures are those of numbers.

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_usage, *};
use frame::testing_prelude::*;
use sp_runtime::testing::TestSignature;
use std::collections::BTreeSet;
use surety_primitives::{
	AssetId, Protocol, ServiceKind, Target,
	report::Finding,
	usage::{Hash, UsageStatement},
};
use surety_test_kit::{AnyAsset, BlockTime, Listing, NoLeases, ProberSet, TestRuntime};

pub use surety_test_kit::{
	FUNDS, MINIMUM, OPERATOR, OTHER_TENANT, PRICE, PROBER_POT, STRANGER, TENANT, TREASURY,
};

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
		Usage: pallet_surety_usage,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_test_kit::money!(MINIMUM);
surety_test_kit::authorized_transactions!();

impl pallet_surety_timing::Config for Test {}

parameter_types! {
	/// Slots are free.
	pub const Nothing: Perbill = Perbill::zero();
	pub const PlatformShare: Perbill = Perbill::from_percent(5);
	/// Parties and the accounts that may report for them.
	pub static Named: BTreeSet<(AccountId, AccountId)> = BTreeSet::new();
}

/// Reporters of a test.
pub struct NamedReporters;
impl Reporters<AccountId> for NamedReporters {
	fn may_report(party: &AccountId, reporter: &AccountId) -> bool {
		party == reporter || Named::get().contains(&(*party, *reporter))
	}
}

#[derive_impl(pallet_surety_operators::config_preludes::TestDefaultConfig)]
impl pallet_surety_operators::Config for Test {
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = Sla;
	type Inventory = NoLeases;
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
	type OnLeaseFailed = NoLeases;
	type Reputation = Reputation;
	type ValidatorSet = ProberSet;
	type ReportNeglect = ();
	type Funds = Money;
	type Pot = ConstU64<PROBER_POT>;
}

#[derive_impl(pallet_surety_sla::config_preludes::TestDefaultConfig)]
impl pallet_surety_sla::Config for Test {
	type Clock = Timing;
	type Registry = Operators;
	type Bonding = Operators;
	type Slots = Probes;
	type Escrow = Escrow;
	type Reputation = Reputation;
	type OnAgreementEnd = Usage;
	type Funds = Money;
	type Treasury = ConstU64<TREASURY>;
	type ProberPot = ConstU64<PROBER_POT>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

#[derive_impl(pallet_surety_escrow::config_preludes::TestDefaultConfig)]
impl pallet_surety_escrow::Config for Test {
	type Funds = Money;
	type Clock = Timing;
	type Meter = Probes;
	type OnStreamEnd = Sla;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type PlatformFee = PlatformShare;
	type ProberShare = Nothing;
	type ProberPot = ConstU64<PROBER_POT>;
	type Treasury = ConstU64<TREASURY>;
	type AgendaPerBlock = ConstU32<50>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

#[derive_impl(pallet_surety_reputation::config_preludes::TestDefaultConfig)]
impl pallet_surety_reputation::Config for Test {
	type Clock = Timing;
	type RatingScale = surety_test_kit::RatingScale<100>;
}

/// Fee per window at which an agreement has its full weight: that of 5 units.
pub const SCALE: Balance = 150;
/// Weight of one unit that was paid for through a window, in billionths.
pub const UNIT_WEIGHT: u64 = ONE / 5;

#[derive_impl(crate::config_preludes::TestDefaultConfig)]
impl Config for Test {
	type Clock = Timing;
	type Agreements = Sla;
	type Reporters = NamedReporters;
	type Probed = Probes;
	type Signature = TestSignature;
	type FeeScale = surety_test_kit::RatingScale<SCALE>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = BenchmarkSetup;
}

impl TestRuntime for Test {
	type Pallets = AllPalletsWithSystem;

	fn check_invariants() {
		assert_ok!(Usage::do_try_state());
		assert_ok!(Sla::do_try_state());
		assert_ok!(Operators::do_try_state());
		assert_ok!(Probes::do_try_state());
		assert_ok!(Escrow::do_try_state());
		assert_ok!(Reputation::do_try_state());
	}
}

/// Service of [`OPERATOR`] that all tests have.
pub const SERVICE: ServiceId = 0;
/// Requests of a unit in a window: 10 a second for 60 seconds, and a fifth on top.
pub const UNIT_REQUESTS: u64 = 720;

/// Listing of JSON-RPC.
pub fn rpc() -> Listing {
	Listing { kind: ServiceKind::Rpc { network: 0 }, capacity: 1_000, ..Default::default() }
}

pub fn new_test_ext() -> TestState {
	let mut ext = Kit::new_test_ext();
	ext.execute_with(|| {
		Named::take();
		let name = b"ethereum".to_vec().try_into().unwrap();
		let (root, protocol) = (RuntimeOrigin::root(), Protocol::Ethereum);
		assert_ok!(Operators::set_network(root, None, name, protocol, false, Default::default()));
		Kit::register(OPERATOR, AssetId::Native);
		let more = FUNDS / 10 * 8;
		assert_ok!(Operators::bond_more(Kit::signed(OPERATOR), AssetId::Native, more));
		assert_eq!(Kit::list(OPERATOR, rpc()), SERVICE);
		Kit::run_to_window(1);
		System::reset_events();
	});
	// A benchmark with a range starts over from the state that is committed.
	ext.commit_all().unwrap();
	ext
}

/// Check the invariants of all pallets.
pub fn check() {
	Test::check_invariants();
}

/// Run a test in the first block of window 1. The invariants of all pallets hold after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		check();
	});
}

/// Open an agreement, funded for many windows.
pub fn open_at(tenant: AccountId, service: ServiceId, units: u32) -> AgreementId {
	let id = pallet_surety_sla::NextAgreement::<Test>::get();
	let deposit = PRICE * Balance::from(units) * 60 * 12 + MINIMUM;
	let origin = RuntimeOrigin::signed(tenant);
	assert_ok!(Sla::open_agreement(origin, service, units, u128::MAX, deposit, Default::default()));
	id
}

/// Open an agreement of [`SERVICE`].
pub fn open(tenant: AccountId, units: u32) -> AgreementId {
	open_at(tenant, SERVICE, units)
}

/// Open an agreement and run two windows, so that it has paid for more than one.
pub fn open_paid(tenant: AccountId, units: u32) -> AgreementId {
	let id = open(tenant, units);
	Kit::run_windows(2);
	id
}

/// Hash of the genesis block.
pub fn genesis() -> Hash {
	System::block_hash(0)
}

/// Counts without losses that wait.
pub fn counts(requests: u64, ok: u64) -> UsageCounts {
	UsageCounts { requests, ok, lost: requests - ok, slow: 0, bytes: ok * 100 }
}

/// Statement of a side in the current window and lane 0.
pub fn statement(
	agreement: AgreementId,
	side: Side,
	seq: u32,
	counts: UsageCounts,
) -> UsageStatement {
	UsageStatement {
		genesis: genesis(),
		agreement,
		window: Usage::current_window(),
		side,
		lane: 0,
		seq,
		counts,
		p50: None,
		p95: None,
		seen: None,
	}
}

/// Signature of an account.
pub fn signed_by(reporter: AccountId, statement: UsageStatement) -> SignedUsageOf<Test> {
	let signature = TestSignature(reporter, statement.payload());
	SignedUsage { statement, reporter, signature }
}

/// Party of a side of an agreement.
pub fn party(agreement: AgreementId, side: Side) -> AccountId {
	let facts = match Records::<Test>::get(agreement) {
		Some(record) => record.facts,
		None => <Sla as AgreementInspect<AccountId>>::facts(agreement).expect("it is there"),
	};
	*Record::new(facts).party(side)
}

/// Signature of the party itself.
pub fn signed(statement: UsageStatement) -> SignedUsageOf<Test> {
	signed_by(party(statement.agreement, statement.side), statement)
}

/// Send a batch, as a stranger.
pub fn send(batch: Vec<SignedUsageOf<Test>>) -> DispatchResult {
	Usage::report_usage(RuntimeOrigin::signed(STRANGER), batch.try_into().unwrap())
}

/// Report of a side in the current window and lane 0.
pub fn report(agreement: AgreementId, side: Side, seq: u32, counts: UsageCounts) {
	assert_ok!(send(vec![signed(statement(agreement, side, seq, counts))]));
}

/// Report the same counts of both sides.
pub fn report_both(agreement: AgreementId, seq: u32, counts: UsageCounts) {
	report(agreement, Side::Tenant, seq, counts);
	report(agreement, Side::Operator, seq, counts);
}

/// Use of an agreement in a window.
pub fn usage_of(agreement: AgreementId, window: WindowIndex) -> WindowUsage {
	let record = Records::<Test>::get(agreement).expect("something was reported");
	record.windows.into_iter().find(|usage| usage.window == window).expect("in this window")
}

/// Use of an agreement in the current window.
pub fn current(agreement: AgreementId) -> WindowUsage {
	usage_of(agreement, Usage::current_window())
}

/// Totals of [`SERVICE`] in the current window.
pub fn totals() -> Totals {
	let usage = Services::<Test>::get(SERVICE).expect("it was used");
	let window = Usage::current_window();
	usage.open.into_iter().find(|totals| totals.window == window).expect("in this window")
}

/// Events of this pallet since the last call.
pub fn events() -> Vec<Event<Test>> {
	let events = System::events();
	System::reset_events();
	let own = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
		RuntimeEvent::Usage(event) => Some(event),
		_ => None,
	};
	events.into_iter().filter_map(own).collect()
}

/// The probers find [`SERVICE`] up, or down.
pub fn probes_find(is_up: bool) {
	let finding = if is_up { surety_test_kit::up() } else { Finding::Down };
	Kit::set_finding(Target::Service(SERVICE), finding);
}

/// Benchmark set-up: tenants of services of their own.
#[cfg(feature = "runtime-benchmarks")]
pub struct BenchmarkSetup;
#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId, TestSignature> for BenchmarkSetup {
	fn agreement(n: u32) -> (AgreementId, AccountId) {
		let tenant = 100 + AccountId::from(n);
		assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), tenant, FUNDS));
		let operator = 1_000 + AccountId::from(n);
		assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), operator, FUNDS));
		let endpoint = format!("http://127.0.{n}.1/");
		let service = Kit::operator(operator, Listing { endpoint, ..rpc() });
		let place = pallet_surety_probes::SlotsOf::<Test>::get(Target::Service(service)).unwrap();
		pallet_surety_probes::Pages::<Test>::mutate(
			pallet_surety_probes::PageId::Idle(place.idle.page),
			|page| {
				let row = page[usize::from(place.idle.slot)].as_mut().unwrap();
				let latency = surety_primitives::LatencyBucket::default();
				let verdict = surety_primitives::Verdict::Up { latency };
				row.last = Some((Timing::round().saturating_sub(2), verdict));
			},
		);
		(open_at(tenant, service, 1), tenant)
	}
	fn sign(reporter: &AccountId, payload: &[u8]) -> TestSignature {
		TestSignature(*reporter, payload.to_vec())
	}
	fn close_window(_: ServiceId, _: WindowIndex) {}
	fn paid(agreement: AgreementId) {
		let agreement = pallet_surety_sla::Agreements::<Test>::get(agreement).unwrap();
		pallet_surety_escrow::Accounts::<Test>::mutate(agreement.escrow, |account| {
			account.as_mut().unwrap().paid.payee = PRICE * 60;
		});
	}
}
