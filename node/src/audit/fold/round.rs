// SPDX-License-Identifier: Apache-2.0

//! Judgement of a target in one round.

use crate::audit::{
	error::{Error, mismatch},
	state::State,
};
use pallet_surety_operators as operators;
use pallet_surety_probes::{
	self as probes, COMMIT_GRACE, Counted, DueList, DueTarget, Page, PageId, RoundContext, Row,
	Sent, Snapshot, Sweep, TargetSlots, Votes, bit, due_targets, reveal_leaf, reveals_root,
};
use pallet_surety_sla::{self as sla, Rules, TargetState};
use pallet_surety_timing::{Settings, types::Timings};
use surety_primitives::{
	BreachKind, Counters, MeterReading, RoundIndex, Service, Target, TierReached, Verdict,
	WindowIndex, report::Finding,
};
use surety_runtime::{AccountId, BlockNumber, Hash, Runtime};

/// Timing parameters of the chain.
pub fn timings(state: &dyn State) -> Result<Timings, Error> {
	state.require(Settings::<Runtime>::hashed_key(), "clock")
}

/// Listing of a target.
pub fn listing(state: &dyn State, target: Target) -> Result<Service<AccountId>, Error> {
	let key = match target {
		Target::Service(id) => operators::Services::<Runtime>::hashed_key_for(id),
		Target::Lease(id) => operators::Leases::<Runtime>::hashed_key_for(id),
	};
	state.require(key, "listing of the target")
}

/// Block that counts the reports of a round.
pub fn counting_block(clock: &Timings, round: RoundIndex) -> BlockNumber {
	clock.round_blocks.saturating_mul(round.saturating_add(2)).saturating_add(COMMIT_GRACE)
}

/// Place of a target among those due in a round.
struct Place {
	page: PageId,
	slot: u8,
	/// Position of the page among the due pages.
	at: usize,
	/// Position of the target's byte in a report.
	byte: usize,
}

impl Place {
	/// Find the place of a target with units. `None` if the target is not due.
	fn find(state: &dyn State, target: Target, due: &DueList) -> Result<Option<Self>, Error> {
		let slots: Option<TargetSlots> =
			state.get(probes::SlotsOf::<Runtime>::hashed_key_for(target))?;
		let Some(active) = slots.and_then(|slots| slots.active) else { return Ok(None) };
		let page = PageId::Active(active.page);
		let Some(at) = due.iter().position(|due| due.page == page && due.mask & active.bit() != 0)
		else {
			return Ok(None);
		};
		let before = due_targets(due.get(..at).unwrap_or_default());
		let mask = due.get(at).map_or(0, |due| due.mask);
		let below = (mask & active.bit().saturating_sub(1)).count_ones();
		let byte = usize::try_from(before.saturating_add(below)).unwrap_or(usize::MAX);
		Ok(Some(Self { page, slot: active.slot, at, byte }))
	}
}

/// Number of pages judged per block.
fn pages_per_block(clock: &Timings, due: &DueList) -> usize {
	let blocks = clock.round_blocks.saturating_sub(COMMIT_GRACE.saturating_add(1)).max(1);
	due.len().div_ceil(usize::try_from(blocks).unwrap_or(usize::MAX)).max(1)
}

/// Block before the one that judges a target in a round. `counted` is the state after the block
/// that counts the round. `None` if the target is not due.
pub fn block_before_judging(
	counted: &dyn State,
	clock: &Timings,
	target: Target,
	round: RoundIndex,
) -> Result<Option<BlockNumber>, Error> {
	let due: DueList =
		counted.get(probes::DuePages::<Runtime>::hashed_key_for(round))?.unwrap_or_default();
	let place = Place::find(counted, target, &due)?;
	let later = place.and_then(|place| place.at.checked_div(pages_per_block(clock, &due)));
	let later = later.and_then(|blocks| u32::try_from(blocks).ok());
	Ok(later.map(|later| counting_block(clock, round).saturating_add(later)))
}

/// Message of one prober about the target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
	/// No commit.
	Absent,
	/// A commit without a reveal.
	Hidden,
	/// A revealed report. A blind report is ignored.
	Report { finding: Finding, blind: bool },
}

