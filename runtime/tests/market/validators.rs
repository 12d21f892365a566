// SPDX-License-Identifier: Apache-2.0

//! Offences of validators: an equivocation disables and is slashed after a delay, neglect of probing
//! costs a little and the seat.

use crate::{
	actors::*,
	bonds::set_keys,
	calls::watch,
	fixture::{Conduct, Fixture, PROBERS, account},
	governance::dispatch,
	transactions::undone,
};
use codec::{Decode, Encode};
use frame_support::{assert_noop, assert_ok, traits::KeyOwnerProofSystem};
use pallet_staking as staking;
use pallet_surety_probes as probes;
use pallet_surety_timing::EraTimings;
use sp_consensus_babe::{
	BABE_ENGINE_ID, EquivocationProof, KEY_TYPE, Slot,
	digests::{PreDigest, SecondaryPlainPreDigest},
};
use sp_consensus_grandpa as grandpa;
use sp_core::Pair;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{
	Digest, DigestItem, DispatchError, DispatchResult, Perbill,
	traits::{Dispatchable as _, Header as _},
	transaction_validity::{InvalidTransaction, TransactionSource},
};
use sp_session::MembershipProof;
use surety_primitives::{AssetId, Candidates as _};
use surety_runtime::{
	governance::origins::Origin,
	validators::{KeyOwners, NEGLECT_SLASH, StakingCandidates},
	*,
};

const OFFENDER: Sr25519Keyring = Sr25519Keyring::Dave;
/// Key of GRANDPA of the offender.
const OFFENDING_VOTER: Ed25519Keyring = Ed25519Keyring::Dave;
const EQUIVOCATION: [u8; 16] = *b"babe:equivocatio";
const DOUBLE_VOTE: [u8; 16] = *b"grandpa:equivoca";
const NEGLECT: [u8; 16] = *b"surety:neglect..";

type Evidence = (EquivocationProof<Header>, MembershipProof);

/// Index of a validator in the set of the session.
fn index_of(who: Sr25519Keyring) -> u32 {
	Session::validators().iter().position(|v| *v == account(who)).unwrap() as u32
}

/// Two blocks in the slot of the last block, signed by `signer` in the name of the offender, with
/// the proof that the key belongs to the offender in this session.
fn evidence(chain: &mut Fixture, signer: Sr25519Keyring) -> Evidence {
	chain.peek(|| {
		let slot = Babe::current_slot();
		let authority_index = index_of(OFFENDER);
		let block = |state_root: [u8; 32]| {
			let digest =
				PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index, slot });
			let mut header = Header::new(
				System::block_number(),
				Default::default(),
				state_root.into(),
				System::parent_hash(),
				Digest { logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())] },
			);
			let seal = signer.pair().sign(header.hash().as_ref());
			header.digest_mut().push(DigestItem::Seal(BABE_ENGINE_ID, seal.encode()));
			header
		};
		let offender: sp_consensus_babe::AuthorityId = OFFENDER.public().into();
		let owner =
			KeyOwners::prove((KEY_TYPE, offender.clone())).expect("it is a key of the session");
		let proof = EquivocationProof {
			offender,
			slot,
			first_header: block([1; 32]),
			second_header: block([2; 32]),
		};
		(proof, owner)
	})
}

/// Unsigned transaction with two precommits in round 7 of GRANDPA, for the blocks `first` and
/// `second`, signed by `signer` in the name of the offender, and the proof that the key belongs to
/// the offender in this session.
fn double_vote(
	chain: &mut Fixture,
	signer: Ed25519Keyring,
	[first, second]: [[u8; 32]; 2],
) -> UncheckedExtrinsic {
	chain.peek(|| {
		let (set_id, round) = (Grandpa::current_set_id(), 7);
		let offender: grandpa::AuthorityId = OFFENDING_VOTER.public().into();
		let signed = |hash: [u8; 32]| {
			let vote = grandpa::Precommit::<Header> {
				target_hash: hash.into(),
				target_number: System::block_number(),
			};
			let message = grandpa::Message::<Header>::Precommit(vote.clone());
			(vote, signer.sign(&grandpa::localized_payload(round, set_id, &message)))
		};
		// The struct is that of a crate that the runtime does not name.
		let bytes = (round, &offender, signed(first), signed(second)).encode();
		let votes = Decode::decode(&mut &bytes[..]).expect("its fields, in this order");
		let owner = KeyOwners::prove((grandpa::KEY_TYPE, offender)).expect("a key of the session");
		let call = pallet_grandpa::Call::report_equivocation_unsigned {
			equivocation_proof: Box::new(grandpa::EquivocationProof::new(
				set_id,
				grandpa::Equivocation::Precommit(votes),
			)),
			key_owner_proof: owner,
		};
		UncheckedExtrinsic::new_bare(call.into())
	})
}

