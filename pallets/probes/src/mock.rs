//! A runtime with this pallet and real money; the other pallets of Surety are stand-ins that
//! remember what they were told.

#![allow(clippy::arithmetic_side_effects)]

use crate as pallet_surety_probes;
use crate::{
	COMMIT_GRACE, Config, DuePages, DutyRule, HealthRule, Pages, REVEAL_OFFSET, Report, Snapshot,
	Snapshots, bits, commit_hash,
};
use core::cell::RefCell;
use frame_support::{
	derive_impl,
	dispatch::RawOrigin,
	parameter_types,
	traits::{
		ConstU32, ConstU64, ConstU128, Hooks, OneSessionHandler, Time, ValidatorSet,
		ValidatorSetWithIdentification,
	},
	weights::Weight,
};
use sp_core::Pair;
use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Perbill, traits::IdentityLookup};
use sp_staking::{
	SessionIndex,
	offence::{OffenceError, ReportOffence},
};
use std::collections::BTreeMap;
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, BreachKind, Breached, Clock, CloseReason, Counters,
	Frozen, Judge, LatencyBucket, LeaseId, Network, NetworkId, OnLease, Probing, Registry,
	ReputationSink, RoundIndex, Service, ServiceId, ServiceKind, ServiceStatus, Severity, SlaTerms,
	WindowIndex, WindowShare, WindowSummary,
	crypto::{ProberId, ProberPair, ProberSignature},
	report::Finding,
	service_of_lease,
};

pub type AccountId = u64;
type TxExtension = frame_system::AuthorizeCall<Test>;
pub type Extrinsic = sp_runtime::testing::TestXt<RuntimeCall, TxExtension>;
type Block = sp_runtime::generic::Block<
	sp_runtime::generic::Header<u64, sp_runtime::traits::BlakeTwo256>,
	Extrinsic,
>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
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

surety_mock::money!(10);

pub const POT: AccountId = 9_999;
/// The asset that rewards are also paid in.
pub const USD: u32 = 7;

parameter_types! {
	pub static RoundBlocks: u32 = 5;
	pub static WindowRounds: u16 = 12;
	pub static SlotMs: u64 = 6_000;
	pub static Now: u64 = 1_000_000;
	pub static ProofOfControl: bool = false;
	pub static MaxProbes: u32 = 512;
	pub static Duty: DutyRule =
		DutyRule { least: Perbill::from_percent(60), caught: Perbill::from_percent(60) };
	pub static Session: SessionIndex = 0;
	pub static Validators: Vec<AccountId> = vec![];
	pub static Offences: Vec<(SessionIndex, Vec<AccountId>)> = vec![];
	pub static Services: BTreeMap<ServiceId, Service<AccountId>> = BTreeMap::new();
	pub static Networks: BTreeMap<NetworkId, Network> = BTreeMap::new();
	pub static Proven: Vec<ServiceId> = vec![];
	pub static Unfound: Vec<ServiceId> = vec![];
	pub static Disproven: Vec<ServiceId> = vec![];
	/// Terms by which the stand-in for sla has a row judged.
	pub static Terms: Frozen = Frozen { allowance: [1, 1, 1], multiplier: 1 };
	pub static Heated: Vec<ServiceId> = vec![];
	pub static Turned: Vec<(ServiceId, WindowIndex)> = vec![];
	/// Rounds counted since it became hot, of the last window that turned for a service.
	pub static SinceSold: BTreeMap<ServiceId, Counters> = BTreeMap::new();
	pub static Breaches: Vec<(ServiceId, Breached)> = vec![];
	/// Rounds after which the meter ends when a breach is told; none if it does not.
	pub static EndOnBreach: Option<u32> = None;
	pub static Health: HealthRule = HealthRule { bad: 3, of: 3 };
	pub static Unhealthy: Vec<(LeaseId, RoundIndex)> = vec![];
	/// True if the owner of leases ends the meter of an unhealthy one with the round in which it
	/// is.
	pub static EndOnUnhealthy: bool = false;
	pub static Closed: Vec<(AccountId, ServiceId, WindowSummary)> = vec![];
	pub static RewardAssets: Vec<AssetId> = vec![AssetId::Local(USD)];
	pub const Pot: AccountId = POT;
	pub const ItsWeight: Weight = Weight::from_parts(1_000, 10);
	pub const UnhealthyWeight: Weight = Weight::from_parts(7, 3);
}

