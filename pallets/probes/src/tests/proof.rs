//! Listings that must prove control of their endpoint, and those that never do.

use crate::{Event, PageId, PageInfos, REVEAL_OFFSET, mock::*};
use surety_primitives::{Probing, Service, ServiceKind, ServiceStatus, Verdict, report::Finding};

const COLD: PageId = PageId::Cold(0);
const BAD: Finding = Finding::Bad(surety_primitives::LatencyBucket::MAX);
const NO_PROOF: Finding = Finding::NoProof;

/// Windows of four rounds, an unproven service 1 and a proven service 2.
fn unproven(test: impl FnOnce()) {
	build_and_execute(4, || {
		ProofOfControl::set(true);
		WindowRounds::set(4);
		list_unproven(1);
		list(2, 2);
		test();
	});
}

fn list_unproven(service: u32) {
	list_as(
		service,
		Service { status: ServiceStatus::Unproven, ..describe(1, ServiceKind::Compute) },
	);
}

/// Service 1 as told, all others up, with all invariants checked after each round.
fn rounds(rounds: u32, says: impl Fn(u32) -> Finding) {
	for _ in 0..rounds {
		play(1, |_, round, service| if service == 1 { says(round) } else { up() });
		Probes::do_try_state().unwrap();
	}
}

fn not_found() -> Vec<u32> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Probes(Event::ProofNotFound { service }) => Some(service),
			_ => None,
		})
		.collect()
}

fn due() -> u128 {
	PageInfos::<Test>::get(COLD).due
}

#[test]
fn without_a_proof_through_a_whole_window_a_listing_is_not_due_any_more() {
	unproven(|| {
		// Listed in window 0, of which it missed a round; window 1 are the rounds 4 to 7.
		rounds(9, |_| BAD);
		assert_eq!((not_found(), due()), (vec![], 0b11), "round 7 is the last that is judged");
		assert!(Unfound::get().is_empty());
		rounds(1, |_| BAD);
		assert_eq!((not_found(), due()), (vec![1], 0b10), "round 8 turned the window");
		assert_eq!(Unfound::get(), vec![1], "the registry learns it");
		let row_then = row(1);
		assert_eq!(row_then.last, Some((7, Verdict::Bad)));
		assert!(row_then.dormant && row_then.unproven);
		// Rounds 9 and 10 name it still: nothing more is judged, and a proof that comes now is too
		// late.
		rounds(8, |_| up());
		assert_eq!(row(1), row_then);
		assert!(Proven::get().is_empty());
		assert_eq!((not_found(), Unfound::get()), (vec![1], vec![1]), "said once");
		assert_eq!(row(2).counters.judged(), 1, "its neighbour goes on");
		assert_eq!(Probes::window_ring(1).len(), 2, "what was judged is in the ring");
	});
}

#[test]
fn nobody_asks_a_listing_that_rests() {
	unproven(|| {
		rounds(10, |_| BAD);
		next_round();
		assert_eq!(snapshot(round()).services, 1);
	});
}

#[test]
fn one_that_is_asked_for_again_is_due_again() {
	unproven(|| {
		rounds(10, |_| BAD);
		assert_eq!(due(), 0b10);
		Probes::unproven(1);
		Probes::do_try_state().unwrap();
		assert_eq!(due(), 0b11);
		assert!(!row(1).dormant);
		rounds(4, |_| up());
		assert_eq!(row(1).last.map(|(round, _)| round), Some(12));
		assert_eq!(Proven::get(), vec![1]);
		assert!(!row(1).unproven);
		// From now on it may be down as long as it likes.
		rounds(12, |_| Finding::Down);
		assert_eq!((not_found(), due()), (vec![1], 0b11));
	});
	// And rests again if it has nothing to show again, after a whole window.
	unproven(|| {
		rounds(10, |_| BAD);
		Probes::unproven(1);
		// Due from round 11 on, the last of window 2; window 3 are the rounds 12 to 15.
		rounds(7, |_| BAD);
		assert_eq!(not_found(), vec![1]);
		rounds(1, |_| BAD);
		assert_eq!((not_found(), due()), (vec![1, 1], 0b10));
	});
}

#[test]
fn asking_again_changes_nothing_else() {
	unproven(|| {
		rounds(3, |_| BAD);
		Probes::unproven(1);
		Probes::do_try_state().unwrap();
		assert_eq!(due(), 0b11);
		// Not listed: nothing to do.
		Probes::unproven(9);
		// Hot, which the registry does not do: it goes on as it is.
		Probes::heat(2).unwrap();
		Probes::unproven(2);
		Probes::do_try_state().unwrap();
		assert!(Probes::probed(2).unwrap().hot);
		Probes::cool(2);
		Probes::do_try_state().unwrap();
		// One that rests and becomes hot all the same is due.
		rounds(8, |_| BAD);
		assert_eq!(not_found(), vec![1]);
		Probes::heat(1).unwrap();
		rounds(3, |_| up());
		assert_eq!(row(1).counters.up, 1);
		Probes::cool(1);
		rounds(1, |_| up());
	});
}

