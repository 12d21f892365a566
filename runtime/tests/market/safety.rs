// SPDX-License-Identifier: Apache-2.0

//! Emergencies: pauses, the safe mode, and migrations of several blocks.

use crate::{
	actors::*,
	calls,
	fixture::{Fixture, account},
	governance::{dispatch, track_origins},
};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	migrations::MultiStepMigrator as _,
	storage::{TransactionOutcome, with_transaction},
	traits::{Contains as _, GetCallMetadata as _, fungibles::Inspect as _},
};
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use sp_core::H256;
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::DispatchError;
use std::collections::BTreeSet;
use surety_primitives::{
	AssetId, Clock, Meter as _, Probing as _, ServiceStatus, Target, report::Finding,
};
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

/// Regression: a referendum is enacted at one block, and its call is lost if it is paused then.
#[test]
fn no_pause_is_a_veto_on_a_track() {
	let mut chain = Fixture::new();
	let tracks = track_origins();
	let mut found = BTreeSet::new();
	for call in calls::one_of_each() {
		let name = call.get_call_metadata();
		// An inherent panics out of its place.
		if name.pallet_name == "Timestamp" {
			continue;
		}
		// Changes are rolled back.
		let mut tried = |origin: RuntimeOrigin| {
			chain.peek(|| {
				with_transaction(|| {
					let outcome = dispatch(origin, call.clone());
					TransactionOutcome::Rollback(Ok::<_, DispatchError>(outcome))
				})
			})
		};
		// Some calls look at their arguments before the origin.
		let nobody = tried(RuntimeOrigin::none());
		if tracks.iter().any(|track| tried((*track).into()) != nobody) {
			let (pallet, call) = (name.pallet_name, name.function_name);
			assert!(is_always_callable(pallet, call), "{pallet}.{call}");
			found.insert(pallet);
		}
	}
	for pallet in ["AssetRate", "Operators", "Parameters", "Referenda", "Staking", "Treasury"] {
		assert!(found.contains(pallet), "no call of {pallet} was found");
	}
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
fn in_safe_mode_the_filter_admits_the_calls_of_the_docs_and_no_others() {
	let documented = documented();
	let calls = calls::one_of_each();
	let names: Vec<_> = calls.iter().map(|call| call.get_call_metadata()).collect();
	let names: Vec<_> = names.iter().map(|it| (it.pallet_name, it.function_name)).collect();
	assert_eq!(names, all_calls());
	let mut chain = Fixture::new();
	chain.peek(|| {
		type Filter = <Runtime as frame_system::Config>::BaseCallFilter;
		let admitted = || calls.iter().map(Filter::contains);
		let refused: Vec<_> = names
			.iter()
			.zip(admitted())
			.filter(|(_, admits)| !admits)
			.map(|(name, _)| *name)
			.collect();
		assert_eq!(refused, [("Staking", "nominate"), ("Staking", "reap_stash")]);
		assert_ok!(dispatch(committee(), pallet_safe_mode::Call::force_enter {}));
		for ((pallet, call), admits) in names.iter().zip(admitted()) {
			let listed = [format!("{pallet}.*"), format!("{pallet}.{call}")];
			let listed = listed.iter().any(|name| documented.contains(name));
			assert_eq!(admits, listed, "{pallet}.{call}");
		}
	});
	chain.check();
}

#[test]
fn in_safe_mode_everybody_takes_out_what_is_owed() {
	use configs::assets::Transfers;
	let (native, sbtc) = (AssetId::Native, AssetId::Local(genesis::SBTC));
	let mut chain = Fixture::new();
	let service = chain.operator(sbtc);
	let id = chain.open(TENANT, service, 1, 6);
	let escrow = chain.peek(|| sla::Agreements::<Runtime>::get(id)).unwrap().escrow;
	chain.bond_with(OTHER_TENANT, 100 * UNIT);
	chain.next_window();
	// Credits that can be paid are paid without a claim.
	let treasury = || RuntimeOrigin::signed(configs::market::TreasuryAccount::get());
	chain.peek(|| {
		assert_ok!(Assets::block(treasury(), genesis::SBTC.into(), account(TENANT).into()));
		assert_ok!(dispatch(RuntimeOrigin::root(), pallet_safe_mode::Call::force_enter {}));
	});
	let free =
		|chain: &mut Fixture, asset, who| chain.peek(|| Transfers::balance(asset, &account(who)));
	// A bond of staking is free after four eras.
	let staked = free(&mut chain, native, OTHER_TENANT);
	chain.pays(OTHER_TENANT, pallet_staking::Call::unbond { value: 100 * UNIT });
	let era = chain.era();
	// The operator is paid by the meter, the tenant is credited for an outage.
	let before = free(&mut chain, sbtc, OPERATOR);
	chain.pays(STRANGER, pallet_surety_escrow::Call::settle { escrow });
	let settled = free(&mut chain, sbtc, OPERATOR);
	assert!(settled > before);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("a credit is due", 12, || Sla::owed_credit(id).is_some_and(|owed| owed > 0));
	chain.peek(|| {
		assert_ok!(Assets::thaw(treasury(), genesis::SBTC.into(), account(TENANT).into()));
	});
	let (before, owed) = (free(&mut chain, sbtc, TENANT), chain.owed(id));
	chain.pays(STRANGER, sla::Call::claim { agreement: id });
	assert!(free(&mut chain, sbtc, TENANT) >= before + owed);
	chain.endpoints.clear();
	chain.rounds(3);
	chain.pays(STRANGER, sla::Call::settle { agreement: id });
	assert!(free(&mut chain, sbtc, OPERATOR) > settled);
	// The bonds of the operator are free two windows after its service is gone.
	chain.pays(TENANT, sla::Call::close_agreement { agreement: id });
	chain.pays(OPERATOR, operators::Call::retire_service { service });
	chain.until("the service ends", 40, || {
		let listed = operators::Services::<Runtime>::get(service).expect("nobody removed it");
		matches!(listed.status, ServiceStatus::Ending { at } if at < Probes::judged_round())
	});
	chain.pays(STRANGER, operators::Call::remove_service { service });
	chain.pays(OPERATOR, operators::Call::retire {});
	for asset in [sbtc, native] {
		let amount = chain.bond(OPERATOR, asset);
		chain.pays(OPERATOR, operators::Call::unbond { asset, amount });
	}
	for _ in 0..3 {
		chain.next_window();
	}
	let (unheld, all) = (free(&mut chain, sbtc, OPERATOR), chain.total(sbtc, OPERATOR));
	assert!(unheld < all);
	for asset in [sbtc, native] {
		chain.pays(OPERATOR, operators::Call::withdraw_unbonded { asset });
	}
	assert_eq!(free(&mut chain, sbtc, OPERATOR), all);
	assert!(!chain.peek(|| operators::Operators::<Runtime>::contains_key(account(OPERATOR))));
	assert!(chain.era() >= era + 4);
	chain.pays(OTHER_TENANT, pallet_staking::Call::withdraw_unbonded { num_slashing_spans: 0 });
	assert!(free(&mut chain, native, OTHER_TENANT) > staked + 99 * UNIT, "but for the fees");
	assert!(chain.peek(SafeMode::is_entered), "all of this in safe mode");
	chain.check();
}

/// Next runtime, whose migration fails. Its pallets have the names of the real ones, and so the same
/// state; the handler of the failure is the real one.
mod next {
	use super::EnterSafeMode;
	use frame_support::{derive_impl, migrations::MultiStepMigrator, traits::Hooks};
	use pallet_migrations::mock_helpers::{MockedMigrationKind::FailAfter, MockedMigrations};

	#[frame_support::runtime]
	mod runtime {
		#[runtime::runtime]
		#[runtime::derive(
			RuntimeCall,
			RuntimeEvent,
			RuntimeError,
			RuntimeOrigin,
			RuntimeFreezeReason,
			RuntimeHoldReason,
			RuntimeSlashReason,
			RuntimeLockId,
			RuntimeTask
		)]
		pub struct Next;

		#[runtime::pallet_index(0)]
		pub type System = frame_system;
		#[runtime::pallet_index(36)]
		pub type MultiBlockMigrations = pallet_migrations;
	}

	#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
	impl frame_system::Config for Next {
		type Block = frame_system::mocking::MockBlockU32<Next>;
		type MultiBlockMigrator = MultiBlockMigrations;
	}

	#[derive_impl(pallet_migrations::config_preludes::TestDefaultConfig)]
	impl pallet_migrations::Config for Next {
		type Migrations = MockedMigrations;
		type FailedMigrationHandler = EnterSafeMode;
	}

	/// Begin a migration that fails after so many steps, as the first block of the runtime does.
	pub fn begin(steps: u32) {
		MockedMigrations::set(vec![(FailAfter, steps)]);
		MultiBlockMigrations::on_runtime_upgrade();
	}

	/// Take a step, as a block of the runtime does after its inherents.
	pub fn step() {
		System::note_inherents_applied();
		MultiBlockMigrations::step();
	}
}

