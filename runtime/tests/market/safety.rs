// SPDX-License-Identifier: Apache-2.0

//! Emergencies: pauses, the safe mode, and migrations of several blocks.

use crate::{
	actors::*,
	fixture::{Fixture, account},
	governance::dispatch,
};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	migrations::{FailedMigrationHandler as _, FailedMigrationHandling},
	traits::GetCallMetadata as _,
};
use pallet_surety_operators as operators;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::DispatchError;
use std::collections::BTreeSet;
use surety_primitives::{AssetId, Clock, Meter as _, Probing as _, Target, report::Finding};
use surety_runtime::{
	configs::governance::Committee,
	governance::{
		Days,
		safety::{self, EnterSafeMode, is_always_callable},
	},
	*,
};

type Name = pallet_tx_pause::RuntimeCallNameOf<Runtime>;

fn name(pallet: &str, call: &str) -> Name {
	let bounded = |text: &str| text.as_bytes().to_vec().try_into().expect("a short name");
	(bounded(pallet), bounded(call))
}

/// All calls of the runtime.
fn all_calls() -> Vec<(&'static str, &'static str)> {
	let calls = |pallet: &&'static str| {
		let pallet = *pallet;
		RuntimeCall::get_call_names(pallet).iter().map(move |call| (pallet, *call))
	};
	RuntimeCall::get_module_names().iter().flat_map(calls).collect()
}

/// Origin of two of the three members of the committee.
fn committee() -> RuntimeOrigin {
	pallet_collective::RawOrigin::<AccountId, Committee>::Members(2, 3).into()
}

fn pause(pallet: &str, call: &str) -> safety::Call<Runtime> {
	safety::Call::pause { call: name(pallet, call) }
}

/// Calls that the documentation lists as always callable: lines `Pallet.call` and `Pallet.*`.
fn documented() -> BTreeSet<String> {
	let docs = include_str!("../../../docs/governance.md");
	let list = docs.split("<!-- always callable -->").nth(1).expect("the docs list the calls");
	let words = list.split(['`', '\n', ' ', ',']);
	words.filter(|word| word.contains('.')).map(str::to_owned).collect()
}

#[test]
fn the_calls_that_stay_callable_are_those_of_the_docs() {
	let documented = documented();
	let mut found = BTreeSet::new();
	for (pallet, calls) in safety::ALWAYS_CALLABLE {
		let known = RuntimeCall::get_call_names(pallet);
		if calls.is_empty() {
			found.insert(format!("{pallet}.*"));
		}
		for call in *calls {
			assert!(known.contains(call), "{pallet}.{call} is a call");
			found.insert(format!("{pallet}.{call}"));
		}
	}
	assert_eq!(found, documented);
	for (pallet, call) in [
		("Assets", "transfer"),
		("Balances", "transfer_keep_alive"),
		("ComputeOrders", "place_order"),
		("Operators", "list_service"),
		("Sla", "open_agreement"),
	] {
		assert!(!is_always_callable(pallet, call), "{pallet}.{call}");
	}
}

#[test]
fn every_call_is_either_pausable_or_always_callable() {
	let mut chain = Fixture::new();
	chain.peek(|| {
		for (pallet, call) in all_calls() {
			let paused = dispatch(RuntimeOrigin::root(), pause(pallet, call));
			if is_always_callable(pallet, call) {
				assert_eq!(
					paused,
					Err(safety::Error::<Runtime>::Unpausable.into()),
					"{pallet}.{call}"
				);
			} else {
				assert_eq!(paused, Ok(()), "{pallet}.{call}");
				assert!(TxPause::is_paused(&name(pallet, call)));
			}
		}
	});
	// The chain goes on with everything paused that can be.
	let round = chain.round();
	chain.judged(round + 2);
	chain.check();
}

