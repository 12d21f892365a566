// SPDX-License-Identifier: Apache-2.0

//! Commit and reveal.

use crate::{mock::*, *};
use frame::{
	deps::sp_runtime::transaction_validity::{TransactionSource, TransactionValidityError},
	testing_prelude::*,
	traits::Authorize,
};
use frame_support::dispatch::Pays;
use sp_core::Pair;
use surety_primitives::report::Finding;

fn pool(call: Call<Test>) -> Result<ValidTransaction, TransactionValidityError> {
	let call: RuntimeCall = call.into();
	call.authorize(TransactionSource::External).expect("authorized call").map(|(valid, _)| valid)
}

fn sign(prober: u16, round: RoundIndex, hash: &[u8; 32]) -> ProberSignature {
	pair(prober).sign(&commit_payload(&genesis(), round, hash))
}

fn signed_commit(prober: u16, round: RoundIndex, hash: [u8; 32]) -> Call<Test> {
	Call::commit { round, index: prober, hash, signature: sign(prober, round, &hash) }
}

fn hash_of(prober: u16, round: RoundIndex, report: &[u8]) -> [u8; 32] {
	commit_hash(&genesis(), round, &key(prober), &salt(round, prober), report)
}

fn reveal_call(prober: u16, round: RoundIndex, report: &[u8]) -> Call<Test> {
	Call::reveal {
		round,
		index: prober,
		salt: salt(round, prober),
		report: Report::try_from(report.to_vec()).unwrap(),
	}
}

fn invalid<T>(reason: InvalidTransaction) -> Result<T, TransactionValidityError> {
	Err(reason.into())
}

/// Run a test in the second block of round 1, with two services.
fn in_round_1(test: impl FnOnce()) {
	build_and_execute(4, || {
		list(1, 1);
		list(2, 2);
		next_round();
		next_block();
		test();
	});
}

/// Build blocks up to the first one that takes reveals of the current round.
fn to_reveals() {
	next_round();
	crate::mock::to_reveals();
}

/// Run a test in the next block as the pool sees it: its `on_initialize` has not run.
fn validating_next<R>(test: impl FnOnce() -> R) -> R {
	System::set_block_number(System::block_number() + 1);
	let result = test();
	System::set_block_number(System::block_number() - 1);
	result
}

const REPORT: [u8; 2] = [21, 22];

#[test]
fn a_commit_and_its_reveal_are_accepted_once() {
	in_round_1(|| {
		let hash = hash_of(2, 1, &REPORT);
		let valid = pool(signed_commit(2, 1, hash)).unwrap();
		assert!(valid.propagate);
		assert_eq!(valid.longevity, 6, "blocks 6 to 11");
		assert_eq!(
			valid.provides,
			vec![("SuretyProbes", (b"surety:commit".as_slice(), 1u32, 2u16)).encode()]
		);
		assert_ok!(Probes::commit(authorized(), 1, 2, hash, no_signature()));
		assert_eq!(pool(signed_commit(2, 1, hash)), invalid(InvalidTransaction::Stale));
		assert_noop!(
			Probes::commit(authorized(), 1, 2, hash, no_signature()),
			Error::<Test>::AlreadyCommitted
		);
		to_reveals();
		let valid = pool(reveal_call(2, 1, &REPORT)).unwrap();
		assert_eq!(valid.longevity, 3, "blocks 14 to 16");
		assert_ok!(reveal_call(2, 1, &REPORT).dispatch_here());
		assert_eq!(
			Reports::<Test>::get(1, 2),
			Some(Sent::Revealed(REPORT.to_vec().try_into().unwrap()))
		);
		assert_eq!(pool(reveal_call(2, 1, &REPORT)), invalid(InvalidTransaction::Stale));
		assert_noop!(reveal_call(2, 1, &REPORT).dispatch_here(), Error::<Test>::AlreadyRevealed);
	});
}

trait DispatchHere {
	fn dispatch_here(self) -> DispatchResult;
}
impl DispatchHere for Call<Test> {
	fn dispatch_here(self) -> DispatchResult {
		let call: RuntimeCall = self.into();
		call.dispatch(authorized()).map(drop).map_err(|e| e.error)
	}
}

#[test]
fn only_authorized_origins_report() {
	in_round_1(|| {
		for origin in
			[RuntimeOrigin::signed(account(0)), RuntimeOrigin::root(), RuntimeOrigin::none()]
		{
			let commit = Probes::commit(origin.clone(), 1, 0, [0; 32], no_signature());
			assert_eq!(commit, Err(DispatchError::BadOrigin));
			let reveal = Probes::reveal(origin, 1, 0, [0; 32], Report::default());
			assert_eq!(reveal, Err(DispatchError::BadOrigin));
		}
	});
}