#[test]
fn what_was_found_where_it_was_before_proves_nothing() {
	unproven(|| {
		rounds(4, |_| up());
		assert_eq!(Proven::take(), vec![1]);
		// It moves. In the rounds that are open it was up, but where it was before.
		next_round();
		next_block();
		for prober in 0..4 {
			commit(round(), prober, report_of(round(), &|_| up())).unwrap();
		}
		Probes::unproven(1);
		let moved = round();
		while round() <= moved + 2 || offset() != 4 {
			next_block();
			if offset() == REVEAL_OFFSET && round() <= moved + 1 {
				for prober in 0..4 {
					reveal(round() - 1, prober).unwrap();
				}
			}
			Probes::do_try_state().unwrap();
		}
		assert_eq!(Probes::judged_round(), moved + 1);
		assert!(Proven::get().is_empty());
		assert!(row(1).unproven);
		assert_eq!(row(2).last.map(|(round, _)| round), Some(moved + 1), "all others were judged");
	});
}

#[test]
fn a_window_in_which_nobody_measured_is_held_against_no_one() {
	unproven(|| {
		rounds(12, |_| Finding::Abstained);
		assert_eq!((not_found(), due()), (vec![], 0b11));
		// One round that says something is enough.
		rounds(4, |round| if round == 14 { BAD } else { Finding::Abstained });
		rounds(3, |_| Finding::Abstained);
		assert_eq!((not_found(), due()), (vec![1], 0b10));
	});
}

#[test]
fn a_proof_in_any_round_of_the_window_is_enough() {
	unproven(|| {
		rounds(7, |round| if round == 7 { up() } else { BAD });
		rounds(8, |_| BAD);
		assert_eq!((Proven::get(), not_found(), due()), (vec![1], vec![], 0b11));
	});
}

#[test]
fn one_that_rests_leaves_like_any_other() {
	unproven(|| {
		rounds(10, |_| BAD);
		Probes::unlist(1);
		Probes::do_try_state().unwrap();
		rounds(3, |_| up());
		list_unproven(3);
		assert_eq!(due(), 0b11, "its slot is given again");
		assert!(!row(3).dormant);
	});
}

/// Audit: control was proved once, and the name pointed at a stranger's address afterwards.
#[test]
fn an_idle_listing_that_lost_its_proof_is_unproven_once() {
	unproven(|| {
		rounds(4, |_| up());
		assert_eq!(Proven::take(), vec![1]);
		rounds(3, |_| NO_PROOF);
		// Round 5 is judged in round 7.
		assert_eq!(Disproven::get(), vec![1]);
		assert!(row(1).unproven && !row(2).unproven);
		assert_eq!(row(1).last, Some((5, Verdict::Bad)));
		rounds(2, |_| NO_PROOF);
		assert_eq!(Disproven::get(), vec![1], "it is unproven already");
		assert_eq!(due(), 0b11, "and asked on");
		// It is there again, and lost again.
		rounds(3, |_| up());
		assert_eq!((Proven::take(), row(1).unproven), (vec![1], false));
		rounds(3, |_| NO_PROOF);
		assert_eq!(Disproven::take(), vec![1, 1]);
	});
	// One that stays away rests like any other that is unproven through a whole window.
	unproven(|| {
		rounds(4, |_| up());
		rounds(9, |_| NO_PROOF);
		assert_eq!(
			(Disproven::get(), not_found(), due()),
			(vec![1], vec![], 0b11),
			"window 1 had it up"
		);
		rounds(1, |_| NO_PROOF);
		assert_eq!((not_found(), due()), (vec![1], 0b10), "window 2 had not");
	});
}

#[test]
fn a_wrong_answer_or_a_minority_disproves_nothing() {
	unproven(|| {
		rounds(4, |_| up());
		rounds(4, |_| BAD);
		assert_eq!(row(1).last.unwrap().1, Verdict::Bad);
		// Two of four find no proof: too few for a verdict. Three do with a wrong answer between.
		play(4, |prober, _, service| if service == 1 && prober < 2 { NO_PROOF } else { up() });
		assert_eq!(row(1).last.unwrap().1, Verdict::Unclear);
		play(4, |prober, _, service| match (service, prober) {
			(1, 0 | 1) => NO_PROOF,
			(1, _) => BAD,
			_ => up(),
		});
		assert_eq!(row(1).last.unwrap().1, Verdict::Bad);
		assert!(Disproven::get().is_empty() && !row(1).unproven);
	});
}

#[test]
fn an_unproven_listing_has_nothing_to_lose() {
	unproven(|| {
		rounds(6, |_| NO_PROOF);
		assert_eq!(row(1).last.unwrap().1, Verdict::Bad);
		assert!(row(1).unproven && Disproven::get().is_empty());
	});
}

#[test]
fn what_is_sold_stays_sold_without_a_proof_and_breaches() {
	unproven(|| {
		rounds(4, |_| up());
		Probes::heat(1).unwrap();
		Probes::heat(2).unwrap();
		rounds(5, |_| NO_PROOF);
		assert!(Disproven::get().is_empty() && !row(1).unproven);
		let breaches = Breaches::get();
		assert!(
			breaches
				.iter()
				.all(|(s, b)| (*s, b.kind) == (1, surety_primitives::BreachKind::BadData))
		);
		assert!(!breaches.is_empty());
		// Idle again it is as idle as any.
		Probes::cool(1);
		rounds(4, |_| NO_PROOF);
		assert_eq!(Disproven::get(), vec![1]);
	});
}

#[test]
fn losing_the_proof_is_weighed() {
	let judging = |finding: Finding| {
		let mut weight = frame_support::weights::Weight::zero();
		unproven(|| {
			rounds(4, |_| up());
			rounds(2, |_| finding);
			to_counted();
			weight = next_block();
		});
		weight
	};
	assert_eq!(judging(NO_PROOF) - judging(BAD), ItsWeight::get());
}