/// Judgement of a target in one round.
#[derive(Clone, Debug)]
pub struct JudgedRound {
	/// Round.
	pub round: RoundIndex,
	/// Block that judged the target.
	pub block: BlockNumber,
	/// True if the chain stalled, so that no report counted.
	pub stalled: bool,
	/// Accounts of the probers.
	pub probers: Vec<AccountId>,
	/// Messages of the probers.
	pub messages: Vec<Message>,
	/// Root of all reports of the round.
	pub root: Hash,
	/// Verdict.
	pub verdict: Verdict,
	/// Counters of the window before the round.
	pub before: Counters,
	/// Counters of the window after the round.
	pub after: Counters,
	/// First round in which the target was due with these units.
	pub joined: RoundIndex,
	/// Window of the counters.
	pub window: WindowIndex,
	/// Tiers reached in the round.
	pub tiers: Vec<TierReached>,
	/// Meter after the round.
	pub meter: MeterReading,
}

/// Row of a target in the page that a block judges.
struct DueRow {
	clock: Timings,
	block: BlockNumber,
	round: RoundIndex,
	place: Place,
	row: Row<AccountId>,
}

impl DueRow {
	/// Find the row by the state before the block. `None` if the block does not judge the target.
	fn find(state: &dyn State, target: Target) -> Result<Option<Self>, Error> {
		let clock = timings(state)?;
		let block = state.block().saturating_add(1);
		let now = block.checked_div(clock.round_blocks).unwrap_or(0);
		let offset = block.checked_rem(clock.round_blocks).unwrap_or(0);
		let Some(round) = now.checked_sub(2).filter(|_| offset > COMMIT_GRACE) else {
			return Ok(None);
		};
		let progress: Sweep =
			state.get(probes::Progress::<Runtime>::hashed_key())?.unwrap_or_default();
		let due: DueList =
			state.get(probes::DuePages::<Runtime>::hashed_key_for(round))?.unwrap_or_default();
		let Some(place) = Place::find(state, target, &due)? else { return Ok(None) };
		let first = usize::try_from(progress.pages).unwrap_or(usize::MAX);
		let pages = first..first.saturating_add(pages_per_block(&clock, &due));
		if progress.judged.saturating_add(1) != round || !pages.contains(&place.at) {
			return Ok(None);
		}
		let page: Page<AccountId> =
			state.get(probes::Pages::<Runtime>::hashed_key_for(place.page))?.unwrap_or_default();
		let row = page.into_iter().nth(usize::from(place.slot)).flatten();
		let row = row.filter(|row| row.target == target && row.is_due(round));
		Ok(row.map(|row| Self { clock, block, round, place, row }))
	}
}

/// Reports of a round.
struct RoundReports {
	snapshot: Snapshot<AccountId>,
	counted: Counted,
	sent: Vec<Option<Sent>>,
	root: Hash,
}

impl RoundReports {
	/// Read the reports and compare them with the recorded root.
	fn read(state: &dyn State, genesis: Hash, round: RoundIndex) -> Result<Self, Error> {
		let snapshot: Snapshot<AccountId> = state.require(
			probes::Snapshots::<Runtime>::hashed_key_for(round),
			"snapshot of the round",
		)?;
		let counted: Counted =
			state.require(probes::Counting::<Runtime>::hashed_key(), "count of the reports")?;
		let sent = (0u16..).take(snapshot.probers.len());
		let sent =
			sent.map(|index| state.get(probes::Reports::<Runtime>::hashed_key_for(round, index)));
		let sent = sent.collect::<Result<Vec<Option<Sent>>, Error>>()?;
		let root: Hash = state.require(
			probes::RevealRoots::<Runtime>::hashed_key_for(round),
			"root of the reports",
		)?;
		if root_of(genesis, round, &snapshot, &counted, &sent) != root {
			return Err(mismatch(format!("the reports of round {round} have another root")));
		}
		Ok(Self { snapshot, counted, sent, root })
	}

	/// Messages of the probers about the target with this byte in a report.
	fn messages(&self, byte: usize) -> Vec<Message> {
		let message = |(prober, sent): (u8, &Option<Sent>)| match sent {
			None => Message::Absent,
			Some(Sent::Committed(_)) => Message::Hidden,
			Some(Sent::Revealed(report)) => Message::Report {
				finding: report
					.get(byte)
					.map_or(Finding::Abstained, |byte| Finding::from_byte(*byte)),
				blind: self.counted.blind & bit(prober) != 0,
			},
		};
		(0u8..).zip(&self.sent).map(message).collect()
	}
}

