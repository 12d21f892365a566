// SPDX-License-Identifier: Apache-2.0

//! A token votes once, whatever its owner does in the market.

use crate::{
	actors::*,
	fixture::{Fixture, account},
	governance::vote,
	invariants::check_votes,
};
use frame_support::{assert_ok, traits::Currency as _};
use pallet_conviction_voting::{Conviction, Voting};
use proptest::prelude::*;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Eve, Ferdie};
use sp_runtime::{TokenError, traits::Zero};
use surety_primitives::{AssetId, Balance, Funds as _};
use surety_runtime::{
	configs::assets::MarketFunds,
	governance::{
		origins::Origin,
		voting::{held_by_market, voting_lock},
	},
	*,
};

const NATIVE: AssetId = AssetId::Native;
const ESCROW: RuntimeHoldReason =
	RuntimeHoldReason::Escrow(pallet_surety_escrow::HoldReason::Escrow);
const BOND: RuntimeHoldReason =
	RuntimeHoldReason::Operators(pallet_surety_operators::HoldReason::Bond);

/// Call for a vote without conviction.
fn ballot(poll_index: u32, balance: Balance) -> pallet_conviction_voting::Call<Runtime> {
	pallet_conviction_voting::Call::vote { poll_index, vote: vote(true, balance, Conviction::None) }
}

fn transfer(to: Sr25519Keyring, value: Balance) -> pallet_balances::Call<Runtime> {
	pallet_balances::Call::transfer_allow_death { dest: account(to).into(), value }
}

/// Chain with a referendum that is voted on.
fn voted_on() -> (Fixture, u32) {
	let mut chain = Fixture::new();
	let remark = frame_system::Call::remark { remark: vec![] }.into();
	let index = chain.referendum(Origin::MarketAdmin, remark);
	(chain, index)
}

/// Tokens that vote in a referendum.
fn tally(index: u32) -> Balance {
	let info = pallet_referenda::ReferendumInfoFor::<Runtime>::get(index);
	match info {
		Some(pallet_referenda::ReferendumInfo::Ongoing(status)) => status.tally.support,
		other => panic!("it is ongoing: {other:?}"),
	}
}

#[test]
fn the_market_holds_nothing_that_votes() {
	let (mut chain, index) = voted_on();
	let service = chain.operator(NATIVE);
	let balance = chain.total(NATIVE, TENANT);
	chain.pays(TENANT, ballot(index, balance - 100 * UNIT));
	let error = chain.try_open(TENANT, service, 10, 3).unwrap_err().error;
	assert_eq!(error, TokenError::Frozen.into());
	// Tokens that do not vote are spendable.
	assert_ok!(chain.try_open(TENANT, service, 1, 3));
	chain.peek(check_votes);
	chain.check();
}

#[test]
fn what_the_market_holds_does_not_vote() {
	let (mut chain, index) = voted_on();
	let service = chain.operator(NATIVE);
	chain.open(TENANT, service, 10, 3);
	let (total, held) = (chain.total(NATIVE, TENANT), chain.price(service, 10, 3));
	let error = chain.signed(TENANT, ballot(index, total - held + 1)).unwrap().unwrap_err();
	assert_eq!(error, pallet_conviction_voting::Error::<Runtime>::InsufficientFunds.into());
	let delegate = pallet_conviction_voting::Call::delegate {
		class: 13,
		to: account(Alice).into(),
		conviction: Conviction::None,
		balance: total - held + 1,
	};
	let error = chain.signed(TENANT, delegate).unwrap().unwrap_err();
	assert_eq!(error, pallet_conviction_voting::Error::<Runtime>::InsufficientFunds.into());
	chain.check();
}

/// The voter votes with a half, buys for the other half, and sends the first half away: a lock that
/// lay on the held half would let it.
#[test]
fn held_funds_do_not_keep_the_lock_of_a_voter() {
	let (mut chain, index) = voted_on();
	let half = chain.total(NATIVE, Ferdie) / 2;
	chain.pays(Ferdie, ballot(index, half));
	chain.peek(|| {
		assert_ok!(MarketFunds::hold(NATIVE, ESCROW, &account(Ferdie), half - 10 * UNIT));
	});
	let error = chain.signed(Ferdie, transfer(Bob, half)).unwrap().unwrap_err();
	assert_eq!(error, TokenError::Frozen.into());
	// Funds that were on hold before the vote are no different.
	let half = chain.total(NATIVE, Eve) / 2;
	chain.peek(|| {
		assert_ok!(MarketFunds::hold(NATIVE, BOND, &account(Eve), half));
	});
	chain.pays(Eve, ballot(index, half - 10 * UNIT));
	let error = chain.signed(Eve, transfer(Bob, half - 20 * UNIT)).unwrap().unwrap_err();
	assert_eq!(error, TokenError::Frozen.into());
	chain.peek(check_votes);
	chain.check_locks_of_tokens(index);
}