pub struct MockClock;
impl Clock for MockClock {
	fn now() -> BlockNumber {
		System::block_number() as u32
	}
	fn slot_ms() -> u64 {
		SlotMs::get()
	}
	fn round_blocks() -> u32 {
		RoundBlocks::get()
	}
	fn window_rounds() -> u16 {
		WindowRounds::get()
	}
	fn private_endpoints() -> bool {
		true
	}
	fn proof_of_control() -> bool {
		ProofOfControl::get()
	}
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
	fn service(id: ServiceId) -> Option<Service<AccountId>> {
		Services::get().get(&id).cloned()
	}
	fn ensure_open(_: ServiceId) -> DispatchResult {
		Err(DispatchError::Other("not asked by probes"))
	}
	fn network(id: NetworkId) -> Option<Network> {
		Networks::get().get(&id).cloned()
	}
	fn networks() -> Vec<NetworkId> {
		Networks::get().into_keys().collect()
	}
	fn proven(id: ServiceId) {
		Proven::mutate(|proven| proven.push(id));
	}
	fn unfound(id: ServiceId) {
		Unfound::mutate(|unfound| unfound.push(id));
	}
	fn disproven(id: ServiceId) {
		Disproven::mutate(|disproven| disproven.push(id));
	}
	fn terminate(_: ServiceId, _: RoundIndex) {}
	fn treasury() -> AccountId {
		0
	}
	fn min_bond(_: AssetId) -> Option<Balance> {
		None
	}
}

pub struct MockJudge;
impl Judge for MockJudge {
	fn window_turned(service: ServiceId, window: WindowIndex, since_sold: &Counters) -> Frozen {
		Turned::mutate(|turned| turned.push((service, window)));
		SinceSold::mutate(|counters| counters.insert(service, *since_sold));
		Terms::get()
	}
	fn heated(service: ServiceId) -> Frozen {
		Heated::mutate(|heated| heated.push(service));
		Terms::get()
	}
	fn breached(service: ServiceId, breach: Breached) {
		Breaches::mutate(|breaches| breaches.push((service, breach)));
		if let Some(rounds) = EndOnBreach::get() {
			Probes::end_meter(service, breach.round + rounds, CloseReason::Terminated);
		}
	}
}

pub struct MockLeases;
impl OnLease for MockLeases {
	fn unhealthy(lease: LeaseId, round: RoundIndex) {
		Unhealthy::mutate(|unhealthy| unhealthy.push((lease, round)));
		if EndOnUnhealthy::get() {
			Probes::end_meter(service_of_lease(lease), round, CloseReason::Unhealthy);
		}
	}
	fn terminated(_: LeaseId, _: RoundIndex, _: CloseReason) {}
}

pub struct MockReputation;
impl ReputationSink<AccountId> for MockReputation {
	fn window(operator: &AccountId, service: ServiceId, summary: &WindowSummary) {
		Closed::mutate(|closed| closed.push((*operator, service, *summary)));
	}
	fn breach(_: &AccountId, _: ServiceId, _: BreachKind, _: Severity) {}
	fn forget_service(_: ServiceId) {}
	fn engagement(_: AgreementId, _: &AccountId, _: &AccountId, _: AssetId, _: Balance) {}
	fn lease_failed(_: &AccountId, _: LeaseId, _: CloseReason) {}
}

pub struct MockSet;
impl ValidatorSet<AccountId> for MockSet {
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	fn session_index() -> SessionIndex {
		Session::get()
	}
	fn validators() -> Vec<AccountId> {
		Validators::get()
	}
}
impl ValidatorSetWithIdentification<AccountId> for MockSet {
	type Identification = AccountId;
	type IdentificationOf = sp_runtime::traits::ConvertInto;
}

type Offender = (AccountId, AccountId);
pub struct MockOffences;
impl ReportOffence<AccountId, Offender, crate::ProberNeglect<Offender>> for MockOffences {
	fn report_offence(
		_: Vec<AccountId>,
		offence: crate::ProberNeglect<Offender>,
	) -> Result<(), OffenceError> {
		let who = offence.offenders.iter().map(|(account, _)| *account).collect();
		Offences::mutate(|offences| offences.push((offence.session_index, who)));
		Ok(())
	}
	fn is_known_offence(_: &[Offender], _: &SessionIndex) -> bool {
		false
	}
}

impl Config for Test {
	type Clock = MockClock;
	type Time = MockTime;
	type Registry = MockRegistry;
	type Judge = MockJudge;
	type Leases = MockLeases;
	type Reputation = MockReputation;
	type ValidatorSet = MockSet;
	type ReportNeglect = MockOffences;
	type Funds = Money;
	type Pot = Pot;
	type RewardAssets = RewardAssets;
	type MaxProbers = ConstU32<100>;
	type DueServices = MaxProbes;
	type DutyRule = Duty;
	type Health = Health;
	type UnsignedPriority = ConstU64<{ 1 << 20 }>;
	type TurnWeight = ItsWeight;
	type BreachWeight = ItsWeight;
	type UnhealthyWeight = UnhealthyWeight;
	type WeightInfo = ();
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = Extrinsic;
}
impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;
	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}
impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		TxExtension::new()
	}
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
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
	let mut ext: sp_io::TestExternalities = storage.into();
	ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	ext
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
	static SENT: RefCell<BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Session key of a prober.
pub fn key(prober: u16) -> ProberId {
	KEYS.with(|keys| {
		keys.borrow_mut().entry(prober).or_insert_with(|| pair(prober).public()).clone()
	})
}

