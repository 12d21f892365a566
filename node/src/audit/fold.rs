//! Judging again: from the state before a block to what the pallets must have decided in it.

use super::{Error, mismatch, state::State};
use pallet_surety_escrow::{Accounts, Terms};
use pallet_surety_operators as operators;
use pallet_surety_probes::{
	self as probes, Ballots, COMMIT_GRACE, Counted, DueList, Hearing, Page, PageId, Row, Sent,
	Slots, Snapshot, Subject, Sweep, bit, due_services, reveal_leaf, reveals_root,
};
use pallet_surety_sla::{
	self as sla, Agreement, Base, Breach, Rules, ServiceState, WindowStart, allowance_of, demanded,
	raised,
};
use pallet_surety_timing::{Settings, types::Timings};
use sp_runtime::traits::{Saturating, Zero};
use surety_primitives::{
	AgreementId, Balance, BreachKind, Breached, Counters, LEASES_FROM, MeterReading, RoundIndex,
	Service, ServiceId, SlaTerms, Verdict, WindowIndex, WindowShare,
	credit::{cost_of, credit_of},
	report::Finding,
};
use surety_runtime::{AccountId, BlockNumber, Hash, Runtime};

/// Clock of the chain in a state.
pub fn timings(state: &dyn State) -> Result<Timings, Error> {
	state.need(Settings::<Runtime>::hashed_key(), "clock")
}

/// A service, or the service that a lease is.
pub fn listing(state: &dyn State, id: ServiceId) -> Result<Service<AccountId>, Error> {
	let key = if id < LEASES_FROM {
		operators::Services::<Runtime>::hashed_key_for(id)
	} else {
		operators::LeaseServices::<Runtime>::hashed_key_for(id)
	};
	state.need(key, "listing of the service")
}

/// Block that counts the reports of a round.
pub fn counting_block(clock: &Timings, round: RoundIndex) -> BlockNumber {
	clock.round_blocks.saturating_mul(round.saturating_add(2)).saturating_add(COMMIT_GRACE)
}

/// Place of a service among those that are due in a round.
struct Place {
	page: PageId,
	slot: u8,
	/// Position of its page among the due ones.
	at: usize,
	/// Position of its byte in a report.
	byte: usize,
}

impl Place {
	/// Place of a service with units; `None` if it is not due.
	fn find(state: &dyn State, service: ServiceId, due: &DueList) -> Result<Option<Self>, Error> {
		let slots: Option<Slots> =
			state.get(probes::SlotsOf::<Runtime>::hashed_key_for(service))?;
		let Some(hot) = slots.and_then(|slots| slots.hot) else { return Ok(None) };
		let page = PageId::Hot(hot.page);
		let Some(at) = due.iter().position(|due| due.page == page && due.mask & hot.bit() != 0)
		else {
			return Ok(None);
		};
		let before = due_services(due.get(..at).unwrap_or_default());
		let mask = due.get(at).map_or(0, |due| due.mask);
		let below = (mask & hot.bit().saturating_sub(1)).count_ones();
		let byte = usize::try_from(before.saturating_add(below)).unwrap_or(usize::MAX);
		Ok(Some(Self { page, slot: hot.slot, at, byte }))
	}
}

/// Pages that each block of a round judges.
fn pages_per_block(clock: &Timings, due: &DueList) -> usize {
	let blocks = clock.round_blocks.saturating_sub(COMMIT_GRACE.saturating_add(1)).max(1);
	due.len().div_ceil(usize::try_from(blocks).unwrap_or(usize::MAX)).max(1)
}

/// Block before the one that judges a service in a round, by the state after the block that counts the round.
/// `None` if the service is not due.
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

/// Message of one prober, as far as it is about the service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
	/// Nothing came.
	Absent,
	/// A commit that was never revealed.
	Hidden,
	/// A report. It is dropped if it is blind.
	Report { finding: Finding, blind: bool },
}

/// A service in one round.
#[derive(Clone, Debug)]
pub struct JudgedRound {
	/// The round.
	pub round: RoundIndex,
	/// Block that judged the service.
	pub block: BlockNumber,
	/// The chain stalled, so no report counted.
	pub stalled: bool,
	/// Accounts of the probers.
	pub probers: Vec<AccountId>,
	/// Their messages.
	pub messages: Vec<Message>,
	/// Root of all reports of the round.
	pub root: Hash,
	/// The verdict.
	pub verdict: Verdict,
	/// Counters of the window before it.
	pub before: Counters,
	/// Counters of the window with it.
	pub after: Counters,
	/// First round in which the service, with these units, was due.
	pub joined: RoundIndex,
	/// Window that the counters count.
	pub window: WindowIndex,
	/// Tiers passed.
	pub breaches: Vec<Breached>,
	/// The meter with this round.
	pub meter: MeterReading,
}