#[test]
fn calls_signed_by_an_account_pay_the_fee() {
	in_round_1(|| {
		for (call, class) in [
			(signed_commit(0, 1, [1; 32]), DispatchClass::Operational),
			(reveal_call(0, 1, &REPORT), DispatchClass::Operational),
			(Call::request_probe { service: 1 }, DispatchClass::Normal),
		] {
			let call: RuntimeCall = call.into();
			let info = call.get_dispatch_info();
			assert_eq!((info.pays_fee, info.class), (Pays::Yes, class), "{call:?}");
		}
	});
}

#[test]
fn commits_are_accepted_for_the_current_round() {
	in_round_1(|| {
		let at = |round| pool(signed_commit(0, round, [1; 32]));
		assert_eq!(
			at(0),
			invalid(InvalidTransaction::Custom(refused::NO_SNAPSHOT)),
			"not late yet"
		);
		next_block();
		assert_eq!(at(0), invalid(InvalidTransaction::Stale));
		assert_eq!(at(2), invalid(InvalidTransaction::Future));
		assert_ok!(at(1));
		assert_noop!(
			Probes::commit(authorized(), 0, 0, [1; 32], no_signature()),
			Error::<Test>::TooLate
		);
		assert_noop!(
			Probes::commit(authorized(), 2, 0, [1; 32], no_signature()),
			Error::<Test>::TooEarly
		);
	});
}

#[test]
fn commits_may_land_in_the_first_two_blocks_of_the_next_round() {
	in_round_1(|| {
		let at = |round| pool(signed_commit(0, round, [1; 32]));
		while offset() != 4 {
			next_block();
		}
		// The pool validates for the first block of round 2, which has no snapshot yet.
		assert_ok!(validating_next(|| at(1)));
		assert_eq!(
			validating_next(|| at(2)),
			invalid(InvalidTransaction::Custom(refused::NO_SNAPSHOT))
		);
		next_block();
		assert_eq!((round(), offset()), (2, 0));
		assert_eq!(at(1).unwrap().longevity, 2);
		assert_ok!(Probes::commit(authorized(), 1, 0, hash_of(0, 1, &REPORT), no_signature()));
		assert_ok!(Probes::commit(authorized(), 2, 0, [2; 32], no_signature()));
		next_block();
		assert_eq!(pool(signed_commit(1, 1, [1; 32])).unwrap().longevity, 1);
		assert_ok!(Probes::commit(authorized(), 1, 1, hash_of(1, 1, &REPORT), no_signature()));
		assert_eq!(
			validating_next(|| pool(signed_commit(2, 1, [1; 32]))),
			invalid(InvalidTransaction::Stale)
		);
		next_block();
		assert_noop!(
			Probes::commit(authorized(), 1, 2, [1; 32], no_signature()),
			Error::<Test>::TooLate
		);
		// A commit in time counts like any other.
		commit(2, 1, REPORT.to_vec()).unwrap();
		crate::mock::to_reveals();
		for prober in [0, 1] {
			assert_ok!(reveal_call(prober, 1, &REPORT).dispatch_here());
		}
		to_judged(1);
		let duty = [0, 1, 2].map(|prober| Probes::duty(account(prober)).unwrap());
		assert_eq!(
			duty.map(|d| (d.rounds, d.committed, d.revealed)),
			[(1, 1, 1), (1, 1, 1), (1, 0, 0)]
		);
	});
}

#[test]
fn a_committing_prober_has_seen_no_reveal_on_any_fork() {
	// Two blocks between the commits and the reveals of a round take neither.
	use Phase::Open;
	build_and_execute(0, || {
		for block in 0..100u32 {
			for round in 0..20 {
				let commits = commit_phase::<Timing>(round, block) == Open;
				let opens = |more| reveal_phase::<Timing>(round, block + more) == Open;
				assert!(!(commits && (0..=2).any(opens)), "round {round} in block {block}");
			}
		}
	});
}

#[test]
fn a_round_without_snapshot_takes_no_commits() {
	build_and_execute(4, || {
		next_block();
		assert_noop!(
			Probes::commit(authorized(), 0, 0, [1; 32], no_signature()),
			Error::<Test>::NoSnapshot
		);
	});
}

#[test]
fn only_probers_of_the_snapshot_commit() {
	in_round_1(|| {
		assert_eq!(
			pool(signed_commit(4, 1, [1; 32])),
			invalid(InvalidTransaction::Custom(refused::NOT_A_PROBER))
		);
		assert_noop!(
			Probes::commit(authorized(), 1, 4, [1; 32], no_signature()),
			Error::<Test>::NotAProber
		);
	});
}