#[test]
fn a_pause_by_the_committee_ends_by_itself() {
	let mut chain = Fixture::new();
	chain.register(OPERATOR, AssetId::Native);
	let list = || Offer::native().call();
	chain.peek(|| {
		assert_ok!(dispatch(committee(), pause("Operators", "list_service")));
	});
	let from = chain.peek(System::block_number);
	let refused = frame_system::Error::<Runtime>::CallFiltered;
	assert_eq!(chain.signed(OPERATOR, list()).unwrap(), Err(refused.into()));
	// No envelope carries it through.
	let batch = pallet_utility::Call::batch_all { calls: vec![list().into()] };
	assert!(chain.signed(OPERATOR, batch).unwrap().is_err());
	chain.peek(|| {
		let again = dispatch(committee(), pause("Operators", "list_service"));
		assert_eq!(again, Err(safety::Error::<Runtime>::AlreadyPaused.into()));
	});
	let until = from + chain.peek(Days::<1>::blocks);
	while chain.peek(System::block_number) < until - 1 {
		chain.block();
	}
	assert_eq!(chain.signed(OPERATOR, list()).unwrap(), Ok(()), "a day is over");
	assert!(chain.peek(|| safety::Pauses::<Runtime>::get().is_empty()));
	chain.check();
}

#[test]
fn a_pause_by_root_stays_until_root_ends_it() {
	let mut chain = Fixture::new();
	chain.peek(|| {
		assert_ok!(dispatch(RuntimeOrigin::root(), pause("Sla", "open_agreement")));
		let unpause = || safety::Call::unpause { call: name("Sla", "open_agreement") };
		assert_noop!(dispatch(committee(), unpause()), safety::Error::<Runtime>::NotPaused);
		assert_ok!(dispatch(RuntimeOrigin::root(), unpause()));
		for unknown in [pause("Sla", "open"), pause("sla", "open_agreement"), pause("", "")] {
			assert_noop!(dispatch(committee(), unknown), safety::Error::<Runtime>::UnknownCall);
		}
		let signed = || RuntimeOrigin::signed(account(Alice));
		assert_noop!(dispatch(signed(), pause("Sla", "top_up")), DispatchError::BadOrigin);
		// Nobody goes around the time limit.
		let direct = || pallet_tx_pause::Call::pause { full_name: name("Sla", "top_up") };
		for origin in [signed(), committee(), RuntimeOrigin::root()] {
			assert_noop!(dispatch(origin, direct()), DispatchError::BadOrigin);
		}
	});
	chain.check();
}

#[test]
fn pauses_of_the_committee_are_bounded() {
	let mut chain = Fixture::new();
	chain.peek(|| {
		let mut pausable =
			all_calls().into_iter().filter(|(pallet, call)| !is_always_callable(pallet, call));
		for (pallet, call) in pausable.by_ref().take(32) {
			assert_ok!(dispatch(committee(), pause(pallet, call)));
		}
		let (pallet, call) = pausable.next().expect("there are more");
		assert_noop!(
			dispatch(committee(), pause(pallet, call)),
			safety::Error::<Runtime>::TooManyPauses
		);
	});
	chain.check();
}

#[test]
fn in_safe_mode_the_market_is_judged_and_everybody_can_leave() {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	let id = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.peek(|| {
		let enter = || pallet_safe_mode::Call::force_enter {};
		let signed = RuntimeOrigin::signed(account(Bob));
		assert_noop!(dispatch(signed, enter()), DispatchError::BadOrigin);
		assert_ok!(dispatch(committee(), enter()));
		assert_noop!(
			dispatch(committee(), pallet_safe_mode::Call::force_extend {}),
			DispatchError::BadOrigin
		);
	});
	let refused = Err(frame_system::Error::<Runtime>::CallFiltered.into());
	let sends =
		pallet_balances::Call::transfer_keep_alive { dest: account(Bob).into(), value: UNIT };
	assert_eq!(chain.signed(STRANGER, sends).unwrap(), refused);
	// The outage of a service is found and credited as ever.
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(5);
	let breaches = chain.breaches(service).len();
	assert!(breaches > 0);
	chain.endpoints.clear();
	chain.rounds(3);
	let credit = chain.credit(id);
	assert!(credit > 0);
	// A lack of reports is no breach.
	let breaches = chain.breaches(service).len();
	chain.conduct = [crate::fixture::Conduct::Absent; 4];
	chain.rounds(5);
	assert_eq!(chain.breaches(service).len(), breaches);
	chain.conduct = [crate::fixture::Conduct::Honest; 4];
	chain.pays(TENANT, pallet_surety_sla::Call::close_agreement { agreement: id });
	chain.pays(OPERATOR, operators::Call::retire_service { service });
	chain.until("the safe mode is over", 13, || !SafeMode::is_entered());
	chain.pays(
		STRANGER,
		pallet_balances::Call::transfer_keep_alive { dest: account(Bob).into(), value: UNIT },
	);
	chain.check();
}

