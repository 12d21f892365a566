//! Blocks and rounds, with the reports of three probers.

use super::*;
use frame::traits::{OnInitialize, OneSessionHandler, ValidatorSet, ValidatorSetWithIdentification};
use frame_system::RawOrigin;
use pallet_surety_probes::{
	DuePages, PageId, Pages, REVEAL_OFFSET, Report, Reports, Row, Snapshots, bits, commit_hash,
};
use sp_runtime::app_crypto::Pair;
use std::collections::{BTreeMap, BTreeSet};
use surety_primitives::{
	Verdict,
	crypto::{ProberId, ProberPair},
	report::Finding,
};

const NUMBER: u16 = 3;

parameter_types! {
	/// Findings of the probers by target and round; up where there is none.
	pub static Findings: BTreeMap<(Target, RoundIndex), [Finding; 3]> = BTreeMap::new();
	/// Rounds in which nobody reports.
	pub static Silent: BTreeSet<RoundIndex> = BTreeSet::new();
	static Sent: BTreeMap<(RoundIndex, u16), Vec<u8>> = BTreeMap::new();
	static Keys: Vec<ProberId> = Vec::new();
}

/// Answer within the terms.
pub fn up() -> Finding {
	Finding::Up(LatencyBucket::from_millis(100))
}

/// All probers find a target down in these rounds.
pub fn outage(target: Target, rounds: impl IntoIterator<Item = RoundIndex>) {
	find(target, rounds, [Finding::Down; 3]);
}

pub fn find(
	target: Target,
	rounds: impl IntoIterator<Item = RoundIndex>,
	findings: [Finding; 3],
) {
	Findings::mutate(|all| all.extend(rounds.into_iter().map(|r| ((target, r), findings))));
}

pub fn silence(rounds: impl IntoIterator<Item = RoundIndex>) {
	Silent::mutate(|silent| silent.extend(rounds));
}

/// Forget the findings of the test before.
pub fn clear_findings() {
	Findings::take();
	Silent::take();
	Sent::take();
}

/// The probers of the only session.
pub struct ProberSet;
impl ValidatorSet<AccountId> for ProberSet {
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	fn session_index() -> u32 {
		0
	}
	fn validators() -> Vec<AccountId> {
		(0..NUMBER).map(account).collect()
	}
}
impl ValidatorSetWithIdentification<AccountId> for ProberSet {
	type Identification = AccountId;
	type IdentificationOf = sp_runtime::traits::ConvertInto;
}