#[test]
fn a_voter_is_still_paid_from_and_refunded() {
	let (mut chain, index) = voted_on();
	let service = chain.operator(NATIVE);
	let id = chain.open(TENANT, service, 1, 3);
	let spare = 1_000 * UNIT;
	let power = chain.peek(|| MarketFunds::spendable(NATIVE, &account(TENANT))) - spare;
	chain.pays(TENANT, ballot(index, power));
	chain.rounds(4);
	let before = chain.total(NATIVE, OPERATOR);
	chain.pays(STRANGER, pallet_surety_sla::Call::settle { agreement: id });
	assert!(chain.total(NATIVE, OPERATOR) > before, "the stream is paid out of a voter's hold");
	chain.peek(check_votes);
	chain.pays(TENANT, pallet_surety_sla::Call::close_agreement { agreement: id });
	chain.rounds(4);
	assert!(chain.peek(|| held_by_market(&account(TENANT))).is_zero());
	chain.peek(check_votes);
	// The vote goes, and so does the lock.
	chain.pays(TENANT, pallet_conviction_voting::Call::remove_vote { class: Some(12), index });
	chain.pays(
		TENANT,
		pallet_conviction_voting::Call::unlock { class: 12, target: account(TENANT).into() },
	);
	assert_eq!(chain.peek(|| voting_lock(&account(TENANT))), None);
	chain.check();
}

impl Fixture {
	/// Check that no more tokens vote than there are, and that all voters still have theirs outside
	/// of the market.
	fn check_locks_of_tokens(&mut self, index: u32) {
		self.peek(|| {
			let mut votes = 0;
			for (who, class, voting) in pallet_conviction_voting::VotingFor::<Runtime>::iter() {
				assert_eq!(class, 12);
				let Voting::Casting(casting) = voting else { continue };
				let cast: Balance = casting.votes.iter().map(|(_, vote)| vote.balance()).sum();
				let outside = Balances::total_balance(&who) - held_by_market(&who);
				assert!(cast <= outside, "{cast} of {outside}");
				votes += cast;
			}
			assert_eq!(tally(index), votes);
		});
	}
}

/// Move of the game.
#[derive(Clone, Debug)]
enum Move {
	Vote(usize, Balance),
	Transfer(usize, usize, Balance),
	Hold(usize, Balance, bool),
	Release(usize, Balance),
	Pay(usize, usize, Balance),
	Unlock(usize),
}

const PLAYERS: [Sr25519Keyring; 3] = [Bob, Charlie, Ferdie];

fn moves() -> impl Strategy<Value = Vec<Move>> {
	let who = || 0..PLAYERS.len();
	// Shares of a player's balance, so that a few moves reach the bounds.
	let amount = || 0..=120u128;
	let one = prop_oneof![
		(who(), amount()).prop_map(|(a, b)| Move::Vote(a, b)),
		(who(), who(), amount()).prop_map(|(a, b, c)| Move::Transfer(a, b, c)),
		(who(), amount(), any::<bool>()).prop_map(|(a, b, c)| Move::Hold(a, b, c)),
		(who(), amount()).prop_map(|(a, b)| Move::Release(a, b)),
		(who(), who(), amount()).prop_map(|(a, b, c)| Move::Pay(a, b, c)),
		who().prop_map(Move::Unlock),
	];
	proptest::collection::vec(one, 1..60)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn no_game_of_market_and_votes_makes_a_token_vote_twice(moves in moves()) {
		use sp_runtime::traits::Dispatchable as _;
		let (mut chain, index) = voted_on();
		let issuance = chain.peek(Balances::total_issuance);
		for played in moves {
			chain.peek(|| {
				let of = |who: usize, percent: Balance| {
					Balances::total_balance(&account(PLAYERS[who])) / 100 * percent
				};
				let signed = |who: usize, call: RuntimeCall| {
					let _ = call.dispatch(RuntimeOrigin::signed(account(PLAYERS[who])));
				};
				match played {
					Move::Vote(who, percent) => {
						signed(who, ballot(index, of(who, percent)).into());
					},
					Move::Transfer(from, to, percent) => {
						signed(from, transfer(PLAYERS[to], of(from, percent)).into());
					},
					Move::Hold(who, percent, bond) => {
						let reason = if bond { BOND } else { ESCROW };
						let _ = MarketFunds::hold(NATIVE, reason, &account(PLAYERS[who]), of(who, percent));
					},
					Move::Release(who, percent) => {
						let held = MarketFunds::held(NATIVE, ESCROW, &account(PLAYERS[who]));
						let _ = MarketFunds::release(
							NATIVE, ESCROW, &account(PLAYERS[who]), held / 100 * percent,
						);
					},
					Move::Pay(from, to, percent) => {
						let held = MarketFunds::held(NATIVE, ESCROW, &account(PLAYERS[from]));
						let _ = MarketFunds::pay_held(
							NATIVE,
							ESCROW,
							&account(PLAYERS[from]),
							&account(PLAYERS[to]),
							held / 100 * percent,
						);
					},
					Move::Unlock(who) => {
						let target = account(PLAYERS[who]).into();
						signed(who, pallet_conviction_voting::Call::unlock { class: 12, target }.into());
					},
				}
				check_votes();
				assert_eq!(Balances::total_issuance(), issuance);
			});
			chain.check_locks_of_tokens(index);
		}
	}
}