#[test]
fn a_failed_migration_leaves_a_chain_that_governance_can_mend() {
	let mut chain = Fixture::new();
	chain.peek(|| {
		assert!(matches!(EnterSafeMode::failed(Some(0)), FailedMigrationHandling::ForceUnstuck));
		assert!(SafeMode::is_entered());
		// A second one prolongs it.
		assert!(matches!(EnterSafeMode::failed(None), FailedMigrationHandling::ForceUnstuck));
		assert_eq!(
			pallet_safe_mode::EnteredUntil::<Runtime>::get(),
			Some(System::block_number() + 2 * Days::<7>::blocks())
		);
	});
	let hash = sp_core::H256([1; 32]);
	let authorize: RuntimeCall = frame_system::Call::authorize_upgrade { code_hash: hash }.into();
	let index = chain.referendum(frame_system::RawOrigin::Root, authorize);
	chain.ayes(index);
	chain.enacted(index);
	assert!(chain.peek(|| System::authorized_upgrade().is_some()));
	chain.check();
}

#[test]
fn sweeps_wait_for_a_migration_of_several_blocks() {
	use pallet_migrations::{Cursor, MigrationCursor};
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	let id = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.rounds(2);
	// In the middle of a round, with reports of others on the way.
	chain.block();
	chain.block();
	let before = chain.peek(Probes::judged_round);
	let root = |chain: &mut Fixture| {
		chain.peek(|| {
			let prefixes = ["Probes", "Sla", "Escrow", "ComputeOrders", "Operators"];
			prefixes.map(|pallet| {
				let prefix = sp_io::hashing::twox_128(pallet.as_bytes()).to_vec();
				let mut state = Vec::new();
				let mut key = prefix.clone();
				while let Some(next) = sp_io::storage::next_key(&key) {
					if !next.starts_with(&prefix) {
						break;
					}
					state.push((next.clone(), sp_io::storage::get(&next)));
					key = next;
				}
				state.encode()
			})
		})
	};
	let state = root(&mut chain);
	chain.peek(|| Cursor::<Runtime>::put(MigrationCursor::Stuck));
	chain.rounds(5);
	assert_eq!(root(&mut chain), state, "nothing moves while storage is migrated");
	chain.peek(Cursor::<Runtime>::kill);
	chain.rounds(6);
	let judged = chain.peek(Probes::judged_round);
	assert!(judged > before + 5, "{judged}");
	chain.check();
	assert!(chain.breaches(service).is_empty(), "the service was up");
	// The rounds without a verdict are not billed.
	let (paid, blocks) = chain.peek(|| {
		let stream = Sla::agreement(id).unwrap().stream.unwrap();
		(stream.paid + stream.due, Probes::meter(Target::Service(service)).unwrap().reading.blocks)
	});
	let price = chain.price(service, 1, 1) / u128::from(chain.peek(Timing::window_blocks));
	assert!(paid <= u128::from(blocks) * price);
	// And the next outage is a breach.
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(5);
	assert!(!chain.breaches(service).is_empty());
	chain.check();
}
