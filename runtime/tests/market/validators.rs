//! Offences of validators: who authors twice is recorded and disabled, who does not probe is recorded only.

use crate::{
	actors::*,
	world::{Conduct, PROBERS, World, account},
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

/// Place of a validator in the session's set.
fn place(who: Sr25519Keyring) -> u32 {
	Session::validators().iter().position(|v| *v == account(who)).unwrap() as u32
}

/// Two blocks of the last block's slot, signed by `signer` in the name of the offender, and the proof that
/// the key is the offender's in this session.
fn evidence(world: &mut World, signer: Sr25519Keyring) -> Evidence {
	world.peek(|| {
		let slot = Babe::current_slot();
		let authority_index = place(OFFENDER);
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

/// Report in a block of its own: by the stranger, or by the block's author without a signature.
fn report(world: &mut World, (proof, owner): &Evidence, signed: bool) -> DispatchResult {
	world.block_with(|| {
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

/// Who is on record for an offence at a (kind-specific) time.
fn recorded(world: &mut World, kind: [u8; 16], time: impl Encode) -> Vec<AccountId> {
	world.peek(|| {
		let ids = pallet_offences::ConcurrentReportsIndex::<Runtime>::get(kind, time.encode());
		ids.into_iter().map(|id| Offences::reports(id).expect("it is kept").offender.0).collect()
	})
}

fn disabled(world: &mut World) -> Vec<u32> {
	world.peek(Session::disabled_validators)
}

/// Go on to the first block of the next session.
fn next_session(world: &mut World) {
	let session = world.peek(Session::current_index);
	world.until("the next session", 12, move || Session::current_index() > session);
}

/// A network some sessions old: the first two have no historical root, so that nothing is proven of them later.
fn settled() -> World {
	let mut world = World::new();
	next_session(&mut world);
	next_session(&mut world);
	world.rounds(1);
	world
}

fn is_disabling(event: &RuntimeEvent) -> bool {
	matches!(event, RuntimeEvent::Session(pallet_session::Event::ValidatorDisabled { .. }))
}

fn who_signs_two_blocks_of_a_slot_is_recorded_and_disabled(signed: bool) {
	let mut world = settled();
	let evidence = evidence(&mut world, OFFENDER);
	let slot: Slot = evidence.0.slot;
	assert!(disabled(&mut world).is_empty());
	report(&mut world, &evidence, signed).unwrap();
	assert!(world.events().iter().any(is_disabling));
	assert_eq!(recorded(&mut world, EQUIVOCATION, slot), [account(OFFENDER)]);
	let offender = world.peek(|| place(OFFENDER));
	assert_eq!(disabled(&mut world), [offender]);

	// Whoever reports it again, and however, is refused, and nothing is added.
	for signed in [true, false] {
		let again = report(&mut world, &evidence, signed).unwrap_err();
		assert_eq!(again, pallet_babe::Error::<Runtime>::DuplicateOffenceReport.into());
	}
	assert_eq!(recorded(&mut world, EQUIVOCATION, slot), [account(OFFENDER)]);
	assert_eq!(disabled(&mut world), [offender]);

	// For the rest of the session only.
	next_session(&mut world);
	assert!(disabled(&mut world).is_empty());
	world.check();
}

#[test]
fn who_signs_two_blocks_of_a_slot_is_recorded_and_disabled_when_an_account_reports() {
	who_signs_two_blocks_of_a_slot_is_recorded_and_disabled(true);
}

#[test]
fn who_signs_two_blocks_of_a_slot_is_recorded_and_disabled_when_an_author_reports() {
	who_signs_two_blocks_of_a_slot_is_recorded_and_disabled(false);
}

#[test]
fn an_offence_of_a_session_that_is_over_is_recorded_and_disables_nobody() {
	let mut world = settled();
	let evidence = evidence(&mut world, OFFENDER);
	next_session(&mut world);
	report(&mut world, &evidence, true).unwrap();
	assert_eq!(recorded(&mut world, EQUIVOCATION, evidence.0.slot), [account(OFFENDER)]);
	assert!(disabled(&mut world).is_empty());
	world.check();
}

#[test]
fn nobody_is_accused_with_what_another_signed_or_with_another_ones_proof() {
	let mut world = settled();
	let forged = evidence(&mut world, Sr25519Keyring::Alice);
	let error = report(&mut world, &forged, true).unwrap_err();
	assert_eq!(error, pallet_babe::Error::<Runtime>::InvalidEquivocationProof.into());
	let (proof, _) = evidence(&mut world, OFFENDER);
	let alice: sp_consensus_babe::AuthorityId = Sr25519Keyring::Alice.public().into();
	let of_alice = world.peek(|| Historical::prove((KEY_TYPE, alice)).unwrap());
	let slot = proof.slot;
	let error = report(&mut world, &(proof, of_alice), true).unwrap_err();
	assert_eq!(error, pallet_babe::Error::<Runtime>::InvalidKeyOwnershipProof.into());
	assert!(recorded(&mut world, EQUIVOCATION, slot).is_empty());
	assert!(disabled(&mut world).is_empty());
	world.check();
}

#[test]
fn who_does_not_probe_for_a_session_is_recorded_and_not_disabled() {
	let mut world = settled();
	// What is probed, so that there is a duty.
	world.operator(AssetId::Native);
	next_session(&mut world);
	let absent = PROBERS.iter().position(|who| *who == OFFENDER).unwrap();
	world.conduct[absent] = Conduct::Absent;
	let to_the_end = |world: &mut World| {
		let session = world.peek(Session::current_index);
		next_session(world);
		let events = world.events();
		assert_eq!(recorded(world, NEGLECT, session), [account(OFFENDER)]);
		// A new session begins with an empty list: had it been in the old one's, only the event would show it.
		assert!(!events.iter().any(is_disabling));
		assert!(disabled(world).is_empty());
		(session, events)
	};
	// The first one still counts a round or two of before; the second has no report of it at all.
	to_the_end(&mut world);
	let (session, events) = to_the_end(&mut world);
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

	// Back at work, it is not on record for the session that follows.
	world.conduct[absent] = Conduct::Honest;
	next_session(&mut world);
	let session = world.peek(Session::current_index);
	next_session(&mut world);
	assert!(recorded(&mut world, NEGLECT, session).is_empty());
	world.check();
}
