// SPDX-License-Identifier: Apache-2.0

//! One of four probers lies in all possible ways: no breach is invented or missed, and its duty
//! shows it.

use crate::{
	actors::*,
	fixture::{Conduct, Fixture, PROBERS, account, up},
};
use pallet_surety_probes::{DutyTally, SHARE};
use pallet_surety_sla as sla;
use surety_primitives::{AssetId, Counters, LatencyBucket, Slots as _, Target, report::Finding};
use surety_runtime::*;

const LIES: [Conduct; 9] = [
	Conduct::Always(Finding::Down),
	Conduct::Always(Finding::Up(LatencyBucket::MAX)),
	Conduct::Always(Finding::Bad(LatencyBucket::MAX)),
	Conduct::Always(Finding::Stale(LatencyBucket::MAX)),
	Conduct::Always(Finding::Abstained),
	Conduct::Copies(0),
	Conduct::RevealsWrong,
	Conduct::NeverReveals,
	Conduct::Absent,
];
const LIAR: usize = 3;
/// Rounds of a tally: the whole rounds within a session of ten.
const ROUNDS: u32 = 6;

/// Result of a scenario, without the duty of the liar.
#[derive(Debug, PartialEq)]
struct Outcome {
	breaches: Vec<sla::Breach>,
	counters: Counters,
	/// Duty of the honest probers.
	honest: Vec<DutyTally>,
}

/// Run a service with an agreement, with the last prober behaving as `conduct`. Returns the outcome
/// and the duty of that prober.
fn scenario(conduct: Conduct, finding: Finding) -> (Outcome, DutyTally) {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	chain.open(TENANT, service, 1, 12);
	chain.next_window();
	chain.conduct[LIAR] = conduct;
	// Duty is counted per session, and the second session is free of the time before. The outage
	// begins just before it: a longer one would last for a window and end the service.
	let next_session = |chain: &mut Fixture| {
		let session = chain.peek(Session::current_index);
		chain.until("the next session", 12, move || Session::current_index() > session);
	};
	next_session(&mut chain);
	chain.rounds(6);
	chain.endpoints.insert(Target::Service(service), finding);
	next_session(&mut chain);
	let tally = |who| Probes::duty(account(who)).unwrap_or_default();
	chain.until("a session's rounds", 12, move || tally(PROBERS[0]).rounds == ROUNDS);
	let mut duty: Vec<DutyTally> = chain.peek(|| PROBERS.into_iter().map(tally).collect());
	let liar = duty.remove(LIAR);
	let counters = chain.peek(|| Probes::status(Target::Service(service)).unwrap().counters);
	let outcome = Outcome { breaches: chain.breaches(service), counters, honest: duty };
	chain.check();
	(outcome, liar)
}

/// Expected duty of a liar: rounds committed, revealed, accepted and in agreement with the verdict.
fn expected(lie: Conduct, is_up: bool) -> (u32, u32, u32, u32) {
	let agrees = |right: bool| if right { ROUNDS } else { 0 };
	match lie {
		Conduct::Absent => (0, 0, 0, 0),
		Conduct::Copies(_) | Conduct::RevealsWrong | Conduct::NeverReveals => (ROUNDS, 0, 0, 0),
		// A prober that alone reports everything down is blind: its report is dropped and not
		// judged.
		Conduct::Always(Finding::Down) if is_up => (ROUNDS, ROUNDS, 0, 0),
		Conduct::Always(Finding::Down) => (ROUNDS, ROUNDS, ROUNDS, ROUNDS),
		Conduct::Always(Finding::Up(_)) => (ROUNDS, ROUNDS, ROUNDS, agrees(is_up)),
		Conduct::Always(_) => (ROUNDS, ROUNDS, ROUNDS, 0),
		Conduct::Honest => (ROUNDS, ROUNDS, ROUNDS, ROUNDS),
		Conduct::Misses(_) => unreachable!("no lie about all there is"),
	}
}

fn one_liar_changes_nothing_but_its_duty(finding: Finding, is_up: bool) {
	let (truth, honest) = scenario(Conduct::Honest, finding);
	assert_eq!(truth.breaches.is_empty(), is_up, "{truth:?}");
	let found = u64::from(ROUNDS) * SHARE;
	let all = DutyTally {
		rounds: ROUNDS,
		committed: ROUNDS,
		revealed: ROUNDS,
		accepted: ROUNDS,
		judged: found,
		agreed: found,
		..Default::default()
	};
	assert_eq!(truth.honest, [all; 3]);
	assert_eq!(honest, all);
	for lie in LIES {
		let (outcome, liar) = scenario(lie, finding);
		assert_eq!(outcome, truth, "{lie:?}");
		let agreed = (liar.agreed / SHARE) as u32;
		let shown = (liar.committed, liar.revealed, liar.accepted, agreed);
		assert_eq!((liar.rounds, shown), (ROUNDS, expected(lie, is_up)), "{lie:?}");
		let judged = u64::from(liar.accepted) * SHARE;
		assert_eq!(liar.judged, judged, "{lie:?}: one service, one finding a report");
	}
}

#[test]
fn one_liar_invents_no_outage_and_its_duty_shows_it() {
	one_liar_changes_nothing_but_its_duty(up(), true);
}

#[test]
fn one_liar_hides_no_outage_and_its_duty_shows_it() {
	one_liar_changes_nothing_but_its_duty(Finding::Down, false);
}