/// Judge a service by the state before the block that judged it. `None` if that block did not.
pub fn judge(
	state: &dyn State,
	genesis: Hash,
	service: ServiceId,
) -> Result<Option<JudgedRound>, Error> {
	let clock = timings(state)?;
	let block = state.block().saturating_add(1);
	let now = block.checked_div(clock.round_blocks).unwrap_or(0);
	let offset = block.checked_rem(clock.round_blocks).unwrap_or(0);
	let Some(round) = now.checked_sub(2).filter(|_| offset > COMMIT_GRACE) else { return Ok(None) };
	let progress: Sweep = state.get(probes::Progress::<Runtime>::hashed_key())?.unwrap_or_default();
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
	let Some(mut row) = row.filter(|row| row.service == service && row.is_due(round)) else {
		return Ok(None);
	};

	let snapshot: Snapshot<AccountId> =
		state.need(probes::Snapshots::<Runtime>::hashed_key_for(round), "snapshot of the round")?;
	let counted: Counted =
		state.need(probes::Counting::<Runtime>::hashed_key(), "count of the reports")?;
	let sent = (0u16..).take(snapshot.probers.len());
	let sent =
		sent.map(|index| state.get(probes::Reports::<Runtime>::hashed_key_for(round, index)));
	let sent = sent.collect::<Result<Vec<Option<Sent>>, Error>>()?;
	let root: Hash =
		state.need(probes::RevealRoots::<Runtime>::hashed_key_for(round), "root of the reports")?;
	if root_of(genesis, round, &snapshot, &counted, &sent) != root {
		return Err(mismatch(format!("the reports of round {round} have another root")));
	}

	turn(state, &clock, service, &mut row, round)?;
	let own = snapshot.probers.iter().position(|prober| prober.account == row.operator);
	let own = own.and_then(|index| u8::try_from(index).ok());
	let subject = Subject { operator: 0, own, before: None, idle: false };
	let ballots = if counted.stalled { Ballots::default() } else { ballots(&sent, counted.blind) };
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
	let messages = (0u8..).zip(&sent).map(|(prober, sent)| match sent {
		None => Message::Absent,
		Some(Sent::Committed(_)) => Message::Hidden,
		Some(Sent::Revealed(report)) => Message::Report {
			finding: report
				.get(place.byte)
				.map_or(Finding::Abstained, |byte| Finding::from_byte(*byte)),
			blind: counted.blind & bit(prober) != 0,
		},
	});
	Ok(Some(JudgedRound {
		round,
		block,
		stalled: counted.stalled,
		probers: snapshot.probers.iter().map(|prober| prober.account.clone()).collect(),
		messages: messages.collect(),
		root,
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

/// Begin the window of `round` in a row that still counts an older one, as the block that judges does first.
fn turn(
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
		state.need(sla::WindowRules::<Runtime>::hashed_key_for(next), "rules of the window")?;
	let sold: Option<ServiceState> =
		state.get(sla::Services::<Runtime>::hashed_key_for(service))?;
	let sold = sold.filter(|sold| sold.units > 0);
	let terms = listing(state, service)?.terms;
	row.frozen = rules.frozen(next, clock.window_rounds, Some(&terms), sold.as_ref());
	row.reset(window);
	Ok(())
}

/// True if the round counts against the allowance of `kind`.
pub fn counts(round: &JudgedRound, kind: BreachKind) -> bool {
	round.after.against(kind) > round.before.against(kind)
}

/// Credit of one agreement by a breach.
#[derive(Clone, Debug)]
pub struct Credit {
	/// The agreement.
	pub agreement: AgreementId,
	/// Its tenant.
	pub tenant: AccountId,
	/// Units.
	pub units: u32,
	/// Base units per block.
	pub rate: Balance,
	/// Index from which it is credited.
	pub base: WindowShare,
	/// Paid and due so far, in base units. No credit in all is above it.
	pub paid: Balance,
	/// Due at once, in base units.
	pub now: Balance,
	/// Due as the tenant pays more, in base units.
	pub later: Balance,
}

/// A breach, and all that it follows from.
#[derive(Clone, Debug)]
pub struct Facts {
	/// Clock of the chain.
	pub clock: Timings,
	/// Service that breached.
	pub service: ServiceId,
	/// Number of the breach.
	pub number: u32,
	/// The listing.
	pub listing: Service<AccountId>,
	/// The breach as the chain recorded it.
	pub breach: Breach,
	/// Rounds that count against the allowance, in order.
	pub rounds: Vec<JudgedRound>,
	/// Credits demanded by tier and multiplier, cut at the cover, in base units.
	pub cost: Balance,
	/// Penalty on what was credited, in base units.
	pub penalty: Balance,
	/// Credits of the agreements.
	pub credits: Vec<Credit>,
}

/// Fold a breach again and compare it with the record, field by field.
///
/// `rounds` are the states before the blocks that judged the counted rounds, `judged` is the state after the last
/// of these blocks, and `agreements` are those to credit.
pub fn examine(
	genesis: Hash,
	service: ServiceId,
	number: u32,
	agreements: &[AgreementId],
	rounds: &[&dyn State],
	judged: &dyn State,
) -> Result<Facts, Error> {
	let state = *rounds.last().ok_or_else(|| mismatch("no round counts"))?;
	let record = sla::Breaches::<Runtime>::hashed_key_for(service, number);
	let breach: Breach = judged.need(&record, "breach of this service and number")?;
	let known: Option<Breach> = state.get(&record)?;
	equal("block that recorded the breach", known.is_none(), true)?;
	equal("block that judged", state.block().saturating_add(1), judged.block())?;
	let clock = timings(state)?;
	let listing = listing(state, service)?;

	let folded = rounds.iter().map(|state| {
		let round = judge(*state, genesis, service)?;
		round.ok_or_else(|| {
			mismatch(format!(
				"block {} does not judge the service",
				state.block().saturating_add(1)
			))
		})
	});
	let folded = folded.collect::<Result<Vec<JudgedRound>, Error>>()?;
	let last = chain_of_counts(&folded, &breach)?;
	let breached = last.breaches.iter().find(|found| found.kind == breach.kind);
	let breached = breached.ok_or_else(|| mismatch("no tier was passed"))?;
	compare(&breach, breached)?;

	// The money.
	let sold: ServiceState =
		state.need(sla::Services::<Runtime>::hashed_key_for(service), "agreements")?;
	let after: ServiceState =
		judged.need(sla::Services::<Runtime>::hashed_key_for(service), "agreements")?;
	let window_blocks =
		Balance::from(clock.round_blocks).saturating_mul(clock.window_rounds.into());
	let price = |rate: Balance| rate.checked_mul(window_blocks).unwrap_or(Balance::MAX);
	equal("demanded credit", breach.demanded, demanded(&listing.terms, breached))?;
	equal("index before", breach.index_before, sold.index)?;
	let cost = cost(&listing.terms, &breach, price(breach.rate));
	let rise = rise(&listing.terms, &breach);
	if breach.credited > cost {
		return Err(mismatch(format!("{} were credited, {cost} are due", breach.credited)));
	}
	equal(
		"index after",
		breach.index_after,
		raised(breach.index_before, rise, cost, breach.credited),
	)?;
	equal("index after the block", breach.index_after, after.index)?;
	let penalty = after.penalty_share.mul_floor(breach.credited);
	if breach.penalty > penalty {
		return Err(mismatch(format!(
			"a penalty of {} was taken, {penalty} is due",
			breach.penalty
		)));
	}
	if !agreements.is_sorted_by(|a, b| a < b) {
		return Err(mismatch("the agreements are not in order"));
	}
	let credits = agreements
		.iter()
		.map(|id| credit(state, &clock, *id, service, &breach, &last.meter, &price));
	let credits = credits.collect::<Result<Vec<Credit>, Error>>()?;
	// None is left out: their rates sum up to what the breach was paid for.
	let rates = credits.iter().fold(0, |sum: Balance, credit| sum.saturating_add(credit.rate));
	equal("sum of the rates", breach.rate, rates)?;
	Ok(Facts { clock, service, number, listing, breach, rounds: folded, cost, penalty, credits })
}

fn equal<T: PartialEq + std::fmt::Debug>(name: &str, recorded: T, found: T) -> Result<(), Error> {
	if recorded == found {
		Ok(())
	} else {
		Err(mismatch(format!("{name}: {recorded:?} recorded, {found:?} found")))
	}
}

/// Check that the rounds are all those that counted: each begins with the count that the one before left. Returns
/// the last one.
fn chain_of_counts<'a>(
	rounds: &'a [JudgedRound],
	breach: &Breach,
) -> Result<&'a JudgedRound, Error> {
	let last = rounds.last().ok_or_else(|| mismatch("no round counts"))?;
	for (count, round) in (0u16..).zip(rounds) {
		if !counts(round, breach.kind) {
			return Err(mismatch(format!("round {} does not count", round.round)));
		}
		equal("rounds counted before", round.before.against(breach.kind), count)?;
		equal("window of a counted round", round.window, breach.window)?;
		equal("first round of the units", round.joined, last.joined)?;
	}
	Ok(last)
}

/// Compare the record of a breach with the tier that was found to be passed.
fn compare(breach: &Breach, found: &Breached) -> Result<(), Error> {
	equal("window", breach.window, found.window)?;
	equal("round", breach.round, found.round)?;
	equal("kind", breach.kind, found.kind)?;
	equal("tier before", breach.before, found.before)?;
	equal("tier", breach.severity, found.severity)?;
	equal("counters", breach.counters, found.counters)?;
	equal("allowance", breach.allowance, allowance_of(found))?;
	equal("multiplier", breach.multiplier, found.frozen.multiplier.max(1))
}

/// Rise of the index that a breach demands, at most what is left of the cover.
fn rise(terms: &SlaTerms, breach: &Breach) -> WindowShare {
	if breach.rate == 0 {
		return WindowShare::zero();
	}
	breach.demanded.min(terms.cover.saturating_sub(breach.index_before))
}

/// Cost of that rise in base units, where the agreements that count cost `price` per window.
fn cost(terms: &SlaTerms, breach: &Breach, price: Balance) -> Balance {
	cost_of(price, rise(terms, breach)).unwrap_or(Balance::MAX)
}

/// Index from which an agreement is credited; `None` if it does not count in the window of the breach.
pub fn base(
	state: &dyn State,
	agreement: &Agreement<AccountId>,
	breach: &Breach,
) -> Result<Option<WindowShare>, Error> {
	match agreement.base {
		Base::Index(index) => Ok(Some(index)),
		Base::Window(opened) if opened < breach.window => {
			let key = sla::WindowBase::<Runtime>::hashed_key_for(agreement.service, opened);
			let start: Option<WindowStart> = state.get(key)?;
			// If its window is closed by the block that judges: the index before the breach.
			Ok(Some(start.map_or(breach.index_before, |start| start.index)))
		},
		Base::Window(_) => Ok(None),
	}
}

/// The agreement with this id, if it is one of the service that is not over.
pub fn agreement_of(
	state: &dyn State,
	id: AgreementId,
	service: ServiceId,
) -> Result<Option<Agreement<AccountId>>, Error> {
	let agreement: Option<Agreement<AccountId>> =
		state.get(sla::Agreements::<Runtime>::hashed_key_for(id))?;
	Ok(agreement.filter(|agreement| agreement.service == service && !agreement.is_closed()))
}

/// Credit of an agreement by a breach: its part of the rise, up to what it has paid with the round of the breach.
fn credit(
	state: &dyn State,
	clock: &Timings,
	id: AgreementId,
	service: ServiceId,
	breach: &Breach,
	meter: &MeterReading,
	price: &dyn Fn(Balance) -> Balance,
) -> Result<Credit, Error> {
	let agreement = agreement_of(state, id, service)?;
	let agreement =
		agreement.ok_or_else(|| mismatch(format!("agreement {id} is not one of the service")))?;
	let base = base(state, &agreement, breach)?;
	let base = base.ok_or_else(|| mismatch(format!("agreement {id} did not count yet")))?;
	let key = Accounts::<Runtime>::hashed_key_for(agreement.escrow);
	let mut account: pallet_surety_escrow::Account<AccountId> =
		state.need(key, "escrow of an agreement")?;
	if let Terms::Stream(stream) = &mut account.terms {
		stream.note(Some(*meter), clock.round_blocks);
	}
	let paid = account.paid.total().saturating_add(account.outstanding());
	let promised =
		|index: WindowShare| credit_of(price(agreement.rate), index.saturating_sub(base));
	let (before, after) = (promised(breach.index_before), promised(breach.index_after));
	let now = after.min(paid).saturating_sub(before.min(paid));
	Ok(Credit {
		agreement: id,
		tenant: agreement.tenant,
		units: agreement.units,
		rate: agreement.rate,
		base,
		paid,
		now,
		later: after.saturating_sub(before).saturating_sub(now),
	})
}
