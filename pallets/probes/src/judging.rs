// SPDX-License-Identifier: Apache-2.0

//! Judging: verdicts become counters, meters, tiers and health, a bounded number of pages per block
//! and strictly in round order.
//!
//! A page is read, judged in memory and written once. Breaches are paid and handlers notified only
//! after that, with nothing left in memory that could overwrite what they change in the page.

use crate::{counting::RoundReports, fold::is_up, *};
use alloc::{collections::BTreeMap, vec::Vec};
use surety_primitives::{Counters, End, TierReached, WindowClosed, WindowTerms, tiers};

/// Context in which the rows of a page are judged.
#[derive(Clone, Copy, Debug)]
pub struct RoundContext {
	/// Round that is judged.
	pub round: RoundIndex,
	/// Rounds of a window.
	pub window_rounds: u16,
	/// Blocks of a round.
	pub round_blocks: u32,
	/// True if the chain stalled in the round: nothing is billed.
	pub stalled: bool,
	/// True if the page is active: its rows have meters and tiers.
	pub active: bool,
	/// Rule that leases are judged by.
	pub health: HealthRule,
}

/// Consequences of judging a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RowUpdate {
	/// Verdict, announced maintenance considered.
	pub verdict: Verdict,
	/// Verdict on the target before this one.
	pub before: Option<Verdict>,
	/// Tiers that the counters reached.
	pub tiers: Vec<TierReached>,
	/// Allowances of which half is used up with this round: the kind, its counter, and the
	/// allowance, in rounds.
	pub warnings: Vec<(BreachKind, u16, u16)>,
	/// Outcome of the search for the proof of control, where this round decided one.
	pub proof: Option<ProofOutcome>,
	/// True if this round makes a lease unhealthy.
	pub unhealthy: bool,
}
impl RowUpdate {
	/// True if the verdict is of another class than the one before.
	pub fn is_change(&self) -> bool {
		let class = core::mem::discriminant::<Verdict>;
		self.before.is_none_or(|before| class(&before) != class(&self.verdict))
	}
}

impl<AccountId> Row<AccountId> {
	/// Judge one round of the window that the row counts.
	pub fn judge(&mut self, context: &RoundContext, folded: FoldedVerdict) -> RowUpdate {
		let verdict = self.excuse(context, folded.verdict);
		let counted = self.counters;
		self.counters.note(verdict, self.max_latency);
		let up = match verdict {
			Verdict::Up { latency } => {
				self.latencies.add(latency, 1);
				true
			},
			_ => false,
		};
		if context.active {
			let billable = up || (verdict == Verdict::Unmeasured && !context.stalled);
			self.meter.advance(context.round, billable, context.round_blocks);
		}
		let before = self.last.map(|(_, verdict)| verdict);
		self.last = Some((context.round, verdict));
		let proof = self.prove(context, up, folded.no_proof);
		let warnings = if context.active { self.warnings(counted) } else { Vec::new() };
		let tiers = if context.active { self.reach_tiers(context, counted) } else { Vec::new() };
		let unhealthy = context.active
			&& self.target.lease().is_some()
			&& self.is_failing(context.health, verdict);
		RowUpdate { verdict, before, tiers, warnings, proof, unhealthy }
	}

	/// Verdict with what only the row knows: announced maintenance.
	fn excuse(&self, context: &RoundContext, verdict: Verdict) -> Verdict {
		match verdict {
			Verdict::Up { .. } => verdict,
			_ if self.is_maintained(context.round) => Verdict::Excused,
			_ => verdict,
		}
	}

	/// Note if control of the endpoint is proven: by the first `Up`, until an idle row loses the
	/// proof.
	fn prove(&mut self, context: &RoundContext, up: bool, no_proof: bool) -> Option<ProofOutcome> {
		let found = up && self.unproven;
		self.unproven &= !up;
		let lost = !context.active && no_proof && !self.unproven;
		self.unproven |= lost;
		match (found, lost) {
			(true, _) => Some(ProofOutcome::Found),
			(_, true) => Some(ProofOutcome::Lost),
			_ => None,
		}
	}

	/// Note a round of a lease. True if it is a bad round of an unhealthy lease.
	fn is_failing(&mut self, rule: HealthRule, verdict: Verdict) -> bool {
		// Any other verdict says nothing of the lease.
		let Some(up) = is_up(verdict) else { return false };
		self.health.note(!up);
		!up && self.health.is_unhealthy(rule)
	}

	/// Allowances of which half is used up with this round.
	fn warnings(&self, before: Counters) -> Vec<(BreachKind, u16, u16)> {
		let kinds = BreachKind::COUNTED.into_iter().zip(self.terms.allowance);
		let halves = kinds.filter_map(|(kind, allowance)| {
			let count = self.counters.against(kind);
			let half = |count: u16| count.saturating_mul(2) >= allowance;
			let crossed = allowance > 0 && half(count) && !half(before.against(kind));
			crossed.then_some((kind, count, allowance))
		});
		halves.collect()
	}