/// A session with these probers.
pub fn session_of(probers: impl Iterator<Item = u16> + Clone) {
	let accounts: Vec<AccountId> = probers.clone().map(account).collect();
	let keys = || accounts.iter().zip(probers.clone().map(key));
	<Probes as OneSessionHandler<AccountId>>::on_new_session(true, keys(), keys());
	Validators::set(accounts.clone());
}

/// The session with the probers `0..probers`.
pub fn start_session(probers: u16) {
	session_of(0..probers);
}

/// End the session; the next has the same probers unless told otherwise.
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

/// List a service that is no `Rpc`.
pub fn list(service: ServiceId, operator: AccountId) {
	list_as(service, describe(operator, ServiceKind::Compute));
}

/// List an `Rpc` service.
pub fn list_rpc(service: ServiceId, operator: AccountId, network: NetworkId) {
	list_as(service, describe(operator, ServiceKind::Rpc { network }));
}

pub fn list_as(service: ServiceId, listing: Service<AccountId>) {
	Services::mutate(|services| services.insert(service, listing));
	Probes::list(service).unwrap();
}

/// List a service and give it units.
pub fn list_hot(service: ServiceId, operator: AccountId) {
	list(service, operator);
	Probes::heat(service).unwrap();
}

/// A lease that is ready: listed, and hot. Returns the service that it is.
pub fn list_lease(lease: LeaseId, operator: AccountId) -> ServiceId {
	let service = service_of_lease(lease);
	let listing = describe(operator, ServiceKind::Compute);
	list_as(service, Service { status: ServiceStatus::Leased, ..listing });
	Probes::heat(service).unwrap();
	service
}

/// Build the next block, without transactions.
pub fn next_block() -> Weight {
	let block = System::block_number() + 1;
	System::set_block_number(block);
	let weight = Probes::on_initialize(block);
	Now::mutate(|now| *now += SlotMs::get());
	weight
}

/// Build so many blocks.
pub fn blocks(n: u32) {
	for _ in 0..n {
		next_block();
	}
}

pub fn offset() -> u32 {
	MockClock::now() % RoundBlocks::get()
}

pub fn round() -> RoundIndex {
	MockClock::round()
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

/// A signature that no one checks: dispatch trusts `authorize`.
pub fn no_signature() -> ProberSignature {
	sp_core::sr25519::Signature::from_raw([0; 64]).into()
}

/// A report of a round as `says` fills it.
pub fn report_of(round: RoundIndex, says: &dyn Fn(ServiceId) -> Finding) -> Vec<u8> {
	let mut report = vec![];
	for due in DuePages::<Test>::get(round) {
		let page = Pages::<Test>::get(due.page);
		for slot in bits(due.mask) {
			let row = page
				.get(usize::from(slot))
				.and_then(Option::as_ref)
				.filter(|row| row.is_due(round));
			report.push(row.map_or(Finding::Abstained, |row| says(row.service)).to_byte());
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

/// Play whole rounds in which every prober attends.
pub fn play(rounds: u32, says: impl Fn(u16, RoundIndex, ServiceId) -> Finding) {
	play_with(rounds, |_, _| Attend::Fully, says);
}

/// Play whole rounds: commits in the second block of each, reveals of the one before in the fifth.
/// The last block built is the last of its round, so all but the last two rounds are judged.
pub fn play_with(
	rounds: u32,
	attends: impl Fn(u16, RoundIndex) -> Attend,
	says: impl Fn(u16, RoundIndex, ServiceId) -> Finding,
) {
	for _ in 0..rounds {
		next_round();
		next_block();
		let now = round();
		for prober in (0u16..).take(snapshot(now).probers.len()) {
			if attends(prober, now) != Attend::Not {
				let report = report_of(now, &|service| says(prober, now, service));
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
		while offset() != RoundBlocks::get() - 1 {
			next_block();
		}
	}
}

/// Build the next block with the reports that fit into it, of all probers.
pub fn reporting_block(says: impl Fn(u16, RoundIndex, ServiceId) -> Finding) {
	next_block();
	let now = round();
	let commits = (offset() == 1).then_some(now);
	let reveals = (offset() == REVEAL_OFFSET).then(|| now.checked_sub(1)).flatten();
	for round in commits.into_iter().chain(reveals) {
		let Some(snapshot) = Snapshots::<Test>::get(round) else { continue };
		for prober in (0u16..).take(snapshot.probers.len()) {
			if commits == Some(round) {
				let report = report_of(round, &|service| says(prober, round, service));
				commit(round, prober, report).unwrap();
			} else if crate::Reports::<Test>::contains_key(round, prober) {
				reveal(round, prober).unwrap();
			}
		}
	}
}

/// Play rounds in which everything answers.
pub fn play_up(rounds: u32) {
	play(rounds, |_, _, _| up());
}

/// The row that is probed for a service.
pub fn row(service: ServiceId) -> crate::Row<AccountId> {
	Probes::active_row(service).expect("listed").2
}
