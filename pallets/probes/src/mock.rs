// SPDX-License-Identifier: Apache-2.0

//! Runtime with this pallet and real money. The other pallets of Surety are stand-ins that remember
//! their calls.

#![allow(clippy::arithmetic_side_effects)]

use crate as pallet_surety_probes;
use crate::*;
use core::cell::RefCell;
use frame::{
	deps::sp_runtime,
	testing_prelude::*,
	traits::{ConvertInto, Time},
};
use frame_system::RawOrigin;
use pallet_surety_timing::{Settings, TimingPreset, Timings};
use sp_core::Pair;
use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
use sp_staking::offence::OffenceError;
use std::collections::BTreeMap;
use surety_primitives::{
	AgreementId, AssetId, Counters, End, LatencyBucket, LeaseId, Meter, MeterReading, Network,
	NetworkId, ServiceKind, ServiceStatus, Severity, SlaTerms, TierReached, WindowClosed,
	WindowShare, WindowSummary, WindowTerms, crypto::ProberPair, report::Finding,
};

pub type AccountId = u64;
type TxExtension = frame_system::AuthorizeCall<Test>;
pub type Extrinsic = sp_runtime::testing::TestXt<RuntimeCall, TxExtension>;
type Header = sp_runtime::generic::Header<u64, BlakeTwo256>;
type Block = sp_runtime::generic::Block<Header, Extrinsic>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Probes: pallet_surety_probes,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

impl pallet_surety_timing::Config for Test {}

surety_test_kit::money!(10);

/// Rounds of 5 blocks of 6 s, and windows of 12 rounds.
const TIMINGS: Timings = Timings { slot_ms: 6_000, ..TimingPreset::dev() };
pub const POT: AccountId = 9_999;
/// Asset that rewards are also paid in.
pub const USD: u32 = 7;

parameter_types! {
	pub static Now: u64 = 1_000_000;
	pub static DueServices: u32 = 512;
	pub static Rule: DutyRule = DutyRule {
		min_share: Perbill::from_percent(60),
		min_caught: Perbill::from_percent(60),
	};
	pub static Session: SessionIndex = 0;
	pub static Validators: Vec<AccountId> = vec![];
	pub static Offences: Vec<(SessionIndex, Vec<AccountId>)> = vec![];
	pub static Chilled: Vec<AccountId> = vec![];
	pub static NeglectSessions: u32 = 3;
	pub static Listings: BTreeMap<Target, Service<AccountId>> = BTreeMap::new();
	pub static NetworkList: BTreeMap<NetworkId, Network> = BTreeMap::new();
	/// Outcomes of searches for a proof, in order.
	pub static Proofs: Vec<(ServiceId, ProofOutcome)> = vec![];
	/// Rules of the windows, as the stand-in for sla returns them.
	pub static Terms: WindowTerms = WindowTerms { allowance: [1, 1, 1], multiplier: 1 };
	/// Windows that closed, in order.
	pub static Closed: Vec<(Target, WindowIndex)> = vec![];
	/// Counters since the activation, of the last window of a target that closed.
	pub static SinceSold: BTreeMap<Target, Counters> = BTreeMap::new();
	/// End that the next window of a target that closes decides.
	pub static EndOnClose: BTreeMap<Target, End> = BTreeMap::new();
	/// Tiers that were reached, in order.
	pub static Tiers: Vec<(Target, TierReached)> = vec![];
	/// Rounds from a breach to the end that it decides; none if it decides none.
	pub static EndOnBreach: Option<u32> = None;
	pub static Health: HealthRule = HealthRule { bad: 3, of: 3 };
	/// Leases that failed, in order.
	pub static Failed: Vec<(LeaseId, End)> = vec![];
	/// Services that were terminated, in order.
	pub static Terminated: Vec<(ServiceId, RoundIndex)> = vec![];
	/// Windows that were reported to the scores, in order.
	pub static Summaries: Vec<(AccountId, Target, WindowSummary)> = vec![];
	pub static RewardAssets: Vec<AssetId> = vec![AssetId::Local(USD)];
	pub const Pot: AccountId = POT;
	pub const ProofWeight: Weight = Weight::from_parts(1_000, 10);
	pub const WindowWeight: Weight = Weight::from_parts(20_000, 10);
	pub const TierWeight: Weight = Weight::from_parts(300_000, 10);
	pub const SummaryWeight: Weight = Weight::from_parts(4_000_000, 10);
	pub const TerminateWeight: Weight = Weight::from_parts(5, 1);
	pub const FailureWeight: Weight = Weight::from_parts(7, 3);
}

