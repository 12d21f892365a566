//! Sweeps: the reports of a round are counted once all are there, then its pages are judged, a
//! bounded number per block, strictly in round order: rulings, counters, meters and tiers.
//!
//! A page is read, judged in memory and written once. Only then, with nothing in memory that could
//! overwrite it, are breaches paid and other pallets told: what they do may change the page again.

use crate::{
	Ballots, COMMIT_GRACE, Config, Counted, Counting, Due, DuePages, DutyTally, Event, HealthRule,
	MAX_DUE, PageId, PageInfos, Pages, Pallet, Progress, ROOTS_KEPT, Reports, RevealRoots, Row,
	Ruling, Sent, Snapshot, Snapshots, Subject, Sweep, WeightInfo, bit, bits, due_services,
	fold::is_up, reveal_leaf, reveals_root,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{BoundedVec, traits::Get, weights::Weight};
use surety_primitives::{
	BreachKind, Breached, Clock, Counters, Frozen, Judge, OnLease, Registry, RoundIndex, ServiceId,
	Verdict, WindowIndex, lease_of_service, tiers,
};

/// A round as its rows are judged.
#[derive(Clone, Copy, Debug)]
pub struct Hearing {
	/// The round.
	pub round: RoundIndex,
	/// Rounds of a window.
	pub window_rounds: u16,
	/// Blocks of a round.
	pub round_blocks: u32,
	/// The chain stalled: nothing is billed.
	pub stalled: bool,
	/// The page is hot: its rows have meters and can breach.
	pub hot: bool,
	/// Rule that leases are judged by.
	pub health: HealthRule,
}

/// Consequences of judging a row.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Judgement {
	/// The verdict, announced maintenance considered.
	pub verdict: Option<Verdict>,
	/// The row's last verdict before, if this one is of another class.
	pub changed: Option<Option<Verdict>>,
	/// Tiers passed.
	pub breaches: Vec<Breached>,
	/// Allowances of which half is used up with this round: the kind, its counter, and the
	/// allowance, in rounds.
	pub warnings: Vec<(BreachKind, u16, u16)>,
	/// First `Up` of a service that had to prove control.
	pub proven: bool,
	/// The proof of control of an idle listing is gone.
	pub disproven: bool,
	/// A lease is unhealthy and its owner is to be notified.
	pub unhealthy: bool,
}

impl<AccountId> Row<AccountId> {
	/// Judge one round of the window that the row counts.
	pub fn judge(&mut self, hearing: &Hearing, ruling: Ruling) -> Judgement {
		let verdict = self.verdict(hearing, ruling.verdict);
		let before = self.counters;
		self.counters.note(verdict, self.max_latency);
		let up = match verdict {
			Verdict::Up { latency } => {
				self.latencies.add(latency, 1);
				true
			},
			_ => false,
		};
		if hearing.hot {
			let billable = up || (verdict == Verdict::Unmeasured && !hearing.stalled);
			self.meter.advance(hearing.round, billable, hearing.round_blocks);
		}
		let last = self.last.map(|(_, verdict)| verdict);
		let same =
			last.is_some_and(|v| core::mem::discriminant(&v) == core::mem::discriminant(&verdict));
		self.last = Some((hearing.round, verdict));
		let proven = up && self.unproven;
		self.unproven &= !up;
		let disproven = !hearing.hot && ruling.disproven && !self.unproven;
		self.unproven |= disproven;
		let warnings = if hearing.hot { self.warnings(before) } else { Vec::new() };
		let breaches = if hearing.hot { self.breaches(hearing, before) } else { Vec::new() };
		let unhealthy = hearing.hot
			&& lease_of_service(self.service).is_some()
			&& self.is_failing(hearing, verdict);
		let changed = (!same).then_some(last);
		Judgement {
			verdict: Some(verdict),
			changed,
			breaches,
			warnings,
			proven,
			disproven,
			unhealthy,
		}
	}

	/// Note a round of a lease. Returns true if its owner is to be notified: in a bad round, once
	/// until the lease is healthy again.
	fn is_failing(&mut self, hearing: &Hearing, verdict: Verdict) -> bool {
		// Where it says neither, nothing is known of the lease.
		let Some(up) = is_up(verdict) else { return false };
		let bad = !up;
		self.health.note(bad);
		let unhealthy = self.health.is_unhealthy(hearing.health);
		let notify = bad && unhealthy && !self.health.notified;
		self.health.notified = unhealthy && (notify || self.health.notified);
		notify
	}