/// Report an equivocation in a block of its own, signed by the stranger or unsigned by the author
/// of the block.
fn report(chain: &mut Fixture, (proof, owner): &Evidence, signed: bool) -> DispatchResult {
	chain.block_with(|| {
		let proof = Box::new(proof.clone());
		let result = match signed {
			true => Babe::report_equivocation(
				RuntimeOrigin::signed(account(STRANGER)),
				proof,
				owner.clone(),
			),
			false => {
				Babe::report_equivocation_unsigned(RuntimeOrigin::none(), proof, owner.clone())
			},
		};
		result.map(drop).map_err(|e| e.error)
	})
}

/// Accounts on record for an offence of a kind at a time slot.
fn recorded(chain: &mut Fixture, kind: [u8; 16], time: impl Encode) -> Vec<AccountId> {
	chain.peek(|| {
		let ids = pallet_offences::ConcurrentReportsIndex::<Runtime>::get(kind, time.encode());
		ids.into_iter().map(|id| Offences::reports(id).expect("it is kept").offender.0).collect()
	})
}

fn disabled(chain: &mut Fixture) -> Vec<u32> {
	chain.peek(Session::disabled_validators)
}

/// Balance of the treasury.
fn treasury(chain: &mut Fixture) -> Balance {
	chain.peek(|| Balances::free_balance(configs::market::TreasuryAccount::get()))
}

/// Slashes that wait, by the era in which they are applied: validator and amount.
fn waiting(chain: &mut Fixture) -> Vec<(u32, AccountId, Balance)> {
	chain.peek(|| {
		let all = staking::UnappliedSlashes::<Runtime>::iter();
		all.flat_map(|(era, slashes)| slashes.into_iter().map(move |s| (era, s.validator, s.own)))
			.collect()
	})
}

/// Share of its bond that one of four validators loses for an equivocation: (3 / 4)^2.
fn share_of_one_in_four(bond: Balance) -> Balance {
	bond * 9 / 16
}

/// Network in a round after the first.
fn started() -> Fixture {
	let mut chain = Fixture::new();
	chain.rounds(1);
	chain
}

fn is_disabling(event: &RuntimeEvent) -> bool {
	matches!(event, RuntimeEvent::Session(pallet_session::Event::ValidatorDisabled { .. }))
}

fn an_equivocation_is_recorded_and_disables(signed: bool) {
	let mut chain = started();
	// Sessions do not reset the disabled of the first one.
	chain.next_session();
	let evidence = evidence(&mut chain, OFFENDER);
	let slot: Slot = evidence.0.slot;
	assert!(disabled(&mut chain).is_empty());
	report(&mut chain, &evidence, signed).unwrap();
	assert!(chain.events().iter().any(is_disabling));
	assert_eq!(recorded(&mut chain, EQUIVOCATION, slot), [account(OFFENDER)]);
	let offender = chain.peek(|| index_of(OFFENDER));
	assert_eq!(disabled(&mut chain), [offender]);

	// Another report is refused, signed or not, and nothing is added.
	for signed in [true, false] {
		let again = report(&mut chain, &evidence, signed).unwrap_err();
		assert_eq!(again, pallet_babe::Error::<Runtime>::DuplicateOffenceReport.into());
	}
	assert_eq!(recorded(&mut chain, EQUIVOCATION, slot), [account(OFFENDER)]);
	assert_eq!(disabled(&mut chain), [offender]);

	// The offender is disabled for the rest of the era, here a session.
	chain.next_session();
	assert!(disabled(&mut chain).is_empty());
	chain.check();
}