#[test]
fn a_commit_is_signed_by_its_prober_for_its_round_and_chain() {
	in_round_1(|| {
		let hash = [1; 32];
		let refuse = |signature: ProberSignature| {
			let call = Call::commit { round: 1, index: 0, hash, signature };
			assert_eq!(pool(call), invalid(InvalidTransaction::BadProof));
		};
		refuse(sign(1, 1, &hash));
		refuse(sign(0, 2, &hash));
		refuse(sign(0, 1, &[2; 32]));
		refuse(pair(0).sign(&commit_payload(&[9; 32], 1, &hash)));
		refuse(no_signature());
	});
}

#[test]
fn reveals_take_the_fifth_block_to_the_second_of_the_next_round() {
	in_round_1(|| {
		for prober in 0..3 {
			commit(1, prober, REPORT.to_vec()).unwrap();
		}
		let at = || pool(reveal_call(2, 1, &REPORT));
		assert_eq!(at(), invalid(InvalidTransaction::Future));
		next_round();
		for _ in 0..4 {
			assert_eq!(at(), invalid(InvalidTransaction::Future), "{}", offset());
			assert_noop!(reveal(1, 0), Error::<Test>::TooEarly);
			next_block();
		}
		assert_eq!((round(), offset(), at().unwrap().longevity), (2, 4, 3));
		assert_ok!(reveal(1, 0));
		next_block();
		assert_eq!((round(), offset(), at().unwrap().longevity), (3, 0, 2));
		next_block();
		assert_eq!((offset(), at().unwrap().longevity), (1, 1));
		assert_ok!(reveal(1, 1));
		assert_eq!(validating_next(at), invalid(InvalidTransaction::Stale));
		next_block();
		assert_noop!(reveal(1, 2), Error::<Test>::TooLate);
		to_judged(1);
		let duty = [0, 1, 2].map(|prober| Probes::duty(account(prober)).unwrap());
		assert_eq!(duty.map(|d| (d.committed, d.revealed)), [(1, 1), (1, 1), (1, 0)]);
	});
}

#[test]
fn a_reveal_must_match_the_commit() {
	in_round_1(|| {
		commit(1, 0, REPORT.to_vec()).unwrap();
		to_reveals();
		assert_eq!(pool(reveal_call(0, 1, &[1, 2])), invalid(InvalidTransaction::BadProof));
		assert_noop!(reveal_call(0, 1, &[1, 2]).dispatch_here(), Error::<Test>::WrongReveal);
		let other_salt = Call::reveal {
			round: 1,
			index: 0,
			salt: [9; 32],
			report: REPORT.to_vec().try_into().unwrap(),
		};
		assert_eq!(pool(other_salt), invalid(InvalidTransaction::BadProof));
		assert_eq!(
			pool(reveal_call(1, 1, &REPORT)),
			invalid(InvalidTransaction::Custom(refused::NO_COMMIT))
		);
		assert_noop!(reveal_call(1, 1, &REPORT).dispatch_here(), Error::<Test>::NoCommit);
		assert_noop!(reveal_call(7, 1, &REPORT).dispatch_here(), Error::<Test>::NotAProber);
	});
}

#[test]
fn a_report_has_one_byte_per_due_target() {
	in_round_1(|| {
		commit(1, 0, vec![1]).unwrap();
		commit(1, 1, vec![1, 2, 3]).unwrap();
		commit(1, 2, vec![]).unwrap();
		to_reveals();
		for (prober, report) in [(0, &[1][..]), (1, &[1, 2, 3][..]), (2, &[][..])] {
			assert_eq!(
				pool(reveal_call(prober, 1, report)),
				invalid(InvalidTransaction::Custom(refused::WRONG_LENGTH))
			);
			assert_noop!(
				reveal_call(prober, 1, report).dispatch_here(),
				Error::<Test>::WrongLength
			);
		}
	});
}

#[test]
fn a_copied_commit_is_useless() {
	in_round_1(|| {
		let hash = hash_of(0, 1, &REPORT);
		assert_ok!(Probes::commit(authorized(), 1, 0, hash, no_signature()));
		// Nothing on chain can tell that prober 1 copies, and its signature is good.
		assert_ok!(pool(signed_commit(1, 1, hash)));
		assert_ok!(Probes::commit(authorized(), 1, 1, hash, no_signature()));
		to_reveals();
		// The report of prober 0 does not have this hash with the key of prober 1.
		assert_ok!(pool(reveal_call(0, 1, &REPORT)));
		let copied = Call::reveal {
			round: 1,
			index: 1,
			salt: salt(1, 0),
			report: REPORT.to_vec().try_into().unwrap(),
		};
		assert_eq!(pool(copied), invalid(InvalidTransaction::BadProof));
	});
}

