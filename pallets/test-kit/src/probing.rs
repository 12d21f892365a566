// SPDX-License-Identifier: Apache-2.0

//! Probers: their session, findings and reports.

use crate::{
	Kit, TestRuntime,
	chain::{Probes, System},
};
use frame::{prelude::*, testing_prelude::*};
use frame_support::traits::{Authorize, OneSessionHandler, UnfilteredDispatchable};
use pallet_surety_probes::{
	Call, DuePages, Pages, REVEAL_OFFSET, Report, Snapshots, bits, commit_hash, commit_payload,
};
use sp_core::Pair;
use std::{
	cell::RefCell,
	collections::{BTreeMap, BTreeSet},
	rc::Rc,
};
use surety_primitives::{
	LatencyBucket, RoundIndex, Target,
	crypto::{ProberId, ProberPair},
	report::Finding,
};

/// Number of probers of a test.
pub const PROBERS: u16 = 4;
/// Block of a round, from 0, in which the probers commit.
const COMMIT_OFFSET: u32 = 1;

/// Findings of a prober at a target in a round.
type Findings = Rc<dyn Fn(u16, RoundIndex, Target) -> Finding>;
/// Salt and report of a commit.
type Committed = ([u8; 32], Vec<u8>);

/// Conditions under which the probers of a test work.
#[derive(Default)]
struct Conditions {
	keys: Vec<(ProberId, ProberPair)>,
	findings: Option<Findings>,
	targets: BTreeMap<Target, Finding>,
	absent: BTreeSet<u16>,
	committed: BTreeMap<(RoundIndex, ProberId), Committed>,
}

thread_local! {
	static CONDITIONS: RefCell<Conditions> = RefCell::default();
	static PAIRS: RefCell<BTreeMap<u16, ProberPair>> = const { RefCell::new(BTreeMap::new()) };
}

/// Forget the conditions of an earlier test.
pub(crate) fn reset() {
	CONDITIONS.set(Conditions::default());
}

/// Number of probers of the session.
pub(crate) fn prober_count() -> u16 {
	CONDITIONS.with_borrow(|it| u16::try_from(it.keys.len()).unwrap())
}

/// Account of a prober, from 0.
pub fn prober_account(prober: u16) -> u64 {
	1_000 + u64::from(prober)
}

/// Key pair of a prober, from 0.
pub fn prober_pair(prober: u16) -> ProberPair {
	PAIRS.with_borrow_mut(|pairs| {
		let new = || ProberPair::from_string(&format!("//Prober{prober}"), None).unwrap();
		pairs.entry(prober).or_insert_with(new).clone()
	})
}

/// Right answer after 40 ms.
pub fn up() -> Finding {
	Finding::Up(LatencyBucket::from_millis(40))
}

fn finding(prober: u16, round: RoundIndex, target: Target) -> Finding {
	let (target_finding, findings) =
		CONDITIONS.with_borrow(|it| (it.targets.get(&target).copied(), it.findings.clone()));
	target_finding
		.or_else(|| findings.map(|findings| findings(prober, round, target)))
		.unwrap_or_else(up)
}

impl<T: TestRuntime> Kit<T> {
	/// Start a session with the probers `0..probers`. It takes effect with the next round.
	pub fn start_session(probers: u16) {
		let keys: Vec<_> = (0..probers)
			.map(|prober| (prober_pair(prober).public(), prober_pair(prober)))
			.collect();
		CONDITIONS.with_borrow_mut(|it| it.keys = keys.clone());
		let accounts: Vec<u64> = (0..probers).map(prober_account).collect();
		let session = || accounts.iter().zip(keys.iter().map(|(key, _)| key.clone()));
		<Probes<T> as OneSessionHandler<u64>>::on_new_session(true, session(), session());
	}

	/// Finding of all probers at a target, from the next commit on.
	pub fn set_finding(target: Target, finding: Finding) {
		CONDITIONS.with_borrow_mut(|it| it.targets.insert(target, finding));
	}

	/// A target is up again, from the next commit on.
	pub fn clear_finding(target: Target) {
		CONDITIONS.with_borrow_mut(|it| it.targets.remove(&target));
	}

	/// Findings by prober (from 0), round and target, from the next commit on. A finding of
	/// [`Self::set_finding`] comes first.
	pub fn set_findings(findings: impl Fn(u16, RoundIndex, Target) -> Finding + 'static) {
		CONDITIONS.with_borrow_mut(|it| it.findings = Some(Rc::new(findings)));
	}

	/// Probers that do not report, from 0.
	pub fn set_absent(probers: impl IntoIterator<Item = u16>) {
		CONDITIONS.with_borrow_mut(|it| it.absent = probers.into_iter().collect());
	}