#[test]
fn an_equivocation_reported_by_an_account_disables() {
	an_equivocation_is_recorded_and_disables(true);
}

#[test]
fn an_equivocation_reported_by_an_author_disables() {
	an_equivocation_is_recorded_and_disables(false);
}

#[test]
fn an_offence_of_an_era_that_is_over_is_slashed_and_disables_nobody() {
	// That of the first session too: its historical root is noted at genesis.
	let mut chain = started();
	let evidence = evidence(&mut chain, OFFENDER);
	chain.next_session();
	report(&mut chain, &evidence, true).unwrap();
	assert_eq!(recorded(&mut chain, EQUIVOCATION, evidence.0.slot), [account(OFFENDER)]);
	assert!(disabled(&mut chain).is_empty());
	let lost = share_of_one_in_four(chain.stake(OFFENDER));
	assert_eq!(waiting(&mut chain), [(2, account(OFFENDER), lost)]);
	chain.check();
}

/// The reported equivocation of one of four in era 0 is slashed as era 2 begins: one era is left to
/// cancel it.
fn is_slashed_after_the_delay_to_the_treasury(mut chain: Fixture) {
	let bond = chain.stake(OFFENDER);
	let lost = share_of_one_in_four(bond);
	assert_eq!(waiting(&mut chain), [(2, account(OFFENDER), lost)]);
	chain.next_session();
	assert_eq!(chain.stake(OFFENDER), bond);
	let before = treasury(&mut chain);
	chain.next_session();
	assert_eq!(chain.era(), 2);
	assert_eq!(chain.stake(OFFENDER), bond - lost);
	assert_eq!(treasury(&mut chain), before + lost);
	assert!(waiting(&mut chain).is_empty());
	chain.check();
}

#[test]
fn an_equivocation_is_slashed_after_the_delay_and_goes_to_the_treasury() {
	let mut chain = started();
	let evidence = evidence(&mut chain, OFFENDER);
	report(&mut chain, &evidence, false).unwrap();
	is_slashed_after_the_delay_to_the_treasury(chain);
}

#[test]
fn a_double_vote_of_grandpa_is_slashed_after_the_delay_too() {
	let mut chain = started();
	let report = double_vote(&mut chain, OFFENDING_VOTER, [[1; 32], [2; 32]]);
	// The pool takes it from this node only: an author includes what its own voter saw.
	let pooled = |chain: &mut Fixture, source| {
		let parent = chain.peek(System::parent_hash);
		chain.peek(|| {
			undone(|| Executive::validate_transaction(source, report.clone(), parent)).map(drop)
		})
	};
	let foreign = pooled(&mut chain, TransactionSource::External);
	assert_eq!(foreign, Err(InvalidTransaction::Call.into()));
	assert_eq!(pooled(&mut chain, TransactionSource::Local), Ok(()));
	let apply =
		|chain: &mut Fixture| chain.block_with(|| Executive::apply_extrinsic(report.clone()));
	assert_eq!(apply(&mut chain), Ok(Ok(())));
	assert!(chain.events().iter().any(is_disabling));
	let place = chain.peek(|| (Grandpa::current_set_id(), 7u64));
	assert_eq!(recorded(&mut chain, DOUBLE_VOTE, place), [account(OFFENDER)]);
	// Once is enough, for the pool as for a block.
	let known = Err(InvalidTransaction::Stale.into());
	assert_eq!(pooled(&mut chain, TransactionSource::Local), known);
	assert_eq!(apply(&mut chain).map(drop), known);
	is_slashed_after_the_delay_to_the_treasury(chain);
}

#[test]
fn forged_evidence_of_a_double_vote_is_refused() {
	let mut chain = started();
	// Votes of somebody else, and twice the same vote.
	for (signer, blocks) in
		[(Ed25519Keyring::Alice, [[1; 32], [2; 32]]), (OFFENDING_VOTER, [[1; 32], [1; 32]])]
	{
		let forged = double_vote(&mut chain, signer, blocks);
		let refused = pallet_grandpa::Error::<Runtime>::InvalidEquivocationProof.into();
		let applied = chain.block_with(|| Executive::apply_extrinsic(forged));
		assert_eq!(applied, Ok(Err(refused)));
	}
	assert!(waiting(&mut chain).is_empty());
	assert!(disabled(&mut chain).is_empty());
	chain.check();
}