	/// The verdict with what only the row knows: announced maintenance.
	fn verdict(&self, hearing: &Hearing, verdict: Verdict) -> Verdict {
		match verdict {
			Verdict::Up { .. } => verdict,
			_ if self.is_maintained(hearing.round) => Verdict::Excused,
			_ => verdict,
		}
	}

	/// Allowances of which half is used up with this round.
	fn warnings(&self, before: Counters) -> Vec<(BreachKind, u16, u16)> {
		let kinds = BreachKind::COUNTED.into_iter().zip(self.frozen.allowance);
		let halves = kinds.filter_map(|(kind, allowance)| {
			let count = self.counters.against(kind);
			let half = |count: u16| count.saturating_mul(2) >= allowance;
			let crossed = allowance > 0 && half(count) && !half(before.against(kind));
			crossed.then_some((kind, count, allowance))
		});
		halves.collect()
	}

	/// Tiers that the counters have passed, of the kinds that this round counted against.
	fn breaches(&mut self, hearing: &Hearing, before: Counters) -> Vec<Breached> {
		let mut breaches = Vec::new();
		let kinds =
			BreachKind::COUNTED.into_iter().zip(self.frozen.allowance).zip(self.tiers.iter_mut());
		for ((kind, allowance), tier) in kinds {
			let count = self.counters.against(kind);
			if count == before.against(kind) {
				continue;
			}
			let Some(severity) = tiers::reached(count, allowance, hearing.window_rounds) else {
				continue;
			};
			if tier.is_some_and(|tier| tier >= severity) {
				continue;
			}
			breaches.push(Breached {
				window: self.window,
				round: hearing.round,
				kind,
				before: *tier,
				severity,
				counters: self.counters,
				frozen: self.frozen,
			});
			*tier = Some(severity);
		}
		breaches
	}
}

/// Notice for other pallets, given after a page is written.
struct Told {
	service: ServiceId,
	window: WindowIndex,
	judgement: Judgement,
}

/// The reports of a round, in the order of the probers.
pub(crate) struct Sheets(Vec<Option<Sent>>);

impl Sheets {
	/// Read them.
	pub(crate) fn of<T: Config>(round: RoundIndex, probers: usize) -> Self {
		Self((0u16..).take(probers).map(|index| Reports::<T>::get(round, index)).collect())
	}

