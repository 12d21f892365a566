// SPDX-License-Identifier: Apache-2.0

//! Election of validators by bond, sessions between elections, and the way into the set and out of
//! it.

use crate::{
	actors::*,
	bonds::set_keys,
	fixture::{Fixture, PROBERS, account},
};
use frame_election_provider_support::ElectionProvider as _;
use frame_support::{assert_ok, traits::KeyOwnerProofSystem};
use pallet_staking as staking;
use sp_core::{Pair as _, sr25519};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::traits::Dispatchable as _;
use surety_runtime::{validators::TopByBond, *};

/// Bond of the validators of genesis.
const BOND: Balance = 10_000 * UNIT;

/// Network with `seats` seats in the set.
fn with_seats(seats: u32) -> Fixture {
	Fixture::with_changes(
		"local_testnet",
		serde_json::json!({
			"staking": { "validatorCount": seats },
		}),
	)
}

/// Network whose eras have several sessions.
fn with_sessions(sessions: u32) -> Fixture {
	Fixture::with_changes(
		"local_testnet",
		serde_json::json!({
			"timing": { "eras": { "sessions": sessions } },
		}),
	)
}

/// Winners of an election now, in its order.
fn elected(chain: &mut Fixture) -> Vec<AccountId> {
	chain.peek(|| {
		let winners = TopByBond::elect(0).expect("there is an election");
		winners.into_iter().map(|(who, _)| who).collect()
	})
}

#[test]
fn the_validators_of_genesis_have_bonds_and_historical_roots() {
	let mut chain = Fixture::new();
	assert_eq!(chain.validators(), PROBERS);
	assert_eq!(chain.era(), 0);
	for who in PROBERS {
		assert_eq!(chain.stake(who), BOND);
		let exposed = chain.peek(|| Staking::eras_stakers(0, &account(who)));
		assert_eq!((exposed.own, exposed.total), (BOND, BOND));
	}
	let roots = chain.peek(|| [0, 1].map(Historical::historical_root));
	assert!(roots.iter().all(|root| root.is_some_and(|(_, count)| count == 4)));
	assert_eq!(chain.peek(Staking::invulnerables), [Alice, Bob].map(account));
	chain.check();
}

#[test]
fn every_preset_starts_with_bonded_validators() {
	for (preset, validators) in [("development", 1), ("local_testnet", 4), ("staging", 4)] {
		let mut chain = Fixture::with_preset(preset);
		chain.block();
		assert_eq!(chain.validators().len(), validators, "{preset}");
		assert_eq!(chain.peek(|| staking::ErasTotalStake::<Runtime>::get(0)), {
			BOND * validators as Balance
		});
		chain.check();
	}
}

#[test]
fn a_candidate_is_elected_with_the_next_era_and_probes() {
	let mut chain = Fixture::new();
	chain.candidate(Eve, 100 * UNIT);
	assert_eq!(chain.validators().len(), 4);
	chain.next_election();
	assert_eq!(chain.validators(), [Alice, Bob, Charlie, Dave, Eve]);
	let probers = chain.peek(pallet_surety_probes::ProberSet::<Runtime>::get);
	assert!(probers.iter().any(|prober| prober.account == account(Eve)));
	assert_eq!(chain.peek(Babe::authorities).len(), 5);
	chain.check();
}

#[test]
fn seats_go_to_the_largest_bonds() {
	let mut chain = with_seats(4);
	chain.candidate(Eve, BOND + 1);
	chain.candidate(Ferdie, BOND - 1);
	let winners = elected(&mut chain);
	assert_eq!(winners[0], account(Eve));
	assert_eq!(winners.len(), 4);
	assert!(!winners.contains(&account(Ferdie)));
	// Of equal bonds the lower account wins.
	let mut rest = PROBERS.map(account).to_vec();
	rest.sort();
	assert_eq!(winners[1..], rest[..3]);
	// The last one bonds more and comes first.
	let loser = PROBERS.into_iter().find(|who| account(*who) == rest[3]).unwrap();
	assert_ok!(chain.call(loser, staking::Call::bond_extra { max_additional: 2 }));
	assert_eq!(elected(&mut chain)[0], rest[3]);
	chain.next_election();
	assert!(chain.validators().contains(&Eve) && chain.validators().contains(&loser));
	assert_eq!(chain.validators().len(), 4);
	chain.check();
}

#[test]
fn a_candidate_without_session_keys_takes_no_seat() {
	let mut chain = with_seats(5);
	chain.bond_with(Eve, 2 * BOND);
	chain.validate(Eve);
	chain.candidate(Ferdie, 100 * UNIT);
	assert!(!elected(&mut chain).contains(&account(Eve)));
	chain.next_election();
	assert_eq!(chain.validators(), [Alice, Bob, Charlie, Dave, Ferdie]);
	// With keys it is elected.
	assert_ok!(chain.call(Eve, set_keys(Eve, &Eve.pair(), &Eve.pair())));
	chain.next_election();
	assert_eq!(chain.validators(), [Alice, Bob, Charlie, Dave, Eve]);
	chain.check();
}