#[test]
fn a_slash_that_governance_cancels_is_not_applied() {
	let mut chain = started();
	let evidence = evidence(&mut chain, OFFENDER);
	report(&mut chain, &evidence, false).unwrap();
	let cancel = || staking::Call::cancel_deferred_slash { era: 2, slash_indices: vec![0] };
	let error = chain.call(OFFENDER, cancel()).unwrap_err().error;
	assert_eq!(error, DispatchError::BadOrigin);
	chain.peek(|| {
		for origin in [Origin::MarketAdmin, Origin::Treasurer, Origin::WhitelistedCaller] {
			assert_noop!(dispatch(origin, cancel()), DispatchError::BadOrigin);
		}
	});
	let bond = chain.stake(OFFENDER);
	chain.enact(Origin::StakingAdmin, cancel().into());
	assert!(chain.era() < 2, "in time");
	while chain.era() < 2 {
		chain.next_session();
	}
	assert_eq!(chain.stake(OFFENDER), bond);
	chain.check();
}

/// Why `staking.force_unstake` is excluded from the random calls.
#[test]
fn root_that_unstakes_a_validator_with_a_slash_hides_the_bond_from_it() {
	let mut chain = started();
	let evidence = evidence(&mut chain, OFFENDER);
	report(&mut chain, &evidence, false).unwrap();
	// Another candidate, so that there are elections, and eras pass.
	let bond = chain.stake(OFFENDER);
	chain.candidate(OPERATOR, bond);
	watch::start();
	chain.block_with(|| {
		let call = staking::Call::force_unstake { stash: account(OFFENDER), num_slashing_spans: 8 };
		assert_ok!(dispatch(RuntimeOrigin::root(), call));
	});
	let free = chain.peek(|| Balances::free_balance(account(OFFENDER)));
	assert!(watch::fired().is_empty());
	while chain.era() < 2 {
		chain.next_session();
	}
	// Staking takes it for a fault of its own that the bond is gone.
	let fired = watch::fired();
	assert!(fired.iter().any(|message| message.ends_with("NotStash")), "{fired:?}");
	assert!(waiting(&mut chain).is_empty());
	assert!(chain.peek(|| Balances::free_balance(account(OFFENDER))) >= free);
	chain.check();
}

/// Why `session.purge_keys` is excluded from the random calls: the fixture has four authors.
#[test]
fn session_drops_validators_without_keys_down_to_an_empty_set() {
	let mut chain = started();
	for who in PROBERS {
		assert_ok!(chain.call(who, pallet_session::Call::purge_keys {}));
	}
	chain.next_session();
	assert_eq!(chain.validators(), PROBERS, "the keys of the planned session are used once more");
	let queued = chain.peek(pallet_session::QueuedKeys::<Runtime>::get);
	assert!(queued.is_empty(), "nobody authors the session after it");
	chain.check();
}

/// Why `grandpa.note_stalled` is excluded from the random calls.
#[test]
#[should_panic = "attempt to multiply with overflow"]
fn grandpa_doubles_the_delay_that_root_names_without_a_check() {
	let mut chain = started();
	chain.block_with(|| {
		let call = pallet_grandpa::Call::note_stalled {
			delay: BlockNumber::MAX / 2 + 1,
			best_finalized_block_number: 0,
		};
		assert_ok!(dispatch(RuntimeOrigin::root(), call));
	});
	chain.next_session();
}

/// A slash by governance waits in the scheduler then, for a block of another author.
#[test]
#[should_panic = "is disabled and should not be attempting to author blocks"]
fn no_author_finalizes_the_block_that_disables_it() {
	let mut chain = started();
	chain.block_with(|| {
		let author = account(PROBERS[0]);
		for call in [
			staking::Call::set_invulnerables { invulnerables: Vec::new() },
			staking::Call::manual_slash {
				validator_stash: author,
				era: 0,
				slash_fraction: Perbill::from_percent(10),
			},
		] {
			assert_ok!(RuntimeCall::from(call).dispatch(RuntimeOrigin::root()));
		}
	});
}