	/// As ballots, of which these are blind.
	pub(crate) fn ballots(&self, blind: u128) -> Ballots<'_> {
		let reports = self.0.iter().map(|sent| match sent {
			Some(Sent::Revealed(report)) => Some(report.as_slice()),
			_ => None,
		});
		let committed = (0u8..).zip(&self.0).filter(|(_, sent)| sent.is_some());
		Ballots {
			committed: committed.fold(0, |mask, (prober, _)| mask | bit(prober)),
			reports: reports.collect(),
			blind,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Count the reports of a round, in the first block after its last reveal: who came, which
	/// reports are blind, and the root of what was revealed.
	pub(crate) fn count_round(round: RoundIndex) -> Weight {
		let Some(snapshot) = Snapshots::<T>::get(round) else {
			// The chain's first round, or the pallet is younger than the chain.
			Progress::<T>::put(Sweep { judged: round, ..Default::default() });
			return T::WeightInfo::idle();
		};
		if Progress::<T>::get().judged.saturating_add(1) != round {
			Progress::<T>::put(Sweep { judged: round.saturating_sub(1), ..Default::default() });
		}
		let due = DuePages::<T>::get(round);
		let sheets = Sheets::of::<T>(round, snapshot.probers.len());
		let stalled = Self::stalled(round, &snapshot);
		let mut ballots = sheets.ballots(0);
		if !stalled {
			let hot = due.iter().take_while(|due| due.page.is_hot());
			let hot: Vec<Due> = hot.copied().collect();
			let services = usize::try_from(due_services(&hot)).unwrap_or(usize::MAX);
			ballots.find_blind(services, || Self::owners(round, &hot));
		}
		Self::keep_root(round, &snapshot, &ballots);
		let answers = !stalled && snapshot.services > 0;
		let duty = if answers { ballots.attendance() } else { Vec::new() };
		Counting::<T>::put(Counted {
			stalled,
			blind: ballots.blind,
			duty: BoundedVec::truncate_from(duty),
		});
		T::WeightInfo::count_round(
			u32::try_from(sheets.0.len()).unwrap_or(u32::MAX),
			snapshot.services,
		)
	}

	/// True if the blocks of a round took more than three times as long as they should have. The
	/// timestamps are those of the block before the round and of its last block.
	fn stalled(round: RoundIndex, snapshot: &Snapshot<T::AccountId>) -> bool {
		let Some(next) = Snapshots::<T>::get(round.saturating_add(1)) else { return false };
		let nominal = T::Clock::slot_ms().saturating_mul(u64::from(T::Clock::round_blocks()));
		next.started.saturating_sub(snapshot.started) > nominal.saturating_mul(3)
	}

	/// The operators of the services at the due slots of these pages, numbered.
	fn owners(round: RoundIndex, due: &[Due]) -> Vec<Option<u32>> {
		let mut known: BTreeMap<T::AccountId, u32> = BTreeMap::new();
		let mut owners = Vec::new();
		for due in due {
			let page = Pages::<T>::get(due.page);
			for slot in bits(due.mask) {
				let row = page.get(usize::from(slot)).and_then(Option::as_ref);
				let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
				let owner = row.filter(|row| row.is_due(round)).map(|row| row.operator.clone());
				owners.push(owner.map(|operator| *known.entry(operator).or_insert(next)));
			}
		}
		owners
	}

	fn keep_root(round: RoundIndex, snapshot: &Snapshot<T::AccountId>, ballots: &Ballots) {
		let genesis = Self::genesis();
		let revealed = (0u16..).zip(&snapshot.probers).zip(&ballots.reports);
		let leaves = revealed.filter_map(|((index, prober), report)| {
			let blind = ballots.blind & u8::try_from(index).map_or(0, bit) != 0;
			Some(reveal_leaf(genesis.as_ref(), round, index, &prober.key, blind, (*report)?))
		});
		RevealRoots::<T>::insert(round, reveals_root(leaves.collect()));
		if let Some(old) = round.checked_sub(ROOTS_KEPT) {
			RevealRoots::<T>::remove(old);
		}
	}

	/// Blocks of a round that judge: all after the one that counts.
	pub(crate) fn judging_blocks() -> u32 {
		T::Clock::round_blocks().saturating_sub(COMMIT_GRACE.saturating_add(1)).max(1)
	}

	/// Judge the pages of one block, in a block of `round` after the one that counts.
	pub(crate) fn judge_some(round: RoundIndex) -> Weight {
		let judging = Progress::<T>::get().judged.saturating_add(1);
		if judging.saturating_add(2) != round {
			return T::WeightInfo::idle();
		}
		let (Some(snapshot), Some(mut counted)) =
			(Snapshots::<T>::get(judging), Counting::<T>::get())
		else {
			return T::WeightInfo::idle();
		};
		let due = DuePages::<T>::get(judging);
		let mut duty = core::mem::take(&mut counted.duty).into_inner();
		let sheets = Sheets::of::<T>(judging, snapshot.probers.len());
		// Of a stalled round nothing counts: not what was found, nor who came.
		let ballots =
			if counted.stalled { Ballots::default() } else { sheets.ballots(counted.blind) };
		let probers = u32::try_from(snapshot.probers.len()).unwrap_or(u32::MAX);
		let mut weight = T::WeightInfo::hear(probers, snapshot.services);
		let pages = u32::try_from(due.len()).unwrap_or(MAX_DUE).div_ceil(Self::judging_blocks());
		for _ in 0..pages {
			let Some(due) =
				usize::try_from(Progress::<T>::get().pages).ok().and_then(|at| due.get(at))
			else {
				break;
			};
			let hearing = Hearing {
				round: judging,
				window_rounds: T::Clock::window_rounds(),
				round_blocks: T::Clock::round_blocks(),
				stalled: counted.stalled,
				hot: due.page.is_hot(),
				health: snapshot.health,
			};
			weight = weight
				.saturating_add(Self::judge_page(&hearing, due, &snapshot, &ballots, &mut duty));
		}
		let progress = Progress::<T>::get();
		if usize::try_from(progress.pages).is_ok_and(|pages| pages >= due.len()) {
			weight = weight.saturating_add(T::WeightInfo::close_round(probers));
			Self::close_round(judging, &snapshot, &duty, progress);
		} else {
			counted.duty = BoundedVec::truncate_from(duty);
			Counting::<T>::put(counted);
		}
		weight
	}

	pub(crate) fn close_round(
		round: RoundIndex,
		snapshot: &Snapshot<T::AccountId>,
		duty: &[DutyTally],
		progress: Sweep,
	) {
		(0u16..).take(snapshot.probers.len()).for_each(|index| Reports::<T>::remove(round, index));
		Self::note_duty(snapshot, duty);
		Snapshots::<T>::remove(round);
		DuePages::<T>::remove(round);
		Counting::<T>::kill();
		Progress::<T>::put(Sweep { judged: round, ..Default::default() });
		let crate::RoundTally { up, down, bad, stale, unclear, unmeasured, excused } =
			progress.tally;
		Self::deposit_event(Event::RoundClosed {
			round,
			up,
			down,
			bad,
			stale,
			unclear,
			unmeasured,
			excused,
		});
	}

	/// The services at the due slots of a page.
	fn subjects(
		round: RoundIndex,
		due: &Due,
		page: &crate::Page<T::AccountId>,
		snapshot: &Snapshot<T::AccountId>,
	) -> Vec<Option<Subject>> {
		let mut operators: BTreeMap<&T::AccountId, (u32, Option<u8>)> = BTreeMap::new();
		let mut subject = |slot: u8| {
			let row = page.get(usize::from(slot))?.as_ref().filter(|row| row.is_due(round))?;
			let next = u32::try_from(operators.len()).unwrap_or(u32::MAX);
			let (operator, own) = *operators.entry(&row.operator).or_insert_with(|| {
				let own = snapshot.probers.iter().position(|p| p.account == row.operator);
				(next, own.and_then(|i| u8::try_from(i).ok()))
			});
			let last = row
				.last
				.filter(|(at, _)| at.saturating_add(1) == round && !row.is_maintained(round));
			Some(Subject {
				operator,
				own,
				before: last.map(|(_, verdict)| verdict),
				idle: !due.page.is_hot(),
			})
		};
		bits(due.mask).map(&mut subject).collect()
	}

	/// Judge the due rows of a page, the next one of the round, by what the probers sent.
	pub(crate) fn judge_page(
		hearing: &Hearing,
		due: &Due,
		snapshot: &Snapshot<T::AccountId>,
		ballots: &Ballots,
		duty: &mut [DutyTally],
	) -> Weight {
		let window = T::Clock::window_of(hearing.round);
		let turned = Self::turn_page(hearing, due, window);
		let mut page = Pages::<T>::get(due.page);
		let mut info = PageInfos::<T>::get(due.page);
		let subjects = Self::subjects(hearing.round, due, &page, snapshot);
		let from = usize::try_from(Progress::<T>::get().services).unwrap_or(usize::MAX);
		let rulings = ballots.decide(from, &subjects, duty);
		let mut told = Vec::new();
		let mut freed = 0u32;
		for (slot, ruling) in bits(due.mask).zip(rulings) {
			let Some(place) = page.get_mut(usize::from(slot)) else { continue };
			let Some(row) = place.as_mut() else { continue };
			if row.is_due(hearing.round) {
				let judgement = row.judge(hearing, ruling);
				told.push(Told { service: row.service, window: row.window, judgement });
			}
			if row.dormant || row.is_over(hearing.round) {
				info.due &= !bit(slot);
			}
			if row.gone.is_some_and(|last| last <= hearing.round) {
				*place = None;
				info.taken &= !bit(slot);
				freed = freed.saturating_add(1);
			}
		}
		Pages::<T>::insert(due.page, page);
		PageInfos::<T>::insert(due.page, info);
		Progress::<T>::mutate(|progress| {
			progress.pages = progress.pages.saturating_add(1);
			progress.services = progress.services.saturating_add(due.mask.count_ones());
			told.iter().filter_map(|t| t.judgement.verdict).for_each(|v| progress.tally.note(v));
		});
		let rows = u32::try_from(told.len()).unwrap_or(u32::MAX);
		let probers = u32::try_from(ballots.probers()).unwrap_or(u32::MAX);
		let mut weight = T::WeightInfo::judge_page(rows, probers)
			.saturating_add(T::TurnWeight::get().saturating_mul(turned));
		if let (PageId::Hot(page), 1..) = (due.page, freed) {
			Self::free_hot(page, freed);
			weight = weight.saturating_add(T::DbWeight::get().reads_writes(1, 1));
		}
		told.into_iter().fold(weight, |sum, t| sum.saturating_add(Self::tell(hearing.round, t)))
	}

	/// Tell what follows from one row. Returns what those who were told weigh.
	fn tell(round: RoundIndex, told: Told) -> Weight {
		let Told { service, window, judgement } = told;
		if let (Some(from), Some(to)) = (judgement.changed, judgement.verdict) {
			Self::deposit_event(Event::VerdictChanged { service, round, from, to });
		}
		let mut weight = Weight::zero();
		if judgement.proven {
			// Once in the life of a listing, and less than what the turn of a window costs.
			weight = weight.saturating_add(T::TurnWeight::get());
			T::Registry::proven(service);
		}
		if judgement.disproven {
			weight = weight.saturating_add(T::TurnWeight::get());
			T::Registry::disproven(service);
		}
		for (kind, count, allowance) in judgement.warnings {
			Self::deposit_event(Event::AllowanceHalfUsed {
				service,
				window,
				round,
				kind,
				count,
				allowance,
			});
		}
		for breach in judgement.breaches {
			weight = weight.saturating_add(T::BreachWeight::get());
			T::Judge::breached(service, breach);
		}
		// After the breaches: what the round is credited with is paid before the lease goes
		// elsewhere.
		if let Some(lease) = lease_of_service(service).filter(|_| judgement.unhealthy) {
			weight = weight.saturating_add(T::UnhealthyWeight::get());
			T::Leases::unhealthy(lease, round);
		}
		weight
	}

	/// Close the window of the due rows whose first round of `window` this is. Returns how many.
	/// Those that proved no control in all of the closed one rest from now on: nobody is probed for
	/// ever who did not agree to it.
	fn turn_page(hearing: &Hearing, due: &Due, window: WindowIndex) -> u64 {
		let page = Pages::<T>::get(due.page);
		let turns = |row: &&Row<T::AccountId>| row.is_due(hearing.round) && row.window < window;
		let old: Vec<(u8, &Row<T::AccountId>)> = bits(due.mask)
			.filter_map(|slot| Some((slot, page.get(usize::from(slot))?.as_ref().filter(turns)?)))
			.collect();
		if old.is_empty() {
			return 0;
		}
		let mut frozen: Vec<(u8, ServiceId, Frozen, bool)> = Vec::new();
		for (slot, row) in old {
			let closed = row.summary();
			Self::close_window(&row.operator, row.service, &closed);
			let next = match due.page {
				PageId::Hot(_) => T::Judge::window_turned(row.service, row.window, &row.counters),
				PageId::Cold(_) => Frozen::default(),
			};
			let unfound = !hearing.hot && row.is_unfound(T::Clock::window_start(row.window));
			if unfound {
				T::Registry::unfound(row.service);
				Self::deposit_event(Event::ProofNotFound { service: row.service });
			}
			frozen.push((slot, row.service, next, unfound));
		}
		let turned = u64::try_from(frozen.len()).unwrap_or(u64::MAX);
		Pages::<T>::mutate(due.page, |page| {
			for (slot, service, next, unfound) in frozen {
				let row = page.get_mut(usize::from(slot)).and_then(Option::as_mut);
				if let Some(row) = row.filter(|row| row.service == service) {
					row.reset(window);
					row.frozen = next;
					// The sweep takes it out of the rounds.
					row.dormant |= unfound;
				}
			}
		});
		turned
	}
}