pub struct MockTime;
impl Time for MockTime {
	type Moment = u64;
	fn now() -> u64 {
		Now::get()
	}
}

pub struct MockRegistry;
impl Registry<AccountId> for MockRegistry {
	fn listing(target: Target) -> Option<Service<AccountId>> {
		Listings::get().get(&target).cloned()
	}
	fn sellable(_: ServiceId) -> Result<Service<AccountId>, DispatchError> {
		Err(DispatchError::Other("not called by probes"))
	}
	fn terminate(id: ServiceId, at: RoundIndex) -> Weight {
		Terminated::mutate(|terminated| terminated.push((id, at)));
		TerminateWeight::get()
	}
	fn min_bond(_: AssetId) -> Option<Balance> {
		None
	}
}
impl Networks for MockRegistry {
	fn network(id: NetworkId) -> Option<Network> {
		NetworkList::get().get(&id).cloned()
	}
	fn ids() -> Vec<NetworkId> {
		NetworkList::get().into_keys().collect()
	}
}
impl OnProof for MockRegistry {
	fn on_proof(id: ServiceId, outcome: ProofOutcome) -> Weight {
		Proofs::mutate(|proofs| proofs.push((id, outcome)));
		ProofWeight::get()
	}
}

/// Stand-in for sla.
pub struct MockJudged;
impl OnJudged for MockJudged {
	fn window_closed(target: Target, window: WindowIndex, since_sold: &Counters) -> WindowClosed {
		Closed::mutate(|closed| closed.push((target, window)));
		SinceSold::mutate(|counters| counters.insert(target, *since_sold));
		let end = EndOnClose::mutate(|ends| ends.remove(&target));
		WindowClosed { next: Terms::get(), end, weight: WindowWeight::get() }
	}
	fn tier_reached(target: Target, tier: TierReached) -> (Option<End>, Weight) {
		let round = tier.round;
		Tiers::mutate(|tiers| tiers.push((target, tier)));
		let end = EndOnBreach::get().map(|rounds| (round + rounds, CloseReason::Terminated));
		(end, TierWeight::get())
	}
}

/// Stand-in for compute-orders.
pub struct MockLeases;
impl OnLeaseFailed for MockLeases {
	fn on_lease_failed(lease: LeaseId, end: End) -> Weight {
		Failed::mutate(|failed| failed.push((lease, end)));
		FailureWeight::get()
	}
}

pub struct MockReputation;
impl ReputationSink<AccountId> for MockReputation {
	fn window(operator: &AccountId, target: Target, summary: &WindowSummary) -> Weight {
		Summaries::mutate(|summaries| summaries.push((*operator, target, *summary)));
		SummaryWeight::get()
	}
	fn breach(_: &AccountId, _: Target, _: BreachKind, _: Severity) {}
	fn forget(_: Target) {}
	fn engagement(_: AgreementId, _: &AccountId, _: &AccountId, _: AssetId, _: Balance) {}
	fn lease_failed(_: &AccountId, _: LeaseId, _: CloseReason) {}
}

pub struct MockSet;
impl ValidatorSet<AccountId> for MockSet {
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	fn session_index() -> SessionIndex {
		Session::get()
	}
	fn validators() -> Vec<AccountId> {
		Validators::get()
	}
}
impl ValidatorSetWithIdentification<AccountId> for MockSet {
	type Identification = AccountId;
	type IdentificationOf = ConvertInto;
}

type Offender = (AccountId, AccountId);
pub struct MockOffences;
impl ReportOffence<AccountId, Offender, ProberNeglect<Offender>> for MockOffences {
	fn report_offence(
		_: Vec<AccountId>,
		offence: ProberNeglect<Offender>,
	) -> Result<(), OffenceError> {
		let who = offence.offenders.iter().map(|(account, _)| *account).collect();
		Offences::mutate(|offences| offences.push((offence.session_index, who)));
		Ok(())
	}
	fn is_known_offence(_: &[Offender], _: &SessionIndex) -> bool {
		false
	}
}

/// Stand-in for staking.
pub struct MockCandidates;
impl Candidates<AccountId> for MockCandidates {
	fn chill(validators: &[AccountId]) {
		Chilled::mutate(|chilled| chilled.extend_from_slice(validators));
	}
}

