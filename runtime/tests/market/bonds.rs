// SPDX-License-Identifier: Apache-2.0

//! Validators' session keys and bonds.

use crate::fixture::{Fixture, account};
use codec::Encode;
use frame_support::assert_ok;
use pallet_staking as staking;
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring;
use surety_runtime::*;

/// Call by which an account announces its session keys, with a BABE key and a probing key of its
/// choice.
pub fn set_keys(
	who: Sr25519Keyring,
	babe: &sr25519::Pair,
	prober: &sr25519::Pair,
) -> pallet_session::Call<Runtime> {
	let ed = sp_keyring::Ed25519Keyring::iter().find(|ed| ed.to_string() == who.to_string());
	let ed = ed.expect("both keyrings have the same names");
	let keys = SessionKeys {
		babe: babe.public().into(),
		grandpa: ed.public().into(),
		authority_discovery: who.public().into(),
		prober: prober.public().into(),
	};
	// Each key signs the account of its owner.
	let owner = sp_core::proof_of_possession::statement_of_ownership(&account(who).encode());
	let discovery = who.pair().sign(&owner);
	let proof = (babe.sign(&owner), ed.pair().sign(&owner), discovery, prober.sign(&owner));
	pallet_session::Call::set_keys { keys, proof: proof.encode() }
}

impl Fixture {
	/// Bond of a validator, without what it unbonds.
	pub fn stake(&mut self, who: Sr25519Keyring) -> Balance {
		self.peek(|| {
			staking::Ledger::<Runtime>::get(account(who)).map_or(0, |ledger| ledger.active)
		})
	}

	/// Bond tokens of an account.
	pub fn bond_with(&mut self, who: Sr25519Keyring, value: Balance) {
		let payee = staking::RewardDestination::Stash;
		assert_ok!(self.call(who, staking::Call::bond { value, payee }));
	}

	/// Make an account a candidate: session keys, bond, declaration.
	pub fn candidate(&mut self, who: Sr25519Keyring, bond: Balance) {
		assert_ok!(self.call(who, set_keys(who, &who.pair(), &who.pair())));
		self.bond_with(who, bond);
		self.validate(who);
	}

	/// Declare that an account is a candidate.
	pub fn validate(&mut self, who: Sr25519Keyring) {
		assert_ok!(self.call(who, staking::Call::validate { prefs: Default::default() }));
	}

	/// Validators of the session, in alphabetical order.
	pub fn validators(&mut self) -> Vec<Sr25519Keyring> {
		let set = self.peek(Session::validators);
		Sr25519Keyring::iter().filter(|who| set.contains(&account(*who))).collect()
	}

	/// Index of the active era.
	pub fn era(&mut self) -> u32 {
		self.peek(|| Staking::active_era().expect("staking has begun").index)
	}

	/// Build blocks to the first block of the next session.
	pub fn next_session(&mut self) {
		let session = self.peek(Session::current_index);
		self.until("the next session", 12, move || Session::current_index() > session);
	}

	/// Build blocks to the first block of an era that is elected from the candidates of now.
	pub fn next_election(&mut self) {
		let planned = self.peek(|| Staking::current_era().expect("staking has begun")) + 1;
		self.until("the era that is elected next", 40, move || {
			Staking::active_era().is_some_and(|era| era.index >= planned)
		});
	}
}
