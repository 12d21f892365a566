// SPDX-License-Identifier: Apache-2.0

//! Offences of validators: an equivocation is recorded and disables, neglect of probing is recorded
//! only.

use crate::{
	actors::*,
	fixture::{Conduct, Fixture, PROBERS, account},
};
use codec::Encode;
use frame_support::traits::KeyOwnerProofSystem;
use sp_consensus_babe::{
	BABE_ENGINE_ID, EquivocationProof, KEY_TYPE, Slot,
	digests::{PreDigest, SecondaryPlainPreDigest},
};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{Digest, DigestItem, DispatchResult, traits::Header as _};
use sp_session::MembershipProof;
use surety_primitives::AssetId;
use surety_runtime::*;

const OFFENDER: Sr25519Keyring = Sr25519Keyring::Dave;
const EQUIVOCATION: [u8; 16] = *b"babe:equivocatio";
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
			Historical::prove((KEY_TYPE, offender.clone())).expect("it is a key of the session");
		let proof = EquivocationProof {
			offender,
			slot,
			first_header: block([1; 32]),
			second_header: block([2; 32]),
		};
		(proof, owner)
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

/// Build blocks to the first block of the next session.
fn next_session(chain: &mut Fixture) {
	let session = chain.peek(Session::current_index);
	chain.until("the next session", 12, move || Session::current_index() > session);
}

/// Network some sessions after genesis. The first two sessions have no historical root, so that
/// nothing can be proven of them later.
fn settled() -> Fixture {
	let mut chain = Fixture::new();
	next_session(&mut chain);
	next_session(&mut chain);
	chain.rounds(1);
	chain
}

fn is_disabling(event: &RuntimeEvent) -> bool {
	matches!(event, RuntimeEvent::Session(pallet_session::Event::ValidatorDisabled { .. }))
}

fn an_equivocation_is_recorded_and_disables(signed: bool) {
	let mut chain = settled();
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

	// The offender is disabled for the rest of the session only.
	next_session(&mut chain);
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
fn an_offence_of_a_session_that_is_over_is_recorded_and_disables_nobody() {
	let mut chain = settled();
	let evidence = evidence(&mut chain, OFFENDER);
	next_session(&mut chain);
	report(&mut chain, &evidence, true).unwrap();
	assert_eq!(recorded(&mut chain, EQUIVOCATION, evidence.0.slot), [account(OFFENDER)]);
	assert!(disabled(&mut chain).is_empty());
	chain.check();
}

#[test]
fn forged_evidence_of_an_equivocation_is_refused() {
	let mut chain = settled();
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

#[test]
fn a_prober_absent_for_a_session_is_recorded_and_not_disabled() {
	let mut chain = settled();
	// Without a service there is no duty.
	chain.operator(AssetId::Native);
	next_session(&mut chain);
	let absent = PROBERS.iter().position(|who| *who == OFFENDER).unwrap();
	chain.conduct[absent] = Conduct::Absent;
	let to_the_end = |chain: &mut Fixture| {
		let session = chain.peek(Session::current_index);
		next_session(chain);
		let events = chain.events();
		assert_eq!(recorded(chain, NEGLECT, session), [account(OFFENDER)]);
		// A new session begins with an empty list, so only the event would show that the offender
		// was disabled in the old one.
		assert!(!events.iter().any(is_disabling));
		assert!(disabled(chain).is_empty());
		(session, events)
	};
	// The first session still counts a round or two of before; the second has no report of the
	// offender at all.
	to_the_end(&mut chain);
	let (session, events) = to_the_end(&mut chain);
	let failed: Vec<_> = events
		.iter()
		.filter_map(|event| match event {
			RuntimeEvent::Probes(pallet_surety_probes::Event::DutyFailed {
				session,
				prober,
				tally,
			}) => Some((*session, prober.clone(), tally.rounds, tally.committed)),
			_ => None,
		})
		.collect();
	assert_eq!(failed.len(), 1, "{failed:?}");
	let (of, prober, rounds, committed) = failed[0].clone();
	assert_eq!((of, prober, committed), (session, account(OFFENDER), 0));
	assert!(rounds >= pallet_surety_probes::MIN_ROUNDS, "{rounds}");

	// The prober reports again, and is not on record for the next full session.
	chain.conduct[absent] = Conduct::Honest;
	next_session(&mut chain);
	let session = chain.peek(Session::current_index);
	next_session(&mut chain);
	assert!(recorded(&mut chain, NEGLECT, session).is_empty());
	chain.check();
}