fn account(prober: u16) -> AccountId {
	1_000 + AccountId::from(prober)
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

pub fn start_session() {
	if Keys::get().is_empty() {
		let pair = |n| ProberPair::from_string(&format!("//Prober{n}"), None).unwrap();
		Keys::set((0..NUMBER).map(|n| pair(n).public()).collect());
	}
	let accounts: Vec<_> = (0..NUMBER).map(account).collect();
	let keys = || accounts.iter().zip(Keys::get());
	<Probes as OneSessionHandler<AccountId>>::on_new_session(true, keys(), keys());
}

/// Report of a prober for all due targets of a round.
fn report_of(round: RoundIndex, prober: u16) -> Vec<u8> {
	let findings = Findings::get();
	let found = |target| {
		let all = findings.get(&(target, round)).copied().unwrap_or([up(); 3]);
		all[usize::from(prober)]
	};
	let mut report = Vec::new();
	for due in DuePages::<Test>::get(round) {
		let page = Pages::<Test>::get(due.page);
		for slot in bits(due.mask) {
			let row = page.get(usize::from(slot)).and_then(Option::as_ref);
			let row = row.filter(|row| row.is_due(round));
			report.push(row.map_or(Finding::Abstained, |row| found(row.target)).to_byte());
		}
	}
	report
}

fn commit(round: RoundIndex) {
	let snapshot = Snapshots::<Test>::get(round).expect("the round has begun");
	for (prober, member) in (0u16..).zip(&snapshot.probers) {
		let report = report_of(round, prober);
		let genesis = System::block_hash(0).0;
		let hash = commit_hash(&genesis, round, &member.key, &[0; 32], &report);
		Sent::mutate(|sent| sent.insert((round, prober), report));
		let origin = RawOrigin::Authorized.into();
		assert_ok!(Probes::commit(origin, round, prober, hash, no_signature()));
	}
}

fn reveal(round: RoundIndex) {
	for prober in 0..NUMBER {
		if !Reports::<Test>::contains_key(round, prober) {
			continue;
		}
		let report = Sent::mutate(|sent| sent.remove(&(round, prober))).expect("committed");
		let report = Report::try_from(report).unwrap();
		let origin = RawOrigin::Authorized.into();
		assert_ok!(Probes::reveal(origin, round, prober, [0; 32], report));
	}
}

/// Signature that nobody checks: dispatch trusts `authorize`.
fn no_signature() -> surety_primitives::crypto::ProberSignature {
	frame::deps::sp_core::sr25519::Signature::from_raw([0; 64]).into()
}

/// Build the next block, with the reports that are due in it.
pub fn next_block() {
	let block = System::block_number() + 1;
	System::set_block_number(block);
	Now::mutate(|now| *now += Timing::slot_ms());
	AllPalletsWithoutSystem::on_initialize(block);
	let round = Timing::round();
	match block % L {
		1 if !Silent::get().contains(&round) => commit(round),
		REVEAL_OFFSET => round.checked_sub(1).into_iter().for_each(reveal),
		_ => {},
	}
}

/// Build blocks up to the last one of `round`: the round two before it is judged.
pub fn at_round(round: RoundIndex) {
	assert!(Timing::round() <= round, "rounds go forward only");
	while Timing::round_at(System::block_number() + 1) <= round {
		next_block();
	}
}

/// Build blocks up to the last one of the round after so many.
pub fn pass_rounds(rounds: u32) {
	at_round(Timing::round() + rounds);
}

/// Build blocks until `round` is judged and the escrow accounts that end with it are closed.
pub fn finish(round: RoundIndex) {
	at_round(round + 3);
}

/// Go to the last block of `round` without building blocks, as if nothing were judged.
pub fn stall_to(round: RoundIndex) {
	System::set_block_number(Timing::round_start(round + 1) - 1);
}

/// Row that is probed for a target.
pub fn row_of(target: Target) -> Row<AccountId> {
	let (id, slot) = place_of(target);
	let page = Pages::<Test>::get(id);
	page[usize::from(slot)].clone().expect("has a row")
}

fn place_of(target: Target) -> (PageId, u8) {
	let slots = pallet_surety_probes::SlotsOf::<Test>::get(target).expect("listed");
	match slots.active {
		Some(place) => (PageId::Active(place.page), place.slot),
		None => (PageId::Idle(slots.idle.page), slots.idle.slot),
	}
}

/// Set the last verdict on a target, as if it had not been probed since. In a chain with few
/// listings no row waits that long.
pub fn set_last_verdict(target: Target, round: RoundIndex, verdict: Verdict) {
	let (id, slot) = place_of(target);
	Pages::<Test>::mutate(id, |page| {
		page[usize::from(slot)].as_mut().expect("has a row").last = Some((round, verdict));
	});
}

/// First lease that only fills a slot.
const FILLERS: u32 = 1_000_000;

/// Take slots with rows of no listing until `taken` are taken.
pub fn fill_slots(taken: u32) {
	let now = Probes::occupancy().taken;
	let first = Fillers::get().len() as u32;
	let mut fillers = Fillers::get();
	for n in first..first + taken.saturating_sub(now) {
		let target = Target::Lease(FILLERS + n);
		Probes::list(target, &listing(COMPUTE)).unwrap();
		Probes::activate(target, WindowTerms { allowance: [u16::MAX; 3], multiplier: 1 }).unwrap();
		fillers.push(target);
	}
	Fillers::set(&fillers);
}

/// Give back the slots that [`fill_slots`] took, but `left` of them.
pub fn empty_slots(left: u32) {
	let mut fillers = Fillers::get();
	for target in fillers.split_off(left as usize) {
		Probes::unlist(target);
	}
	Fillers::set(&fillers);
}

parameter_types! {
	pub storage Fillers: Vec<Target> = Vec::new();
}
