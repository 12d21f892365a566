//! One of four probers lies in every way there is: no false breach, none missed, and its duty shows it.

use crate::{
	actors::*,
	world::{Conduct, PROBERS, World, account, up},
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
/// Rounds of a tally: whole ones within a session of ten.
const ROUNDS: u32 = 6;

/// What is left of a story to compare it with another.
#[derive(Debug, PartialEq)]
struct Told {
	breaches: Vec<sla::Breach>,
	counters: Counters,
	/// Duty of the probers who do not lie.
	honest: Vec<DutyTally>,
}

/// A service with an agreement is up, or fails, while the last prober behaves in some way. Returns its duty, too.
fn story(conduct: Conduct, finding: Finding) -> (Told, DutyTally) {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	world.open(TENANT, service, 1, 12);
	world.next_window();
	world.conduct[LIAR] = conduct;
	// Duty is counted by session: the second one has nothing in it of the time before. An outage begins just before it,
	// or it would last for a window and end the service.
	let next_session = |world: &mut World| {
		let session = world.peek(Session::current_index);
		world.until("the next session", 12, move || Session::current_index() > session);
	};
	next_session(&mut world);
	world.rounds(6);
	world.endpoints.insert(Target::Service(service), finding);
	next_session(&mut world);
	let tally = |who| Probes::duty(account(who)).unwrap_or_default();
	world.until("a session's rounds", 12, move || tally(PROBERS[0]).rounds == ROUNDS);
	let mut duty: Vec<DutyTally> = world.peek(|| PROBERS.into_iter().map(tally).collect());
	let liar = duty.remove(LIAR);
	let counters = world.peek(|| Probes::status(Target::Service(service)).unwrap().counters);
	let told = Told { breaches: world.breaches(service), counters, honest: duty };
	world.check();
	(told, liar)
}

/// What a liar's duty shows: reports revealed, accepted as not blind, and of those the ones that agreed.
fn expected(lie: Conduct, is_up: bool) -> (u32, u32, u32, u32) {
	let agrees = |right: bool| if right { ROUNDS } else { 0 };
	match lie {
		Conduct::Absent => (0, 0, 0, 0),
		Conduct::Copies(_) | Conduct::RevealsWrong | Conduct::NeverReveals => (ROUNDS, 0, 0, 0),
		// Who says down of all there is where the others do not is blind: dropped, and judged by nothing.
		Conduct::Always(Finding::Down) if is_up => (ROUNDS, ROUNDS, 0, 0),
		Conduct::Always(Finding::Down) => (ROUNDS, ROUNDS, ROUNDS, ROUNDS),
		Conduct::Always(Finding::Up(_)) => (ROUNDS, ROUNDS, ROUNDS, agrees(is_up)),
		Conduct::Always(_) => (ROUNDS, ROUNDS, ROUNDS, 0),
		Conduct::Honest => (ROUNDS, ROUNDS, ROUNDS, ROUNDS),
		Conduct::Misses(_) => unreachable!("no lie about all there is"),
	}
}

fn one_liar_changes_nothing_but_its_duty(finding: Finding, is_up: bool) {
	let (truth, honest) = story(Conduct::Honest, finding);
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
		let (told, liar) = story(lie, finding);
		assert_eq!(told, truth, "{lie:?}");
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