#[test]
fn tokens_that_unbond_are_slashed_too() {
	let mut chain = started();
	let evidence = evidence(&mut chain, OFFENDER);
	let bond = chain.stake(OFFENDER);
	// Another candidate, so that there are elections, and eras pass.
	chain.candidate(OPERATOR, bond);
	assert_ok!(chain.call(OFFENDER, staking::Call::chill {}));
	assert_ok!(chain.call(OFFENDER, staking::Call::unbond { value: bond }));
	report(&mut chain, &evidence, false).unwrap();
	chain.next_session();
	chain.next_session();
	let left = bond - share_of_one_in_four(bond);
	let ledger =
		chain.peek(|| staking::Ledger::<Runtime>::get(account(OFFENDER)).expect("it unbonds"));
	assert_eq!((ledger.active, ledger.total), (0, left));
	chain.check();
	// The rest is free after four eras.
	let spans = staking::Call::withdraw_unbonded { num_slashing_spans: 8 };
	assert_ok!(chain.call(OFFENDER, spans.clone()));
	assert!(chain.peek(|| staking::Ledger::<Runtime>::contains_key(account(OFFENDER))));
	while chain.era() < 5 {
		chain.next_session();
	}
	assert_ok!(chain.call(OFFENDER, spans));
	assert!(!chain.peek(|| staking::Ledger::<Runtime>::contains_key(account(OFFENDER))));
	chain.check();
}

#[test]
fn an_offence_from_before_the_bonding_period_is_refused() {
	let mut chain = started();
	let evidence = evidence(&mut chain, OFFENDER);
	while chain.era() < 5 {
		chain.next_session();
	}
	let error = report(&mut chain, &evidence, true).unwrap_err();
	assert_eq!(error, pallet_babe::Error::<Runtime>::InvalidKeyOwnershipProof.into());
	assert!(waiting(&mut chain).is_empty());
	chain.check();
}

#[test]
fn an_invulnerable_validator_is_on_record_and_keeps_its_bond() {
	let mut chain = started();
	let invulnerables = staking::Call::set_invulnerables { invulnerables: vec![account(OFFENDER)] };
	chain.block_with(|| {
		assert_ok!(RuntimeCall::from(invulnerables).dispatch(RuntimeOrigin::root()));
	});
	let evidence = evidence(&mut chain, OFFENDER);
	report(&mut chain, &evidence, true).unwrap();
	assert_eq!(recorded(&mut chain, EQUIVOCATION, evidence.0.slot), [account(OFFENDER)]);
	assert!(waiting(&mut chain).is_empty());
	chain.check();
}

#[test]
fn an_offender_is_disabled_until_the_era_ends() {
	let sessions = serde_json::json!({ "timing": { "eras": { "sessions": 3 } } });
	let mut chain = Fixture::with_changes("local_testnet", sessions);
	while chain.era() < 1 {
		chain.next_session();
	}
	chain.rounds(1);
	let evidence = evidence(&mut chain, OFFENDER);
	report(&mut chain, &evidence, true).unwrap();
	let offender = chain.peek(|| index_of(OFFENDER));
	for _ in 0..2 {
		chain.next_session();
		assert_eq!((chain.era(), disabled(&mut chain)), (1, vec![offender]));
	}
	chain.next_session();
	assert_eq!((chain.era(), disabled(&mut chain)), (2, vec![]));
	chain.check();
}

#[test]
fn forged_evidence_of_an_equivocation_is_refused() {
	let mut chain = started();
	let forged = evidence(&mut chain, Sr25519Keyring::Alice);
	let error = report(&mut chain, &forged, true).unwrap_err();
	assert_eq!(error, pallet_babe::Error::<Runtime>::InvalidEquivocationProof.into());
	let (proof, _) = evidence(&mut chain, OFFENDER);
	let alice: sp_consensus_babe::AuthorityId = Sr25519Keyring::Alice.public().into();
	let of_alice = chain.peek(|| Historical::prove((KEY_TYPE, alice)).unwrap());
	let slot = proof.slot;
	let error = report(&mut chain, &(proof, of_alice), true).unwrap_err();
	assert_eq!(error, pallet_babe::Error::<Runtime>::InvalidKeyOwnershipProof.into());
	assert!(recorded(&mut chain, EQUIVOCATION, slot).is_empty());
	assert!(disabled(&mut chain).is_empty());
	chain.check();
}

