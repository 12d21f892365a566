//! Judgement of a service in one round.

use crate::audit::{
	error::{Error, mismatch},
	state::State,
};
use pallet_surety_operators as operators;
use pallet_surety_probes::{
	self as probes, Ballots, COMMIT_GRACE, Counted, DueList, Hearing, Page, PageId, Row, Sent,
	Slots, Snapshot, Subject, Sweep, bit, due_services, reveal_leaf, reveals_root,
};
use pallet_surety_sla::{self as sla, Rules, ServiceState};
use pallet_surety_timing::{Settings, types::Timings};
use surety_primitives::{
	BreachKind, Breached, Counters, LEASES_FROM, MeterReading, RoundIndex, Service, ServiceId,
	Verdict, WindowIndex, report::Finding,
};
use surety_runtime::{AccountId, BlockNumber, Hash, Runtime};

/// Timing parameters of the chain.
pub fn timings(state: &dyn State) -> Result<Timings, Error> {
	state.require(Settings::<Runtime>::hashed_key(), "clock")
}

/// Listing of a service, or of the service that represents a lease.
pub fn listing(state: &dyn State, id: ServiceId) -> Result<Service<AccountId>, Error> {
	let key = if id < LEASES_FROM {
		operators::Services::<Runtime>::hashed_key_for(id)
	} else {
		operators::LeaseServices::<Runtime>::hashed_key_for(id)
	};
	state.require(key, "listing of the service")
}

/// Block that counts the reports of a round.
pub fn counting_block(clock: &Timings, round: RoundIndex) -> BlockNumber {
	clock.round_blocks.saturating_mul(round.saturating_add(2)).saturating_add(COMMIT_GRACE)
}

/// Place of a service among those due in a round.
struct Place {
	page: PageId,
	slot: u8,
	/// Position of the page among the due pages.
	at: usize,
	/// Position of the service's byte in a report.
	byte: usize,
}