#[derive_impl(pallet_surety_probes::config_preludes::TestDefaultConfig)]
impl Config for Test {
	type Clock = Timing;
	type Time = MockTime;
	type Registry = MockRegistry;
	type OnJudged = MockJudged;
	type OnLeaseFailed = MockLeases;
	type Reputation = MockReputation;
	type ValidatorSet = MockSet;
	type ReportNeglect = MockOffences;
	type Candidates = MockCandidates;
	type NeglectSessions = NeglectSessions;
	type Funds = Money;
	type Pot = Pot;
	type RewardAssets = RewardAssets;
	type DueServices = DueServices;
	type DutyRule = Rule;
	type Health = Health;
}

impl<LocalCall> CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = Extrinsic;
}
impl<LocalCall> CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;
	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}
impl<LocalCall> CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		TxExtension::new()
	}
}

pub fn new_test_ext() -> TestState {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_surety_timing::GenesisConfig::<Test> { timings: TIMINGS, ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances: vec![(POT, 1_000_010)],
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_assets::GenesisConfig::<Test> {
		assets: vec![(USD, POT, true, 1)],
		accounts: vec![(USD, POT, 501)],
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext: TestState = storage.into();
	ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	ext
}

/// Change the clock.
pub fn set_clock(change: impl FnOnce(&mut Timings)) {
	Settings::<Test>::mutate(change);
}

/// Run a test with so many probers, then check every invariant.
pub fn build_and_execute<R>(probers: u16, test: impl FnOnce() -> R) -> R {
	new_test_ext().execute_with(|| {
		start_session(probers);
		let result = test();
		Probes::do_try_state().unwrap();
		result
	})
}

/// Account of a prober.
pub fn account(prober: u16) -> AccountId {
	1_000 + u64::from(prober)
}

/// Key pair of a prober.
pub fn pair(prober: u16) -> ProberPair {
	ProberPair::from_string(&format!("//Prober{prober}"), None).unwrap()
}

thread_local! {
	static KEYS: RefCell<BTreeMap<u16, ProberId>> = const { RefCell::new(BTreeMap::new()) };
	/// Salt and report of each round and prober.
	static SENT: RefCell<BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>> =
		const { RefCell::new(BTreeMap::new()) };
}

/// Session key of a prober.
pub fn key(prober: u16) -> ProberId {
	KEYS.with(|keys| {
		keys.borrow_mut().entry(prober).or_insert_with(|| pair(prober).public()).clone()
	})
}

/// Start a session with these probers.
pub fn session_of(probers: impl Iterator<Item = u16> + Clone) {
	let accounts: Vec<AccountId> = probers.clone().map(account).collect();
	let keys = || accounts.iter().zip(probers.clone().map(key));
	<Probes as OneSessionHandler<AccountId>>::on_new_session(true, keys(), keys());
	Validators::set(accounts.clone());
}

/// Start a session with the probers `0..probers`.
pub fn start_session(probers: u16) {
	session_of(0..probers);
}

/// End the session. The next one has the same probers unless another is started.
pub fn end_session() {
	<Probes as OneSessionHandler<AccountId>>::on_before_session_ending();
	Session::set(Session::get() + 1);
}

pub fn ms(latency: u32) -> LatencyBucket {
	LatencyBucket::from_millis(latency)
}

pub fn up() -> Finding {
	Finding::Up(ms(40))
}

pub fn describe(operator: AccountId, kind: ServiceKind) -> Service<AccountId> {
	Service {
		operator,
		kind,
		endpoint: b"http://service.example/".to_vec().try_into().unwrap(),
		region: surety_primitives::Region::new(*b"DE").unwrap(),
		capacity: 10,
		price: 1,
		asset: AssetId::Native,
		terms: SlaTerms {
			min_uptime: Perbill::from_percent(90),
			max_latency: ms(250),
			max_head_lag: 5,
			credit: [1, 2, 3, 4].map(WindowShare::from_u32),
			cover: WindowShare::from_u32(10),
		},
		metadata_hash: [0; 32],
		metadata_uri: Default::default(),
		status: ServiceStatus::Active,
	}
}

/// Target of a listed service.
pub const fn listed(id: ServiceId) -> Target {
	Target::Service(id)
}

/// List a service that is no `Rpc`.
pub fn list(id: ServiceId, operator: AccountId) {
	list_as(listed(id), describe(operator, ServiceKind::Compute));
}

/// List a service that has to prove control of its endpoint.
pub fn list_unproven(id: ServiceId) {
	let listing = describe(1, ServiceKind::Compute);
	list_as(listed(id), Service { status: ServiceStatus::Unproven, ..listing });
}

/// List an `Rpc` service.
pub fn list_rpc(id: ServiceId, operator: AccountId, network: NetworkId) {
	list_as(listed(id), describe(operator, ServiceKind::Rpc { network }));
}

pub fn list_as(target: Target, listing: Service<AccountId>) {
	Probes::list(target, &listing).unwrap();
	Listings::mutate(|listings| listings.insert(target, listing));
}

/// Activate a service with the current rules.
pub fn activate(id: ServiceId) -> Result<Occupancy, DispatchError> {
	Probes::activate(listed(id), Terms::get())
}

/// List a service and give it units.
pub fn list_active(id: ServiceId, operator: AccountId) {
	list(id, operator);
	activate(id).unwrap();
}

/// List and activate a lease.
pub fn list_lease(lease: LeaseId, operator: AccountId) -> Target {
	let target = Target::Lease(lease);
	let listing = describe(operator, ServiceKind::Compute);
	list_as(target, Service { status: ServiceStatus::Leased, ..listing });
	Probes::activate(target, Terms::get()).unwrap();
	target
}

/// Reading of the meter of a service.
pub fn reading(id: ServiceId) -> Option<MeterReading> {
	Probes::meter(listed(id)).map(|meter| meter.reading)
}

/// Outcomes of the searches for the proof of a service, in order.
pub fn proofs(id: ServiceId) -> Vec<ProofOutcome> {
	Proofs::get().into_iter().filter(|(of, _)| *of == id).map(|(_, outcome)| outcome).collect()
}

/// Build the next block, without transactions.
pub fn next_block() -> Weight {
	let block = System::block_number() + 1;
	System::set_block_number(block);
	let weight = Probes::on_initialize(block);
	Now::mutate(|now| *now += Timing::slot_ms());
	weight
}

/// Build so many blocks.
pub fn blocks(n: u32) {
	for _ in 0..n {
		next_block();
	}
}

pub fn offset() -> u32 {
	Timing::now() % Timing::round_blocks()
}

pub fn round() -> RoundIndex {
	Timing::round()
}

/// Build blocks up to the first of the next round.
pub fn next_round() {
	next_block();
	while offset() != 0 {
		next_block();
	}
}

/// Build blocks up to the first with this offset in its round, at least one.
fn to_offset(wanted: u32) {
	next_block();
	while offset() != wanted {
		next_block();
	}
}

/// Build blocks up to the next one in which the reveals of the round before open.
pub fn to_reveals() {
	to_offset(REVEAL_OFFSET);
}

/// Build blocks up to the next one that counts reports: those of the round before the last.
pub fn to_counted() {
	to_offset(COMMIT_GRACE);
}

/// Build blocks until a round is judged.
pub fn to_judged(round: RoundIndex) {
	while Probes::judged_round() < round {
		next_block();
	}
}

pub fn snapshot(round: RoundIndex) -> Snapshot<AccountId> {
	Snapshots::<Test>::get(round).expect("the round is open")
}

pub fn authorized() -> RuntimeOrigin {
	RawOrigin::Authorized.into()
}

pub fn genesis() -> Vec<u8> {
	System::block_hash(0).0.to_vec()
}

/// Signature that is not checked: dispatch trusts `authorize`.
pub fn no_signature() -> ProberSignature {
	sp_core::sr25519::Signature::from_raw([0; 64]).into()
}

/// Report of a round with the findings of `says`.
pub fn report_of(round: RoundIndex, says: &dyn Fn(Target) -> Finding) -> Vec<u8> {
	let mut report = vec![];
	for due in DuePages::<Test>::get(round) {
		let page = Pages::<Test>::get(due.page);
		for slot in bits(due.mask) {
			let row = page
				.get(usize::from(slot))
				.and_then(Option::as_ref)
				.filter(|row| row.is_due(round));
			report.push(row.map_or(Finding::Abstained, |row| says(row.target)).to_byte());
		}
	}
	report
}

pub fn salt(round: RoundIndex, prober: u16) -> [u8; 32] {
	sp_io::hashing::blake2_256(&[round.to_le_bytes().as_slice(), &prober.to_le_bytes()].concat())
}

/// Commit a report. `prober` is an index of the snapshot.
pub fn commit(round: RoundIndex, prober: u16, report: Vec<u8>) -> DispatchResult {
	let key = snapshot(round).probers[usize::from(prober)].key.clone();
	let salt = salt(round, prober);
	let hash = commit_hash(&genesis(), round, &key, &salt, &report);
	SENT.with(|sent| sent.borrow_mut().insert((round, prober), (salt, report)));
	Probes::commit(authorized(), round, prober, hash, no_signature())
}

/// Reveal what was committed.
pub fn reveal(round: RoundIndex, prober: u16) -> DispatchResult {
	let sent = SENT.with(|sent| sent.borrow().get(&(round, prober)).cloned());
	let (salt, report) = sent.expect("committed before");
	Probes::reveal(authorized(), round, prober, salt, Report::try_from(report).unwrap())
}

/// Attendance of a prober in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Attend {
	Fully,
	CommitOnly,
	Not,
}

/// Findings at services, where every lease is up.
pub fn of_services(
	says: impl Fn(u16, RoundIndex, ServiceId) -> Finding,
) -> impl Fn(u16, RoundIndex, Target) -> Finding {
	move |prober, round, target| target.service().map_or(up(), |id| says(prober, round, id))
}

/// Run whole rounds in which every prober attends.
pub fn run_rounds(rounds: u32, says: impl Fn(u16, RoundIndex, ServiceId) -> Finding) {
	run_rounds_with(rounds, |_, _| Attend::Fully, says);
}

/// Run whole rounds with this attendance.
pub fn run_rounds_with(
	rounds: u32,
	attends: impl Fn(u16, RoundIndex) -> Attend,
	says: impl Fn(u16, RoundIndex, ServiceId) -> Finding,
) {
	run_targets(rounds, attends, of_services(says));
}

/// Run rounds in which every target is up.
pub fn run_up(rounds: u32) {
	run_rounds(rounds, |_, _, _| up());
}

/// Run whole rounds: commits in the second block of each, reveals of the round before in the fifth.
/// The last block built is the last of its round, so all but the last two rounds are judged.
pub fn run_targets(
	rounds: u32,
	attends: impl Fn(u16, RoundIndex) -> Attend,
	says: impl Fn(u16, RoundIndex, Target) -> Finding,
) {
	for _ in 0..rounds {
		next_round();
		next_block();
		let now = round();
		for prober in (0u16..).take(snapshot(now).probers.len()) {
			if attends(prober, now) != Attend::Not {
				let report = report_of(now, &|target| says(prober, now, target));
				commit(now, prober, report).unwrap();
			}
		}
		blocks(REVEAL_OFFSET - 1);
		if let Some(last) =
			now.checked_sub(1).and_then(|r| Snapshots::<Test>::get(r).map(|s| (r, s)))
		{
			for prober in (0u16..).take(last.1.probers.len()) {
				let committed = SENT.with(|sent| sent.borrow().contains_key(&(last.0, prober)));
				if committed && attends(prober, last.0) == Attend::Fully {
					reveal(last.0, prober).unwrap();
				}
			}
		}
		while offset() != Timing::round_blocks() - 1 {
			next_block();
		}
	}
}

/// Build the next block with the reports that fit into it, of all probers.
pub fn reporting_block(says: impl Fn(u16, RoundIndex, Target) -> Finding) {
	next_block();
	let now = round();
	let commits = (offset() == 1).then_some(now);
	let reveals = (offset() == REVEAL_OFFSET).then(|| now.checked_sub(1)).flatten();
	for round in commits.into_iter().chain(reveals) {
		let Some(snapshot) = Snapshots::<Test>::get(round) else { continue };
		for prober in (0u16..).take(snapshot.probers.len()) {
			if commits == Some(round) {
				let report = report_of(round, &|target| says(prober, round, target));
				commit(round, prober, report).unwrap();
			} else if Reports::<Test>::contains_key(round, prober) {
				reveal(round, prober).unwrap();
			}
		}
	}
}

/// Row in which a target is probed.
pub fn row_of(target: Target) -> Row<AccountId> {
	Probes::probed_row(target).expect("listed").2
}

/// Row in which a service is probed.
pub fn row(id: ServiceId) -> Row<AccountId> {
	row_of(listed(id))
}

/// End of the meter of a service, if that is decided.
pub fn end_of(id: ServiceId) -> Option<End> {
	Probes::meter(listed(id)).and_then(|meter| meter.end)
}