/// Chain with a service, in which the last prober does not report from now on. The session is not
/// the first with the service.
fn with_an_absent_prober() -> (Fixture, usize) {
	let mut chain = started();
	// Without a service there is no duty.
	chain.operator(AssetId::Native);
	chain.next_session();
	let absent = PROBERS.iter().position(|who| *who == OFFENDER).unwrap();
	chain.conduct[absent] = Conduct::Absent;
	(chain, absent)
}

/// Build blocks to the next session, and return the sessions of the offender's neglect and whether
/// anybody was disabled.
fn neglected(chain: &mut Fixture) -> Vec<u32> {
	let session = chain.peek(Session::current_index);
	chain.next_session();
	let events = chain.events();
	// A new session begins with an empty list, so only the event would show that the offender was
	// disabled in the old one.
	assert!(!events.iter().any(is_disabling));
	assert!(disabled(chain).is_empty());
	let on_record = recorded(chain, NEGLECT, session);
	let failed = events.into_iter().filter_map(|event| match event {
		RuntimeEvent::Probes(probes::Event::DutyFailed { session, prober, tally }) => {
			assert!(tally.rounds >= probes::MIN_ROUNDS);
			assert_eq!(prober, account(OFFENDER));
			Some(session)
		},
		_ => None,
	});
	let failed: Vec<u32> = failed.collect();
	assert_eq!(on_record.len(), failed.len());
	failed
}

#[test]
fn neglect_of_probing_costs_a_little_and_disables_nobody() {
	let (mut chain, absent) = with_an_absent_prober();
	let bond = chain.stake(OFFENDER);
	let session = chain.peek(Session::current_index);
	assert_eq!(neglected(&mut chain), [session]);
	let lost = NEGLECT_SLASH * bond;
	assert_eq!(lost, UNIT, "0.01 % of 10,000 SURE");
	assert_eq!(waiting(&mut chain), [(session + 2, account(OFFENDER), lost)]);
	chain.conduct[absent] = Conduct::Honest;
	chain.next_session();
	assert_eq!((chain.era(), chain.stake(OFFENDER)), (session + 2, bond - lost));
	assert!(neglected(&mut chain).is_empty(), "it reports again");
	assert!(chain.peek(|| staking::Validators::<Runtime>::contains_key(account(OFFENDER))));
	chain.check();
}

#[test]
fn a_prober_that_neglects_three_sessions_loses_its_seat_until_it_validates() {
	let (mut chain, absent) = with_an_absent_prober();
	// A fifth candidate, so that the set can do without the offender.
	chain.candidate(OPERATOR, 10_000 * UNIT);
	let is_candidate = |chain: &mut Fixture| {
		chain.peek(|| staking::Validators::<Runtime>::contains_key(account(OFFENDER)))
	};
	for _ in 0..2 {
		chain.next_session();
		assert!(is_candidate(&mut chain));
	}
	chain.next_session();
	assert!(!is_candidate(&mut chain));
	chain.next_election();
	assert!(!chain.validators().contains(&OFFENDER));
	assert_eq!(chain.validators().len(), 4);
	chain.conduct[absent] = Conduct::Honest;
	chain.validate(OFFENDER);
	chain.next_election();
	assert!(chain.validators().contains(&OFFENDER));
	chain.check();
}

/// Validators that are candidates after the neglect of Dave, Alice and Charlie.
fn standing_after_neglect(chain: &mut Fixture) -> Vec<Sr25519Keyring> {
	let all = [OFFENDER, Sr25519Keyring::Alice, Sr25519Keyring::Charlie].map(account);
	chain.peek(|| {
		StakingCandidates::chill(&all);
		let stands =
			|who: &Sr25519Keyring| staking::Validators::<Runtime>::contains_key(account(*who));
		PROBERS.into_iter().filter(stands).collect()
	})
}

