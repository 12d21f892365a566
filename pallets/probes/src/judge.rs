//! Sweep 2: from rulings to rows. Counters, meters and tiers, page by page, strictly in round
//! order.
//!
//! A page is read, judged in memory and written once. Only then, with nothing in memory that could
//! overwrite it, are breaches paid and other pallets told: what they do may change the page again.

use crate::{
	Config, Due, Event, HealthRule, LAG, Outcomes, PageId, PageInfos, Pages, Pallet, Progress, Row, Ruling,
	Snapshots, Sweep, WeightInfo, bit, bits,
};
use alloc::vec::Vec;
use frame_support::{traits::Get, weights::Weight};
use sp_runtime::Perbill;
use surety_primitives::{
	BreachKind, Breached, Clock, Frozen, Judge, OnLease, Registry, RoundIndex, ServiceId, Verdict,
	WindowIndex, lease_of_service, tiers,
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
	/// All probers probed the page, so a breach may rest on the verdict.
	pub full: bool,
	/// The page is hot: its rows have meters and can breach.
	pub hot: bool,
	/// Rule that leases are judged by.
	pub health: HealthRule,
}

/// Consequences of judging a row.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Judgement {
	/// The verdict, excuses considered.
	pub verdict: Option<Verdict>,
	/// The row's last verdict before, if this one is of another class.
	pub changed: Option<Option<Verdict>>,
	/// Tiers passed.
	pub breaches: Vec<Breached>,
	/// First `Up` of a service that had to prove control.
	pub proven: bool,
	/// A lease is unhealthy and its owner is to be notified.
	pub unhealthy: bool,
}

/// Share of a window's rounds that may be excused for outages of a whole network. One round always
/// may, since a twentieth of a short window is none.
pub const EXCUSED_SHARE: Perbill = Perbill::from_percent(5);

/// Correlated outages that are excused in a window at most: [`EXCUSED_SHARE`] of its rounds, at
/// least one.
pub fn max_excuses(window_rounds: u16) -> u16 {
	EXCUSED_SHARE.mul_floor(u32::from(window_rounds)).max(1).try_into().unwrap_or(u16::MAX)
}

impl<AccountId> Row<AccountId> {
	/// Judge one round of the window that the row counts.
	pub fn judge(&mut self, hearing: &Hearing, ruling: Ruling) -> Judgement {
		let verdict = self.verdict(hearing, ruling);
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
		let same = last.is_some_and(|v| core::mem::discriminant(&v) == core::mem::discriminant(&verdict));
		self.last = Some((hearing.round, verdict));
		let proven = up && self.unproven;
		self.unproven &= !up;
		let breaches = if hearing.hot && hearing.full { self.breaches(hearing, before) } else { Vec::new() };
		let unhealthy =
			hearing.hot && lease_of_service(self.service).is_some() && self.is_failing(hearing, verdict);
		Judgement { verdict: Some(verdict), changed: (!same).then_some(last), breaches, proven, unhealthy }
	}

	/// Note a round of a lease. Returns true if its owner is to be notified: in a bad round that
	/// all probers judged, once until the lease is healthy again.
	fn is_failing(&mut self, hearing: &Hearing, verdict: Verdict) -> bool {
		let bad = match verdict {
			Verdict::Up { .. } => false,
			Verdict::Down | Verdict::Bad | Verdict::Stale => true,
			// Nothing is known of the lease.
			Verdict::Unclear | Verdict::Unmeasured | Verdict::Excused => return false,
		};
		self.health.note(bad);
		let unhealthy = self.health.is_unhealthy(hearing.health);
		let notify = bad && hearing.full && unhealthy && !self.health.notified;
		self.health.notified = unhealthy && (notify || self.health.notified);
		notify
	}

	/// The ruling with what only the row knows: announced maintenance, and whether an excuse is
	/// left.
	fn verdict(&mut self, hearing: &Hearing, ruling: Ruling) -> Verdict {
		let since = hearing.round.checked_sub(self.maintenance_from);
		let maintained = since.is_some_and(|rounds| rounds < u32::from(self.maintenance_rounds));
		match ruling {
			Ruling::Verdict(up @ Verdict::Up { .. }) => up,
			_ if maintained => Verdict::Excused,
			Ruling::Verdict(verdict) => verdict,
			Ruling::CorrelatedDown if self.excuses < max_excuses(hearing.window_rounds) => {
				self.excuses = self.excuses.saturating_add(1);
				Verdict::Excused
			},
			Ruling::CorrelatedDown => Verdict::Down,
		}
	}