/// Build the blocks of a migration that fails in the third of them.
fn fail_a_migration(chain: &mut Fixture) {
	chain.peek(|| next::begin(2));
	for _ in 0..3 {
		assert!(chain.peek(MultiBlockMigrations::ongoing));
		chain.block_with(next::step);
	}
	use pallet_migrations::Event::UpgradeFailed;
	let events = chain.events();
	assert!(events.contains(&RuntimeEvent::MultiBlockMigrations(UpgradeFailed)), "{events:?}");
	assert!(!chain.peek(MultiBlockMigrations::ongoing), "transactions are let in again");
}

#[test]
fn a_failed_migration_leaves_a_chain_that_governance_can_mend() {
	let mut chain = Fixture::new();
	let entered_until = pallet_safe_mode::EnteredUntil::<Runtime>::get;
	fail_a_migration(&mut chain);
	let week = chain.peek(Days::<7>::blocks);
	let until = chain.peek(System::block_number) + week;
	assert_eq!(chain.peek(entered_until), Some(until));
	let sends =
		|| pallet_balances::Call::transfer_keep_alive { dest: account(Bob).into(), value: UNIT };
	let refused = Err(frame_system::Error::<Runtime>::CallFiltered.into());
	assert_eq!(chain.signed(STRANGER, sends()).unwrap(), refused);
	// Another one that fails prolongs the safe mode.
	fail_a_migration(&mut chain);
	assert_eq!(chain.peek(entered_until), Some(until + week));
	// Rounds go on, and committee and holders authorize the next upgrade.
	let round = chain.round();
	chain.judged(round + 2);
	let upgrade = |hash| frame_system::Call::authorize_upgrade { code_hash: H256([hash; 32]) };
	let authorized = || System::authorized_upgrade().map(|upgrade| *upgrade.code_hash());
	chain.enact_whitelisted(upgrade(1));
	assert_eq!(chain.peek(authorized), Some(H256([1; 32])));
	chain.enact(frame_system::RawOrigin::Root, upgrade(2).into());
	assert_eq!(chain.peek(authorized), Some(H256([2; 32])));
	chain.motion(pallet_safe_mode::Call::force_exit {});
	chain.pays(STRANGER, sends());
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