/// Judge a target by the state before the block that judged it. `None` if that block did not.
pub fn judge(
	state: &dyn State,
	genesis: Hash,
	target: Target,
) -> Result<Option<JudgedRound>, Error> {
	let Some(due) = DueRow::find(state, target)? else { return Ok(None) };
	let DueRow { clock, block, round, place, mut row } = due;
	let reports = RoundReports::read(state, genesis, round)?;
	start_window(state, &clock, target, &mut row, round)?;

	let RoundReports { snapshot, counted, sent, root } = &reports;
	let own = snapshot.probers.iter().position(|prober| prober.account == row.operator);
	let own = own.and_then(|index| u8::try_from(index).ok());
	let due_target = DueTarget { operator: 0, own, before: None, idle: false };
	let votes = if counted.stalled { Votes::default() } else { votes(sent, counted.blind) };
	let folded = votes.fold_page(place.byte, &[Some(due_target)], &mut []);
	let folded = folded.first().copied().ok_or_else(|| mismatch("there is no verdict"))?;
	let context = RoundContext {
		round,
		window_rounds: clock.window_rounds,
		round_blocks: clock.round_blocks,
		stalled: counted.stalled,
		active: true,
		health: snapshot.health,
	};
	let before = row.counters;
	let update = row.judge(&context, folded);
	Ok(Some(JudgedRound {
		round,
		block,
		stalled: counted.stalled,
		probers: snapshot.probers.iter().map(|prober| prober.account.clone()).collect(),
		messages: reports.messages(place.byte),
		root: *root,
		verdict: update.verdict,
		before,
		after: row.counters,
		joined: row.joined,
		window: row.window,
		tiers: update.tiers,
		meter: row.meter,
	}))
}

fn votes(sent: &[Option<Sent>], blind: u128) -> Votes<'_> {
	let committed = (0u8..).zip(sent).filter(|(_, sent)| sent.is_some());
	let reports = sent.iter().map(|sent| match sent {
		Some(Sent::Revealed(report)) => Some(report.as_slice()),
		_ => None,
	});
	Votes {
		committed: committed.fold(0, |mask, (prober, _)| mask | bit(prober)),
		reports: reports.collect(),
		blind,
	}
}

fn root_of(
	genesis: Hash,
	round: RoundIndex,
	snapshot: &Snapshot<AccountId>,
	counted: &Counted,
	sent: &[Option<Sent>],
) -> Hash {
	let leaves = (0u8..).zip(&snapshot.probers).zip(sent).filter_map(|((index, prober), sent)| {
		let Some(Sent::Revealed(report)) = sent else { return None };
		let blind = counted.blind & bit(index) != 0;
		Some(reveal_leaf(genesis.as_ref(), round, index.into(), &prober.key, blind, report))
	});
	reveals_root(leaves.collect())
}

/// Start the window of `round` in a row that still counts an earlier one, as the judging block does
/// first.
fn start_window(
	state: &dyn State,
	clock: &Timings,
	target: Target,
	row: &mut Row<AccountId>,
	round: RoundIndex,
) -> Result<(), Error> {
	let window = round.checked_div(clock.window_rounds.into()).unwrap_or(0);
	if row.window >= window {
		return Ok(());
	}
	let next = row.window.saturating_add(1);
	let rules: Rules =
		state.require(sla::WindowRules::<Runtime>::hashed_key_for(next), "rules of the window")?;
	let sold: Option<TargetState> = state.get(sla::Targets::<Runtime>::hashed_key_for(target))?;
	let sold = sold.filter(|sold| sold.units > 0);
	let terms = listing(state, target)?.terms;
	row.terms = rules.window_terms(next, clock.window_rounds, Some(&terms), sold.as_ref());
	row.reset(window);
	Ok(())
}

/// True if the round counts against the allowance for `kind`.
pub fn counts(round: &JudgedRound, kind: BreachKind) -> bool {
	round.after.against(kind) > round.before.against(kind)
}