	/// Tiers that the counters reach, of the kinds that this round counted against.
	fn reach_tiers(&mut self, context: &RoundContext, before: Counters) -> Vec<TierReached> {
		let mut reached = Vec::new();
		let kinds =
			BreachKind::COUNTED.into_iter().zip(self.terms.allowance).zip(self.tiers.iter_mut());
		for ((kind, allowance), tier) in kinds {
			let count = self.counters.against(kind);
			if count == before.against(kind) {
				continue;
			}
			let Some(severity) = tiers::reached(count, allowance, context.window_rounds) else {
				continue;
			};
			if tier.is_some_and(|tier| tier >= severity) {
				continue;
			}
			reached.push(TierReached {
				window: self.window,
				round: context.round,
				kind,
				before: *tier,
				severity,
				counters: self.counters,
				terms: self.terms,
			});
			*tier = Some(severity);
		}
		reached
	}
}

/// Update of a row that other pallets are notified of after the page is written.
struct Notification {
	target: Target,
	window: WindowIndex,
	update: RowUpdate,
}

impl<T: Config> Pallet<T> {
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
		let reports = RoundReports::read::<T>(judging, snapshot.probers.len());
		// Of a stalled round nothing counts: neither findings nor attendance.
		let votes = if counted.stalled { Votes::default() } else { reports.votes(counted.blind) };
		let probers = u32::try_from(snapshot.probers.len()).unwrap_or(u32::MAX);
		let mut weight = T::WeightInfo::read_reports(probers, snapshot.targets);
		let pages = u32::try_from(due.len()).unwrap_or(MAX_DUE).div_ceil(Self::judging_blocks());
		for _ in 0..pages {
			let next = usize::try_from(Progress::<T>::get().pages).ok().and_then(|at| due.get(at));
			let Some(due) = next else { break };
			let context = RoundContext {
				round: judging,
				window_rounds: T::Clock::window_rounds(),
				round_blocks: T::Clock::round_blocks(),
				stalled: counted.stalled,
				active: due.page.is_active(),
				health: snapshot.health,
			};
			weight = weight
				.saturating_add(Self::judge_page(&context, due, &snapshot, &votes, &mut duty));
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

	/// Judge the due rows of the next page of the round by the votes.
	pub(crate) fn judge_page(
		context: &RoundContext,
		due: &Due,
		snapshot: &Snapshot<T::AccountId>,
		votes: &Votes,
		duty: &mut [DutyTally],
	) -> Weight {
		let mut weight = Self::turn_page(context, due);
		let mut page = Pages::<T>::get(due.page);
		let mut info = PageInfos::<T>::get(due.page);
		let targets = Self::due_targets_of(context.round, due, &page, snapshot);
		let from = usize::try_from(Progress::<T>::get().targets).unwrap_or(usize::MAX);
		let verdicts = votes.fold_page(from, &targets, duty);
		let mut notifications = Vec::new();
		let mut freed = 0u32;
		for (slot, folded) in bits(due.mask).zip(verdicts) {
			let Some(place) = page.get_mut(usize::from(slot)) else { continue };
			let Some(row) = place.as_mut() else { continue };
			if row.is_due(context.round) {
				let update = row.judge(context, folded);
				notifications.push(Notification { target: row.target, window: row.window, update });
			}
			if row.state != RowState::Due || row.is_over(context.round) {
				info.due &= !bit(slot);
			}
			if matches!(row.state, RowState::Leaving { until } if until <= context.round) {
				*place = None;
				info.taken &= !bit(slot);
				freed = freed.saturating_add(1);
			}
		}
		Pages::<T>::insert(due.page, page);
		PageInfos::<T>::insert(due.page, info);
		Progress::<T>::mutate(|progress| {
			progress.pages = progress.pages.saturating_add(1);
			progress.targets = progress.targets.saturating_add(due.mask.count_ones());
			notifications.iter().for_each(|n| progress.tally.note(n.update.verdict));
		});
		let rows = u32::try_from(notifications.len()).unwrap_or(u32::MAX);
		let probers = u32::try_from(votes.probers()).unwrap_or(u32::MAX);
		weight = weight.saturating_add(T::WeightInfo::judge_page(rows, probers));
		if let (PageId::Active(page), 1..) = (due.page, freed) {
			Self::free_active(page, freed);
			weight = weight.saturating_add(T::DbWeight::get().reads_writes(1, 1));
		}
		for notification in notifications {
			weight = weight.saturating_add(Self::notify(context.round, notification));
		}
		weight
	}

	/// Targets at the due slots of a page.
	fn due_targets_of(
		round: RoundIndex,
		due: &Due,
		page: &Page<T::AccountId>,
		snapshot: &Snapshot<T::AccountId>,
	) -> Vec<Option<DueTarget>> {
		let mut operators: BTreeMap<&T::AccountId, (u32, Option<u8>)> = BTreeMap::new();
		let mut target = |slot: u8| {
			let row = page.get(usize::from(slot))?.as_ref().filter(|row| row.is_due(round))?;
			let next = u32::try_from(operators.len()).unwrap_or(u32::MAX);
			let (operator, own) = *operators.entry(&row.operator).or_insert_with(|| {
				let own = snapshot.probers.iter().position(|p| p.account == row.operator);
				(next, own.and_then(|i| u8::try_from(i).ok()))
			});
			let last = row
				.last
				.filter(|(at, _)| at.saturating_add(1) == round && !row.is_maintained(round));
			Some(DueTarget {
				operator,
				own,
				before: last.map(|(_, verdict)| verdict),
				idle: !due.page.is_active(),
			})
		};
		bits(due.mask).map(&mut target).collect()
	}

	/// Close the window of the due rows for which this is the first round of a later one.
	///
	/// An unproven idle row whose proof was not found in all of the closed window is not probed any
	/// more: nobody is probed forever without having agreed to it.
	pub(crate) fn turn_page(context: &RoundContext, due: &Due) -> Weight {
		let window = T::Clock::window_of(context.round);
		let page = Pages::<T>::get(due.page);
		let turns = |row: &&Row<T::AccountId>| row.is_due(context.round) && row.window < window;
		let old: Vec<(u8, &Row<T::AccountId>)> = bits(due.mask)
			.filter_map(|slot| Some((slot, page.get(usize::from(slot))?.as_ref().filter(turns)?)))
			.collect();
		if old.is_empty() {
			return Weight::zero();
		}
		let mut weight = T::WeightInfo::turn_page(u32::try_from(old.len()).unwrap_or(ROWS));
		let mut turned: Vec<(u8, Target, WindowTerms, bool)> = Vec::new();
		for (slot, row) in old {
			let target = row.target;
			let closing = Self::close_window(&row.operator, target, &row.summary());
			weight = weight.saturating_add(closing);
			let mut terms = WindowTerms::default();
			if context.active {
				let closed = T::OnJudged::window_closed(target, row.window, &row.counters);
				let WindowClosed { next, end, weight: judged } = closed;
				weight = weight.saturating_add(judged);
				terms = next;
				if let Some(end) = end {
					weight = weight.saturating_add(Self::end_target(target, end));
				}
			}
			let missing = !context.active && row.lacks_proof(T::Clock::window_start(row.window));
			if let (true, Some(service)) = (missing, target.service()) {
				let outcome = ProofOutcome::NotFound;
				weight = weight.saturating_add(T::Registry::on_proof(service, outcome));
				Self::deposit_event(Event::ProofNotFound { service });
			}
			turned.push((slot, target, terms, missing));
		}
		Pages::<T>::mutate(due.page, |page| {
			for (slot, target, terms, missing) in turned {
				let row = page.get_mut(usize::from(slot)).and_then(Option::as_mut);
				if let Some(row) = row.filter(|row| row.target == target) {
					row.reset(window);
					row.terms = terms;
					if missing {
						// The judging of this page takes the row out of later rounds.
						row.state = RowState::ProofNotFound;
					}
				}
			}
		});
		weight
	}

	/// Notify other pallets of one row. Returns the weight of the handlers.
	fn notify(round: RoundIndex, notification: Notification) -> Weight {
		let Notification { target, window, update } = notification;
		if update.is_change() {
			let RowUpdate { before: from, verdict: to, .. } = update;
			Self::deposit_event(Event::VerdictChanged { target, round, from, to });
		}
		let mut weight = Weight::zero();
		if let (Some(outcome), Some(service)) = (update.proof, target.service()) {
			weight = weight.saturating_add(T::Registry::on_proof(service, outcome));
		}
		for (kind, count, allowance) in update.warnings {
			Self::deposit_event(Event::AllowanceHalfUsed {
				target,
				window,
				round,
				kind,
				count,
				allowance,
			});
		}
		for tier in update.tiers {
			let (end, paid) = T::OnJudged::tier_reached(target, tier);
			weight = weight.saturating_add(paid);
			if let Some(end) = end {
				weight = weight.saturating_add(Self::end_target(target, end));
			}
		}
		// After the breaches: the credit of the round is paid before the lease moves elsewhere.
		if update.unhealthy {
			let end = (round, CloseReason::Unhealthy);
			weight = weight.saturating_add(Self::end_target(target, end));
		}
		weight
	}

	/// Carry out the end of an active target: end the meter, then end the service or the lease.
	fn end_target(target: Target, end: End) -> Weight {
		let (at, reason) = end;
		// First the meter, whose reason is that of every stream.
		<Self as Probing<T::AccountId>>::end_meter(target, at, reason);
		let ended = match target {
			Target::Service(id) => T::Registry::terminate(id, at),
			Target::Lease(id) => T::OnLeaseFailed::on_lease_failed(id, end),
		};
		T::WeightInfo::end_meter().saturating_add(ended)
	}
}