#[test]
fn fewer_than_the_minimum_bond_or_keys_of_others_are_refused() {
	let mut chain = Fixture::new();
	chain.bond_with(Eve, 10 * UNIT - 1);
	let validate = staking::Call::validate { prefs: Default::default() };
	let error = chain.call(Eve, validate).unwrap_err().error;
	assert_eq!(error, staking::Error::<Runtime>::InsufficientBond.into());
	let theft = set_keys(Eve, &Alice.pair(), &Eve.pair());
	let error = chain.call(Eve, theft).unwrap_err().error;
	assert_eq!(error, pallet_session::Error::<Runtime>::DuplicatedKey.into());
	let pallet_session::Call::set_keys { keys, .. } = set_keys(Eve, &Eve.pair(), &Eve.pair())
	else {
		unreachable!()
	};
	let unproven = pallet_session::Call::set_keys { keys, proof: vec![0; 256] };
	let error = chain.call(Eve, unproven).unwrap_err().error;
	assert_eq!(error, pallet_session::Error::<Runtime>::InvalidProof.into());
	chain.check();
}

#[test]
fn nobody_nominates() {
	let mut chain = Fixture::new();
	chain.bond_with(Eve, BOND);
	let nominate = staking::Call::nominate { targets: vec![account(Alice).into()] };
	let outcome = chain.signed(Eve, nominate.clone()).expect("it is included");
	assert_eq!(outcome, Err(frame_system::Error::<Runtime>::CallFiltered.into()));
	// Governance opens no way around the filter by mistake: there is no room for a nominator.
	let origin = RuntimeOrigin::signed(account(Eve));
	let outcome = chain.peek(|| Staking::nominate(origin, vec![account(Alice).into()]));
	assert_eq!(outcome, Err(staking::Error::<Runtime>::TooManyNominators.into()));
	chain.check();
}

#[test]
fn a_validator_purges_its_keys_and_joins_again() {
	let mut chain = Fixture::new();
	chain.candidate(Eve, BOND);
	chain.next_election();
	assert!(chain.validators().contains(&Eve));
	let free = |chain: &mut Fixture| chain.peek(|| Balances::free_balance(account(Eve)));
	let before = free(&mut chain);
	assert_ok!(chain.call(Eve, pallet_session::Call::purge_keys {}));
	assert_eq!(free(&mut chain), before + UNIT / 10, "the deposit for keys is back");
	// The keys of the session that is planned already are used once more.
	chain.next_session();
	chain.next_session();
	assert_eq!(chain.validators(), PROBERS);
	assert_eq!(chain.peek(Grandpa::grandpa_authorities).len(), 4);
	chain.check();

	assert_ok!(chain.call(Eve, set_keys(Eve, &Eve.pair(), &Eve.pair())));
	chain.next_election();
	chain.next_election();
	assert!(chain.validators().contains(&Eve));
	chain.check();
}

#[test]
fn with_too_few_candidates_the_set_stays_and_the_chain_goes_on() {
	let mut chain = Fixture::new();
	assert_ok!(chain.call(Dave, staking::Call::chill {}));
	let era = chain.era();
	for _ in 0..4 {
		chain.next_session();
	}
	assert_eq!(chain.validators(), PROBERS);
	assert!(chain.era() <= era + 1, "an election needs four candidates");
	// A fourth candidate ends the wait.
	chain.candidate(Eve, BOND);
	chain.next_election();
	assert_eq!(chain.validators(), [Alice, Bob, Charlie, Eve]);
	chain.check();
}

#[test]
fn a_bond_is_free_again_four_eras_after_it_unbonds() {
	let mut chain = Fixture::new();
	chain.candidate(Eve, BOND);
	let validator = staking::Call::unbond { value: BOND };
	assert_ok!(chain.call(Eve, validator));
	let free = chain.peek(|| Balances::free_balance(account(Eve)));
	let withdraw = || staking::Call::withdraw_unbonded { num_slashing_spans: 0 };
	let until = chain.peek(|| Staking::current_era().unwrap()) + 4;
	while chain.peek(|| Staking::current_era().unwrap()) < until {
		assert_ok!(chain.call(Eve, withdraw()));
		assert_eq!(chain.peek(|| Balances::free_balance(account(Eve))), free);
		chain.next_session();
	}
	assert_ok!(chain.call(Eve, withdraw()));
	assert_eq!(chain.peek(|| Balances::free_balance(account(Eve))), free + BOND);
	assert!(!chain.peek(|| staking::Ledger::<Runtime>::contains_key(account(Eve))));
	chain.check();
}