impl Place {
	/// Find the place of a service with units. `None` if the service is not due.
	fn find(state: &dyn State, service: ServiceId, due: &DueList) -> Result<Option<Self>, Error> {
		let slots: Option<Slots> =
			state.get(probes::SlotsOf::<Runtime>::hashed_key_for(service))?;
		let Some(active) = slots.and_then(|slots| slots.hot) else { return Ok(None) };
		let page = PageId::Hot(active.page);
		let Some(at) = due.iter().position(|due| due.page == page && due.mask & active.bit() != 0)
		else {
			return Ok(None);
		};
		let before = due_services(due.get(..at).unwrap_or_default());
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

/// Block before the one that judges a service in a round. `counted` is the state after the block
/// that counts the round. `None` if the service is not due.
pub fn block_before_judging(
	counted: &dyn State,
	clock: &Timings,
	service: ServiceId,
	round: RoundIndex,
) -> Result<Option<BlockNumber>, Error> {
	let due: DueList =
		counted.get(probes::DuePages::<Runtime>::hashed_key_for(round))?.unwrap_or_default();
	let place = Place::find(counted, service, &due)?;
	let later = place.and_then(|place| place.at.checked_div(pages_per_block(clock, &due)));
	let later = later.and_then(|blocks| u32::try_from(blocks).ok());
	Ok(later.map(|later| counting_block(clock, round).saturating_add(later)))
}

/// Message of one prober about the service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
	/// No commit.
	Absent,
	/// A commit without a reveal.
	Hidden,
	/// A revealed report. A blind report is ignored.
	Report { finding: Finding, blind: bool },
}

/// Judgement of a service in one round.
#[derive(Clone, Debug)]
pub struct JudgedRound {
	/// Round.
	pub round: RoundIndex,
	/// Block that judged the service.
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
	/// First round in which the service was due with these units.
	pub joined: RoundIndex,
	/// Window of the counters.
	pub window: WindowIndex,
	/// Tiers passed in the round.
	pub breaches: Vec<Breached>,
	/// Meter after the round.
	pub meter: MeterReading,
}

/// Row of a service in the page that a block judges.
struct DueRow {
	clock: Timings,
	block: BlockNumber,
	round: RoundIndex,
	place: Place,
	row: Row<AccountId>,
}

impl DueRow {
	/// Find the row by the state before the block. `None` if the block does not judge the service.
	fn find(state: &dyn State, service: ServiceId) -> Result<Option<Self>, Error> {
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
		let Some(place) = Place::find(state, service, &due)? else { return Ok(None) };
		let first = usize::try_from(progress.pages).unwrap_or(usize::MAX);
		let pages = first..first.saturating_add(pages_per_block(&clock, &due));
		if progress.judged.saturating_add(1) != round || !pages.contains(&place.at) {
			return Ok(None);
		}
		let page: Page<AccountId> =
			state.get(probes::Pages::<Runtime>::hashed_key_for(place.page))?.unwrap_or_default();
		let row = page.into_iter().nth(usize::from(place.slot)).flatten();
		let row = row.filter(|row| row.service == service && row.is_due(round));
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

	/// Messages of the probers about the service with this byte in a report.
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

/// Judge a service by the state before the block that judged it. `None` if that block did not.
pub fn judge(
	state: &dyn State,
	genesis: Hash,
	service: ServiceId,
) -> Result<Option<JudgedRound>, Error> {
	let Some(due) = DueRow::find(state, service)? else { return Ok(None) };
	let DueRow { clock, block, round, place, mut row } = due;
	let reports = RoundReports::read(state, genesis, round)?;
	start_window(state, &clock, service, &mut row, round)?;

	let RoundReports { snapshot, counted, sent, root } = &reports;
	let own = snapshot.probers.iter().position(|prober| prober.account == row.operator);
	let own = own.and_then(|index| u8::try_from(index).ok());
	let subject = Subject { operator: 0, own, before: None, idle: false };
	let ballots = if counted.stalled { Ballots::default() } else { ballots(sent, counted.blind) };
	let ruling = ballots.decide(place.byte, &[Some(subject)], &mut []);
	let ruling = ruling.first().copied().ok_or_else(|| mismatch("nothing was ruled"))?;
	let hearing = Hearing {
		round,
		window_rounds: clock.window_rounds,
		round_blocks: clock.round_blocks,
		stalled: counted.stalled,
		hot: true,
		health: snapshot.health,
	};
	let before = row.counters;
	let judgement = row.judge(&hearing, ruling);
	let verdict = judgement.verdict.ok_or_else(|| mismatch("there is no verdict"))?;
	Ok(Some(JudgedRound {
		round,
		block,
		stalled: counted.stalled,
		probers: snapshot.probers.iter().map(|prober| prober.account.clone()).collect(),
		messages: reports.messages(place.byte),
		root: *root,
		verdict,
		before,
		after: row.counters,
		joined: row.joined,
		window: row.window,
		breaches: judgement.breaches,
		meter: row.meter,
	}))
}

fn ballots(sent: &[Option<Sent>], blind: u128) -> Ballots<'_> {
	let committed = (0u8..).zip(sent).filter(|(_, sent)| sent.is_some());
	let reports = sent.iter().map(|sent| match sent {
		Some(Sent::Revealed(report)) => Some(report.as_slice()),
		_ => None,
	});
	Ballots {
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
	service: ServiceId,
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
	let sold: Option<ServiceState> =
		state.get(sla::Services::<Runtime>::hashed_key_for(service))?;
	let sold = sold.filter(|sold| sold.units > 0);
	let terms = listing(state, service)?.terms;
	row.frozen = rules.frozen(next, clock.window_rounds, Some(&terms), sold.as_ref());
	row.reset(window);
	Ok(())
}

/// True if the round counts against the allowance for `kind`.
pub fn counts(round: &JudgedRound, kind: BreachKind) -> bool {
	round.after.against(kind) > round.before.against(kind)
}