#[test]
fn invulnerable_and_indispensable_probers_are_not_chilled() {
	// An election needs four candidates.
	let mut chain = started();
	assert_eq!(standing_after_neglect(&mut chain), PROBERS);

	// Alice is invulnerable. With fewer than three the set of four would be lost, however many
	// candidates wait for a seat.
	let mut chain = started();
	chain.candidate(OPERATOR, 10 * UNIT);
	chain.candidate(STRANGER, 10 * UNIT);
	let left = standing_after_neglect(&mut chain);
	assert_eq!(left.len(), 3);
	assert!(!left.contains(&OFFENDER));
	chain.check();
}

/// Regression: the SDK looks up the keys announced last, in which those in use were missing for two
/// sessions, so that no report could prove an equivocation with them.
#[test]
fn whoever_announces_new_keys_or_none_answers_for_the_old_ones() {
	let new = sp_core::sr25519::Pair::from_seed(&[7; 32]);
	let rotate = set_keys(OFFENDER, &new, &OFFENDER.pair());
	for call in [rotate, pallet_session::Call::purge_keys {}] {
		for sessions in [0, 1] {
			let mut chain = started();
			assert_ok!(chain.call(OFFENDER, call.clone()));
			for _ in 0..sessions {
				chain.next_session();
			}
			let evidence = evidence(&mut chain, OFFENDER);
			let announced = chain.peek(|| {
				Historical::check_proof((KEY_TYPE, evidence.0.offender.clone()), evidence.1.clone())
			});
			assert_eq!(announced, None, "the SDK's check refuses the proof");
			report(&mut chain, &evidence, false).unwrap();
			assert_eq!(recorded(&mut chain, EQUIVOCATION, evidence.0.slot), [account(OFFENDER)]);
			chain.check();
		}
	}
}

/// A proof of the session in which a key was in use holds when the session is over, by the root that
/// the SDK noted.
#[test]
fn a_proof_of_old_keys_holds_after_their_session() {
	let new = sp_core::sr25519::Pair::from_seed(&[7; 32]);
	let mut chain = started();
	assert_ok!(chain.call(OFFENDER, set_keys(OFFENDER, &new, &OFFENDER.pair())));
	chain.next_session();
	let evidence = evidence(&mut chain, OFFENDER);
	chain.next_session();
	report(&mut chain, &evidence, true).unwrap();
	assert_eq!(recorded(&mut chain, EQUIVOCATION, evidence.0.slot), [account(OFFENDER)]);
	chain.check();
}

/// Regression: staking frees a bond when it plans the last era of the bonding period, and slashes
/// when an era begins. With one era less than the bonding period between offence and slash, an
/// offender that unbonded at once withdrew a session before.
#[test]
fn no_bond_is_free_before_its_slash() {
	// The longest delay that the rule allows for three eras of bonding.
	let eras = EraTimings { sessions: 3, bonding: 3, slash_defer: 1 };
	assert_eq!(eras.check(), Ok(()));
	assert!(EraTimings { slash_defer: 2, ..eras }.check().is_err());
	let changes = serde_json::json!({ "timing": { "eras": eras } });
	let mut chain = Fixture::with_changes("local_testnet", changes);
	chain.rounds(1);
	let evidence = evidence(&mut chain, OFFENDER);
	let bond = chain.stake(OFFENDER);
	chain.candidate(OPERATOR, bond);
	assert_ok!(chain.call(OFFENDER, staking::Call::chill {}));
	assert_ok!(chain.call(OFFENDER, staking::Call::unbond { value: bond }));
	report(&mut chain, &evidence, false).unwrap();
	let withdraw = staking::Call::withdraw_unbonded { num_slashing_spans: 8 };
	let is_bonded = |chain: &mut Fixture| {
		chain.peek(|| staking::Ledger::<Runtime>::contains_key(account(OFFENDER)))
	};
	let before = treasury(&mut chain);
	while is_bonded(&mut chain) {
		assert!(chain.era() <= 3, "the bond is free after three eras");
		chain.next_session();
		assert_ok!(chain.call(OFFENDER, withdraw.clone()));
	}
	assert!(treasury(&mut chain) >= before + share_of_one_in_four(bond));
	assert!(waiting(&mut chain).is_empty());
	chain.check();
}