#[test]
fn tokens_of_a_bond_serve_for_nothing_else() {
	let mut chain = Fixture::new();
	let all = chain.peek(|| Balances::free_balance(account(OPERATOR)));
	chain.bond_with(OPERATOR, all - 100 * UNIT);
	let register = pallet_surety_operators::Call::register {
		bond: 101 * UNIT,
		name: Default::default(),
		contact: Default::default(),
	};
	assert!(chain.call(OPERATOR, register).is_err());
	let transfer = pallet_balances::Call::transfer_allow_death {
		dest: account(TENANT).into(),
		value: 101 * UNIT,
	};
	assert!(chain.call(OPERATOR, transfer).is_err());
	chain.check();
}

#[test]
fn between_elections_the_set_of_grandpa_stays_the_same() {
	let mut chain = with_sessions(3);
	let set_id = |chain: &mut Fixture| chain.peek(Grandpa::current_set_id);
	let mut ids = vec![];
	for _ in 0..9 {
		chain.next_session();
		chain.rounds(1);
		ids.push(set_id(&mut chain));
	}
	ids.dedup();
	// One change for each of the eras 1 to 3.
	assert_eq!(ids.len(), 4, "{ids:?}");
	assert_eq!(chain.era(), 3);
	chain.check();
}

#[test]
fn keys_rotated_between_elections_are_in_the_historical_root() {
	let mut chain = with_sessions(20);
	chain.next_session();
	let key = sr25519::Pair::from_string("//Rotated", None).unwrap();
	assert_ok!(chain.call(Dave, set_keys(Dave, &key, &Dave.pair())));
	chain.next_session();
	chain.next_session();
	let babe: sp_consensus_babe::AuthorityId = key.public().into();
	assert!(chain.peek(Babe::authorities).iter().any(|(author, _)| *author == babe));
	let key = (sp_consensus_babe::KEY_TYPE, babe);
	let proof = chain.peek(|| Historical::prove(key.clone()).unwrap());
	chain.next_session();
	assert_eq!(chain.era(), 0);
	let owner = chain.peek(|| Historical::check_proof(key, proof));
	assert_eq!(owner, Some((account(Dave), ())));
	chain.check();
}

#[test]
fn keys_purged_between_elections_leave_babe_and_grandpa_alike() {
	let mut chain = with_sessions(20);
	chain.next_session();
	// Whatever its place in the set.
	let last: Sr25519Keyring = chain.peek(|| {
		let last = Session::validators().pop().unwrap();
		PROBERS.into_iter().find(|who| account(*who) == last).unwrap()
	});
	assert_ok!(chain.call(last, pallet_session::Call::purge_keys {}));
	chain.next_session();
	chain.next_session();
	chain.rounds(1);
	assert_eq!(chain.era(), 0);
	assert_eq!(chain.validators().len(), 3);
	assert_eq!(chain.peek(Babe::authorities).len(), 3);
	assert_eq!(chain.peek(Grandpa::grandpa_authorities).len(), 3);
	chain.check();
}

#[test]
fn staking_pays_no_rewards() {
	let mut chain = Fixture::new();
	let issuance = chain.peek(Balances::total_issuance);
	chain.next_session();
	chain.next_session();
	assert_eq!(chain.peek(Balances::total_issuance), issuance);
	// Authors have points that wallets show. A payout is an empty one.
	assert!(chain.peek(|| staking::ErasRewardPoints::<Runtime>::get(0)).total > 0);
	let payout = staking::Call::payout_stakers { validator_stash: account(Alice), era: 0 };
	assert_ok!(chain.call(Dave, payout));
	assert_eq!(chain.peek(Balances::total_issuance), issuance);
	chain.check();
}

#[test]
fn governance_sets_seats_and_minimum() {
	let mut chain = Fixture::new();
	let calls: [RuntimeCall; 2] = [
		staking::Call::set_validator_count { new: 100 }.into(),
		staking::Call::set_staking_configs {
			min_nominator_bond: staking::ConfigOp::Noop,
			min_validator_bond: staking::ConfigOp::Set(BOND),
			max_nominator_count: staking::ConfigOp::Noop,
			max_validator_count: staking::ConfigOp::Noop,
			chill_threshold: staking::ConfigOp::Noop,
			min_commission: staking::ConfigOp::Noop,
			max_staked_rewards: staking::ConfigOp::Noop,
		}
		.into(),
	];
	for call in calls {
		assert!(chain.call(Alice, call.clone()).is_err());
		assert_ok!(chain.block_with(|| call.dispatch(RuntimeOrigin::root())));
	}
	let too_many = RuntimeCall::from(staking::Call::set_validator_count { new: 101 });
	assert!(chain.block_with(|| too_many.dispatch(RuntimeOrigin::root())).is_err());
	chain.next_election();
	assert_eq!(chain.validators(), PROBERS);
	chain.check();
}