	/// Tiers that the counters have passed, of the kinds that this round counted against. A tier
	/// passed in a round of a small committee waits for the next such round that all probers judge.
	fn breaches(&mut self, hearing: &Hearing, before: surety_primitives::Counters) -> Vec<Breached> {
		let mut breaches = Vec::new();
		let kinds = BreachKind::COUNTED.into_iter().zip(self.frozen.allowance).zip(self.tiers.iter_mut());
		for ((kind, allowance), tier) in kinds {
			let count = self.counters.against(kind);
			if count == before.against(kind) {
				continue;
			}
			let Some(severity) = tiers::reached(count, allowance, hearing.window_rounds) else { continue };
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

	/// True if a round that is opened now may pass a tier or make a lease unhealthy: something
	/// counts against the row already, and the rest is within the rounds that are open by the time
	/// that round is judged.
	pub fn is_critical(&self, window_rounds: u16, rule: HealthRule) -> bool {
		if self.health.is_critical(rule) {
			return true;
		}
		let kinds = BreachKind::COUNTED.into_iter().zip(self.frozen.allowance).zip(self.tiers);
		kinds.into_iter().any(|((kind, allowance), tier)| {
			let count = self.counters.against(kind);
			let soon = tiers::reached(count.saturating_add(LAG), allowance, window_rounds);
			count > 0 && soon.is_some() && soon > tier
		})
	}
}

/// Notice for other pallets, given after a page is written.
struct Told {
	service: ServiceId,
	judgement: Judgement,
}

impl<T: Config> Pallet<T> {
	/// Sweep 2 of one block, in a block of `round` that is not its first.
	pub(crate) fn judge_some(round: RoundIndex) -> Weight {
		let progress = Progress::<T>::get();
		let judging = progress.judged.saturating_add(1);
		if judging.saturating_add(2) > round {
			return T::WeightInfo::idle();
		}
		let (Some(snapshot), Some(outcome)) = (Snapshots::<T>::get(judging), Outcomes::<T>::get(judging))
		else {
			return Self::skip_unmeasured(judging, round);
		};
		let mut weight = T::WeightInfo::close_round();
		let blocks = T::Clock::round_blocks().saturating_sub(2).max(1);
		let pages = u32::try_from(snapshot.due.len()).unwrap_or(0).div_ceil(blocks);
		for _ in 0..pages {
			let progress = Progress::<T>::get();
			let Some(due) = usize::try_from(progress.pages).ok().and_then(|at| snapshot.due.get(at)) else {
				break;
			};
			let from = usize::try_from(progress.services).unwrap_or(usize::MAX);
			let rulings = outcome.rulings.get(from..).unwrap_or_default();
			let hearing = Hearing {
				round: judging,
				window_rounds: T::Clock::window_rounds(),
				round_blocks: T::Clock::round_blocks(),
				stalled: outcome.stalled,
				full: snapshot.is_full(due),
				hot: due.page.is_hot(),
				health: snapshot.health,
			};
			weight = weight.saturating_add(Self::judge_page(&hearing, due, rulings));
		}
		let progress = Progress::<T>::get();
		if usize::try_from(progress.pages).is_ok_and(|pages| pages >= snapshot.due.len()) {
			Self::close_round(judging, progress);
		}
		weight
	}

	/// No snapshot was taken of `judging` (the chain's first round): go on with the next that has
	/// one.
	fn skip_unmeasured(judging: RoundIndex, round: RoundIndex) -> Weight {
		let last = round.saturating_sub(2);
		let recent = judging.max(last.saturating_sub(u32::from(LAG)));
		let next = (recent..=last).find(|round| Outcomes::<T>::contains_key(round));
		let judged = next.map_or(last, |next| next.saturating_sub(1));
		Progress::<T>::put(Sweep { judged, ..Default::default() });
		T::WeightInfo::close_round()
	}

	fn close_round(round: RoundIndex, progress: Sweep) {
		Snapshots::<T>::remove(round);
		Outcomes::<T>::remove(round);
		Progress::<T>::put(Sweep { judged: round, ..Default::default() });
		let crate::RoundTally { up, down, bad, stale, unclear, unmeasured, excused } = progress.tally;
		Self::deposit_event(Event::RoundClosed { round, up, down, bad, stale, unclear, unmeasured, excused });
	}

	/// Judge the due rows of a page by the rulings, which begin with its own.
	pub(crate) fn judge_page(hearing: &Hearing, due: &Due, rulings: &[u8]) -> Weight {
		let window = T::Clock::window_of(hearing.round);
		let turned = Self::turn_page(hearing, due, window);
		let mut page = Pages::<T>::get(due.page);
		let mut info = PageInfos::<T>::get(due.page);
		let mut told = Vec::new();
		let mut freed = 0u32;
		let rulings_of = bits(due.mask).zip(rulings);
		for (slot, ruling) in rulings_of {
			let Some(place) = page.get_mut(usize::from(slot)) else { continue };
			let Some(row) = place.as_mut() else { continue };
			if row.is_due(hearing.round) {
				let judgement = row.judge(hearing, Ruling::from_byte(*ruling));
				told.push(Told { service: row.service, judgement });
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
		// Rows that will be judged again.
		let goes_on = |row: &&Row<T::AccountId>| row.gone.is_none() && !row.is_over(hearing.round);
		let mut rows = page.iter().flatten().filter(goes_on);
		info.critical = hearing.hot && rows.any(|row| row.is_critical(hearing.window_rounds, hearing.health));
		Pages::<T>::insert(due.page, page);
		PageInfos::<T>::insert(due.page, info);
		Progress::<T>::mutate(|progress| {
			progress.pages = progress.pages.saturating_add(1);
			progress.services = progress.services.saturating_add(due.mask.count_ones());
			told.iter().filter_map(|t| t.judgement.verdict).for_each(|v| progress.tally.note(v));
		});
		let rows = u32::try_from(told.len()).unwrap_or(u32::MAX);
		let mut weight =
			T::WeightInfo::judge_page(rows).saturating_add(T::TurnWeight::get().saturating_mul(turned));
		if let (PageId::Hot(page), 1..) = (due.page, freed) {
			Self::free_hot(page, freed);
			weight = weight.saturating_add(T::DbWeight::get().reads_writes(1, 1));
		}
		told.into_iter().fold(weight, |sum, t| sum.saturating_add(Self::tell(hearing.round, t)))
	}

	/// Tell what follows from one row. Returns what those who were told weigh.
	fn tell(round: RoundIndex, told: Told) -> Weight {
		let Told { service, judgement } = told;
		if let (Some(from), Some(to)) = (judgement.changed, judgement.verdict) {
			Self::deposit_event(Event::VerdictChanged { service, round, from, to });
		}
		let mut weight = Weight::zero();
		if judgement.proven {
			// Once in the life of a listing, and less than what the turn of a window costs.
			weight = weight.saturating_add(T::TurnWeight::get());
			T::Registry::proven(service);
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
