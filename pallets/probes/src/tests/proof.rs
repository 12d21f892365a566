// SPDX-License-Identifier: Apache-2.0

//! Proof of control: found, never found, and lost.

use crate::{mock::*, *};
use ProofOutcome::*;
use surety_primitives::{LatencyBucket, report::Finding};

const PAGE: PageId = PageId::Idle(0);
const BAD: Finding = Finding::Bad(LatencyBucket::MAX);
const NO_PROOF: Finding = Finding::NoProof;

/// Run a test with windows of four rounds, an unproven service 1 and a proven service 2.
fn unproven(test: impl FnOnce()) {
	build_and_execute(4, || {
		set_clock(|clock| (clock.window_rounds, clock.proof_of_control) = (4, true));
		list_unproven(1);
		list(2, 2);
		test();
	});
}

/// Run rounds with these findings at service 1 and all others up. All invariants are checked after
/// each round.
fn rounds(rounds: u32, says: impl Fn(u32) -> Finding) {
	for _ in 0..rounds {
		run_rounds(1, |_, round, service| if service == 1 { says(round) } else { up() });
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
	PageInfos::<Test>::get(PAGE).due
}

#[test]
fn a_listing_without_a_proof_for_a_whole_window_is_not_due() {
	unproven(|| {
		// The listing missed a round of window 0, in which it was listed. Window 1 are the rounds 4
		// to 7.
		rounds(9, |_| BAD);
		assert_eq!((not_found(), due()), (vec![], 0b11), "round 7 is the last that is judged");
		assert!(Proofs::get().is_empty());
		rounds(1, |_| BAD);
		assert_eq!((not_found(), due()), (vec![1], 0b10), "round 8 closed the window");
		assert_eq!(proofs(1), [NotFound], "the registry is notified");
		let row_then = row(1);
		assert_eq!(row_then.last, Some((7, Verdict::Bad)));
		assert_eq!((row_then.state, row_then.unproven), (RowState::ProofNotFound, true));
		// Rounds 9 and 10 still name the slot: nothing more is judged, and a proof comes too late.
		rounds(8, |_| up());
		assert_eq!(row(1), row_then);
		assert_eq!((not_found(), proofs(1)), (vec![1], vec![NotFound]), "once");
		assert_eq!(row(2).counters.judged(), 1, "its neighbour goes on");
		assert_eq!(Windows::<Test>::get(listed(1)).len(), 2, "what was judged is in the ring");
	});
}

#[test]
fn a_listing_without_a_proof_is_not_probed() {
	unproven(|| {
		rounds(10, |_| BAD);
		next_round();
		assert_eq!(snapshot(round()).targets, 1);
	});
}

#[test]
fn a_listing_whose_proof_is_asked_for_again_is_due_again() {
	unproven(|| {
		rounds(10, |_| BAD);
		assert_eq!(due(), 0b10);
		Probes::reset_proof(1);
		Probes::do_try_state().unwrap();
		assert_eq!(due(), 0b11);
		assert_eq!(row(1).state, RowState::Due);
		rounds(4, |_| up());
		assert_eq!(row(1).last.map(|(round, _)| round), Some(12));
		assert_eq!(proofs(1), [NotFound, Found]);
		assert!(!row(1).unproven);
		// From now on no time of being down ends the probing.
		rounds(12, |_| Finding::Down);
		assert_eq!((not_found(), due()), (vec![1], 0b11));
	});
	// After another whole window without a proof the listing is not due again.
	unproven(|| {
		rounds(10, |_| BAD);
		Probes::reset_proof(1);
		// Due from round 11 on, the last of window 2; window 3 are the rounds 12 to 15.
		rounds(7, |_| BAD);
		assert_eq!(not_found(), vec![1]);
		rounds(1, |_| BAD);
		assert_eq!((not_found(), due()), (vec![1, 1], 0b10));
	});
}

#[test]
fn a_reset_of_the_proof_changes_nothing_else() {
	unproven(|| {
		rounds(3, |_| BAD);
		Probes::reset_proof(1);
		Probes::do_try_state().unwrap();
		assert_eq!(due(), 0b11);
		// Not listed: nothing to do.
		Probes::reset_proof(9);
		// An active target, of which the registry resets no proof, goes on as it is.
		activate(2).unwrap();
		Probes::reset_proof(2);
		Probes::do_try_state().unwrap();
		assert!(Probes::status(listed(2)).unwrap().active);
		Probes::deactivate(listed(2));
		Probes::do_try_state().unwrap();
		// A listing without a proof is due if it is activated all the same.
		rounds(8, |_| BAD);
		assert_eq!(not_found(), vec![1]);
		activate(1).unwrap();
		rounds(3, |_| up());
		assert_eq!(row(1).counters.up, 1);
		Probes::deactivate(listed(1));
		rounds(1, |_| up());
	});
}

#[test]
fn findings_at_the_former_endpoint_prove_nothing() {
	unproven(|| {
		rounds(4, |_| up());
		assert_eq!(Proofs::take(), vec![(1, Found)]);
		// The endpoint moves. The open rounds found the former one up.
		next_round();
		next_block();
		for prober in 0..4 {
			commit(round(), prober, report_of(round(), &|_| up())).unwrap();
		}
		Probes::reset_proof(1);
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
		assert!(Proofs::get().is_empty());
		assert!(row(1).unproven);
		assert_eq!(row(2).last.map(|(round, _)| round), Some(moved + 1), "all others were judged");
	});
}

#[test]
fn a_window_without_a_measurement_does_not_end_the_search() {
	unproven(|| {
		rounds(12, |_| Finding::Abstained);
		assert_eq!((not_found(), due()), (vec![], 0b11));
		// One measured round is enough.
		rounds(4, |round| if round == 14 { BAD } else { Finding::Abstained });
		rounds(3, |_| Finding::Abstained);
		assert_eq!((not_found(), due()), (vec![1], 0b10));
	});
}

#[test]
fn a_proof_in_any_round_of_a_window_is_enough() {
	unproven(|| {
		rounds(7, |round| if round == 7 { up() } else { BAD });
		rounds(8, |_| BAD);
		assert_eq!((proofs(1), not_found(), due()), (vec![Found], vec![], 0b11));
	});
}

#[test]
fn a_listing_without_a_proof_is_unlisted_like_any_other() {
	unproven(|| {
		rounds(10, |_| BAD);
		Probes::unlist(listed(1));
		Probes::do_try_state().unwrap();
		rounds(3, |_| up());
		list_unproven(3);
		assert_eq!(due(), 0b11, "its slot is reused");
		assert_eq!(row(3).state, RowState::Due);
	});
}

/// Regression: control was proven once, and the name pointed at a stranger's address afterwards.
#[test]
fn an_idle_listing_loses_its_proof_once() {
	unproven(|| {
		rounds(4, |_| up());
		rounds(3, |_| NO_PROOF);
		// Round 5 is judged in round 7.
		assert_eq!(proofs(1), [Found, Lost]);
		assert!(row(1).unproven && !row(2).unproven);
		assert_eq!(row(1).last, Some((5, Verdict::Bad)));
		rounds(2, |_| NO_PROOF);
		assert_eq!(proofs(1), [Found, Lost], "unproven already");
		assert_eq!(due(), 0b11, "and still probed");
		// The proof is found again, and lost again.
		rounds(3, |_| up());
		assert_eq!((proofs(1), row(1).unproven), (vec![Found, Lost, Found], false));
		rounds(3, |_| NO_PROOF);
		assert_eq!(Proofs::take().last(), Some(&(1, Lost)));
	});
	// A proof that stays lost through a whole window ends the probing.
	unproven(|| {
		rounds(4, |_| up());
		rounds(9, |_| NO_PROOF);
		assert_eq!(proofs(1), [Found, Lost]);
		assert_eq!((not_found(), due()), (vec![], 0b11), "window 1 had a round that was up");
		rounds(1, |_| NO_PROOF);
		assert_eq!((not_found(), due()), (vec![1], 0b10), "window 2 had none");
	});
}

#[test]
fn a_wrong_answer_or_a_minority_loses_no_proof() {
	unproven(|| {
		rounds(4, |_| up());
		rounds(4, |_| BAD);
		assert_eq!(row(1).last.unwrap().1, Verdict::Bad);
		// Two of four miss the proof: too few for a verdict, and too few beside two wrong answers.
		run_rounds(
			4,
			|prober, _, service| if service == 1 && prober < 2 { NO_PROOF } else { up() },
		);
		assert_eq!(row(1).last.unwrap().1, Verdict::Unclear);
		run_rounds(4, |prober, _, service| match (service, prober) {
			(1, 0 | 1) => NO_PROOF,
			(1, _) => BAD,
			_ => up(),
		});
		assert_eq!(row(1).last.unwrap().1, Verdict::Bad);
		assert!(!proofs(1).contains(&Lost) && !row(1).unproven);
	});
}

#[test]
fn an_unproven_listing_has_no_proof_to_lose() {
	unproven(|| {
		rounds(6, |_| NO_PROOF);
		assert_eq!(row(1).last.unwrap().1, Verdict::Bad);
		assert!(row(1).unproven && proofs(1).is_empty());
	});
}

#[test]
fn an_active_target_without_a_proof_breaches_instead() {
	unproven(|| {
		rounds(4, |_| up());
		activate(1).unwrap();
		activate(2).unwrap();
		rounds(5, |_| NO_PROOF);
		assert!(!proofs(1).contains(&Lost) && !row(1).unproven);
		let tiers = Tiers::get();
		let of_1 = |target: Target, kind| (target, kind) == (listed(1), BreachKind::BadData);
		assert!(!tiers.is_empty() && tiers.iter().all(|(target, tier)| of_1(*target, tier.kind)));
		// Idle again the listing loses its proof.
		Probes::deactivate(listed(1));
		rounds(4, |_| NO_PROOF);
		assert_eq!(proofs(1).last(), Some(&Lost));
	});
}

#[test]
fn a_lost_proof_is_weighed() {
	let judging = |finding: Finding| {
		let mut weight = Weight::zero();
		unproven(|| {
			rounds(4, |_| up());
			rounds(2, |_| finding);
			to_counted();
			weight = next_block();
		});
		weight
	};
	assert_eq!(judging(NO_PROOF) - judging(BAD), ProofWeight::get());
}