	/// Run one whole round with these findings: from its first block, or the next one if the
	/// current round has begun, to the first block of the round after. Returns the round.
	pub fn run_round(findings: impl Fn(Target) -> Finding + 'static) -> RoundIndex {
		Self::to_start_of_round();
		let round = Self::round();
		let before = CONDITIONS.with_borrow_mut(|it| {
			let before = (it.findings.take(), core::mem::take(&mut it.targets));
			it.findings = Some(Rc::new(move |_, _, target| findings(target)));
			before
		});
		Self::run_rounds(1);
		CONDITIONS.with_borrow_mut(|it| (it.findings, it.targets) = before);
		round
	}

	/// Run `rounds` whole rounds in which a target is down. Returns the last of them. The verdicts
	/// follow two rounds later: see [`Self::run_to_judged`].
	pub fn outage(target: Target, rounds: u32) -> RoundIndex {
		Self::run_rounds_with(target, Finding::Down, rounds)
	}

	/// Run `rounds` whole rounds with a finding at a target. Returns the last of them.
	pub fn run_rounds_with(target: Target, finding: Finding, rounds: u32) -> RoundIndex {
		Self::to_start_of_round();
		let last = Self::round() + rounds - 1;
		let set = |finding| {
			CONDITIONS.with_borrow_mut(|it| match finding {
				Some(finding) => it.targets.insert(target, finding),
				None => it.targets.remove(&target),
			})
		};
		let before = set(Some(finding));
		Self::run_rounds(rounds);
		set(before);
		last
	}

	/// Build blocks up to the first block of a round, none if the current block is one.
	fn to_start_of_round() {
		if Self::offset() > 0 {
			Self::run_rounds(1);
		}
	}

	/// Send the reports that are due in the current block.
	pub(crate) fn send_reports() {
		let round = Self::round();
		match Self::offset() {
			COMMIT_OFFSET => Self::commit_reports(round),
			REVEAL_OFFSET if round > 0 => Self::reveal_reports(round - 1),
			_ => {},
		}
	}

	fn commit_reports(round: RoundIndex) {
		let Some(snapshot) = Snapshots::<T>::get(round) else { return };
		let keys = CONDITIONS.with_borrow(|it| it.keys.clone());
		let genesis = System::<T>::block_hash(BlockNumberFor::<T>::from(0u32));
		for (prober, (key, pair)) in (0u16..).zip(keys) {
			let absent = CONDITIONS.with_borrow(|it| it.absent.contains(&prober));
			let Some((index, _)) = snapshot.find(&key).filter(|_| !absent) else { continue };
			let report = Self::report(round, |target| finding(prober, round, target));
			let salt = sp_io::hashing::blake2_256(&(round, prober).encode());
			let hash = commit_hash(genesis.as_ref(), round, &key, &salt, &report);
			let signature = pair.sign(&commit_payload(genesis.as_ref(), round, &hash));
			Self::submit(Call::commit { round, index, hash, signature });
			CONDITIONS.with_borrow_mut(|it| it.committed.insert((round, key), (salt, report)));
		}
	}

	fn reveal_reports(round: RoundIndex) {
		let Some(snapshot) = Snapshots::<T>::get(round) else { return };
		for (index, prober) in (0u16..).zip(&snapshot.probers) {
			let key = (round, prober.key.clone());
			let committed = CONDITIONS.with_borrow_mut(|it| it.committed.remove(&key));
			if let Some((salt, report)) = committed {
				let report = Report::try_from(report).unwrap();
				Self::submit(Call::reveal { round, index, salt, report });
			}
		}
	}

	/// Report of a round: one byte per due target.
	fn report(round: RoundIndex, finding: impl Fn(Target) -> Finding) -> Vec<u8> {
		let mut report = vec![];
		for due in DuePages::<T>::get(round) {
			let page = Pages::<T>::get(due.page);
			for slot in bits(due.mask) {
				let row = page.get(usize::from(slot)).and_then(Option::as_ref);
				let row = row.filter(|row| row.is_due(round));
				report.push(row.map_or(Finding::Abstained, |row| finding(row.target)).to_byte());
			}
		}
		report
	}

	/// Send a transaction of a prober as the transaction pool and a block do: authorize, then
	/// dispatch.
	fn submit(call: Call<T>) {
		let authorized = call.authorize(TransactionSource::External);
		let valid = authorized.expect("probers' calls are authorized");
		valid.expect("the transaction of a prober is valid");
		let origin = frame_system::RawOrigin::Authorized.into();
		assert_ok!(call.dispatch_bypass_filter(origin));
	}
}
