//! Tests by topic.

mod breach;
mod close;
mod credited_at_most_paid;
mod gaming;
mod leases;
mod open;
mod property;
mod rent;
mod settle;
mod try_state;
mod windows;

use crate::{mock::*, pallet::Agreements, *};
use frame::testing_prelude::*;
use surety_primitives::{
	Agreements as _, Bonding as _, BreachKind, Breached, CloseReason, Counters, Escrow as _,
	EscrowOwner, Frozen, Judge as _, LatencyBucket, Severity, Severity::*, Verdict, tiers,
};

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Judge through `round` and let escrow close what is due.
fn finish(round: u32) {
	at_round(round + 2);
	World::work_agenda();
}

/// An agreement ends with `round`, is closed, and nothing was anybody's fault.
fn end(id: AgreementId, round: u32) {
	World::decide_end(id, round, CloseReason::Governance);
	finish(round);
}

/// Every tier credits `credit`, and there are `cover` of it.
fn promise(service: ServiceId, credit: WindowShare, cover: WindowShare) {
	relist(service, |s| (s.terms.credit, s.terms.cover) = ([credit; 4], cover));
}

/// Sweep of the probers for one service, round by round as they are judged: counters, meter, tiers,
/// turns, and escrow's agenda behind them.
struct Sweep {
	service: ServiceId,
	window: WindowIndex,
	counters: Counters,
	frozen: Frozen,
	reached: Option<Severity>,
}

impl Sweep {
	/// Begins with the round after this one, as a service that was just sold.
	fn of(service: ServiceId) -> Self {
		let window = TestClock::window_of(TestClock::round() + 1);
		let frozen = Sla::heated(service);
		Self { service, window, counters: Default::default(), frozen, reached: None }
	}

	/// Judge the rounds `from..to`; the clock is two rounds later. Those for which `down` says so
	/// are not billed.
	fn judge(&mut self, from: RoundIndex, to: RoundIndex, down: impl Fn(RoundIndex) -> bool) {
		for round in from..to {
			self.judge_round(round, down(round));
			World::work_agenda();
			assert_ok!(Sla::do_try_state());
		}
	}

	/// Judge one round, and leave the agenda to be worked.
	fn judge_round(&mut self, round: RoundIndex, down: bool) {
		let up = Verdict::Up { latency: LatencyBucket::from_millis(100) };
		let result = if down { Verdict::Down } else { up };
		at_round(round + 2);
		verdict(self.service, round, result);
		let ended = MeterEnds::get().get(&self.service).is_some_and(|(at, _)| *at < round);
		if ended || Sla::units(self.service) == 0 {
			return;
		}
		if TestClock::window_of(round) > self.window {
			self.frozen = turn_with(self.service, self.window, self.counters);
			self.window = TestClock::window_of(round);
			(self.counters, self.reached) = (Default::default(), None);
		}
		self.counters.note(result, LatencyBucket::MAX);
		if down {
			change!(Unbilled, |set| set.insert((self.service, round)));
		}
		let reached = tiers::reached(self.counters.down, self.frozen.allowance[0], R as u16);
		let Some(severity) = reached.filter(|now| self.reached.is_none_or(|before| before < *now))
		else {
			return;
		};
		let before = self.reached.replace(severity);
		let (window, counters, frozen) = (self.window, self.counters, self.frozen);
		let kind = BreachKind::Downtime;
		Sla::breached(
			self.service,
			Breached { window, round, kind, before, severity, counters, frozen },
		);
	}
}

/// Paid and credited by the agreements that closed since the last look.
fn closed() -> Vec<(Balance, Balance)> {
	let all = events().into_iter();
	all.filter_map(|event| match event {
		Event::AgreementClosed { paid, credited, .. } => Some((paid, credited)),
		_ => None,
	})
	.collect()
}