#[test]
fn reports_are_removed_once_their_round_is_closed() {
	in_round_1(|| {
		for prober in 0..4 {
			commit(1, prober, REPORT.to_vec()).unwrap();
		}
		to_reveals();
		for prober in 0..3 {
			reveal(1, prober).unwrap();
		}
		to_counted();
		assert_eq!(
			Reports::<Test>::iter().count(),
			4,
			"they are needed until all pages are judged"
		);
		to_judged(1);
		assert_eq!(Reports::<Test>::iter().count(), 0);
	});
}

#[test]
fn the_root_of_the_reveals_is_kept() {
	in_round_1(|| {
		// Prober 2 is blind, prober 3 does not reveal.
		let down = Finding::Down.to_byte();
		activate(1).unwrap();
		next_round();
		next_block();
		let report = |prober: u16| if prober == 2 { [down, 22] } else { REPORT };
		for prober in 0..4 {
			commit(2, prober, report(prober).to_vec()).unwrap();
		}
		to_reveals();
		for prober in [2, 0, 1] {
			reveal(2, prober).unwrap();
		}
		assert_eq!(RevealRoots::<Test>::get(2), None);
		to_counted();
		let root = RevealRoots::<Test>::get(2).unwrap();
		to_judged(2);
		let leaf = |prober: u16| {
			reveal_leaf(&genesis(), 2, prober, &key(prober), prober == 2, &report(prober))
		};
		assert_eq!(root, reveals_root([0, 1, 2].map(leaf).to_vec()));
		assert_eq!(Probes::duty(account(2)).unwrap().accepted, 0);
		// A round without a reveal has a root too.
		to_judged(3);
		assert_eq!(RevealRoots::<Test>::get(3), Some(reveals_root(vec![])));
	});
}

#[test]
fn roots_are_dropped_after_a_week_of_rounds() {
	build_and_execute(1, || {
		next_round();
		to_judged(1);
		assert!(RevealRoots::<Test>::contains_key(1));
		// The count of a round removes the root of the one so many rounds earlier.
		let rounds =
			|from: u32| RevealRoots::<Test>::iter_keys().filter(|round| *round >= from).count();
		to_judged(ROOTS_KEPT);
		assert!(RevealRoots::<Test>::contains_key(1));
		assert_eq!(rounds(1), ROOTS_KEPT as usize);
		to_judged(ROOTS_KEPT + 1);
		assert!(!RevealRoots::<Test>::contains_key(1) && RevealRoots::<Test>::contains_key(2));
		to_judged(ROOTS_KEPT + 20);
		assert_eq!(rounds(0), ROOTS_KEPT as usize);
	});
}

#[test]
fn every_byte_and_flag_changes_the_root() {
	let report: Vec<u8> = (0..40).collect();
	let leaf = |change: &dyn Fn(&mut Leaf)| {
		let mut leaf = Leaf {
			genesis: vec![7; 32],
			round: 5,
			index: 1,
			key: 1,
			blind: false,
			report: report.clone(),
		};
		change(&mut leaf);
		reveal_leaf(&leaf.genesis, leaf.round, leaf.index, &key(leaf.key), leaf.blind, &leaf.report)
	};
	let first = leaf(&|leaf| (leaf.index, leaf.key) = (0, 0));
	let with = |change: &dyn Fn(&mut Leaf)| reveals_root(vec![first.clone(), leaf(change)]);
	let root = with(&|_| ());
	assert_eq!(with(&|_| ()), root);
	let mut roots = vec![root];
	for at in 0..report.len() {
		for bit in 0..8 {
			roots.push(with(&|leaf| leaf.report[at] ^= 1 << bit));
		}
	}
	roots.push(with(&|leaf| leaf.report.truncate(39)));
	roots.push(with(&|leaf| leaf.report.push(0)));
	roots.push(with(&|leaf| leaf.blind = true));
	roots.push(with(&|leaf| leaf.index = 2));
	roots.push(with(&|leaf| leaf.key = 2));
	roots.push(with(&|leaf| leaf.round = 6));
	roots.push(with(&|leaf| leaf.genesis[31] = 0));
	// One more, one less, and in another order.
	roots.push(reveals_root(vec![first.clone()]));
	roots.push(reveals_root(vec![]));
	roots.push(reveals_root(vec![leaf(&|_| ()), first.clone()]));
	roots.push(reveals_root(vec![first.clone(), leaf(&|_| ()), leaf(&|_| ())]));
	let all = roots.len();
	roots.sort();
	roots.dedup();
	assert_eq!(roots.len(), all);
}

/// Parts of a leaf.
struct Leaf {
	genesis: Vec<u8>,
	round: RoundIndex,
	index: u16,
	key: u16,
	blind: bool,
	report: Vec<u8>,
}
