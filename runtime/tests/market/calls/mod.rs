// SPDX-License-Identifier: Apache-2.0

//! Random calls of every pallet, from every origin, against the whole runtime: nothing panics, no
//! `defensive!` fires, hooks stay within a block, every invariant holds, money is conserved.
//!
//! | file | content |
//! |---|---|
//! | `values.rs` | random SCALE values from the metadata, so new pallets need no change |
//! | `pool.rs` | leaves: accounts, ids, amounts, bytes |
//! | `excluded.rs` | calls that are not made, with the reasons |
//! | `corpus.rs` | known calls, from which others are made |
//! | `game.rs` | blocks of calls, and the checks |
//! | `shrink.rs` | a failing game without the calls that do not matter |
//! | `watch.rs` | `defensive!` in the SDK's crates |
//!
//! `FUZZ_CALLS` sets the number of calls, `FUZZ_SEED` the first seed. Each game of [`GAME`] calls
//! has a seed of its own, and a failure names it. With `FUZZ_STRICT` set to 1 the invariants are
//! checked after every call, not after every fourth block: slow.

mod corpus;
mod excluded;
mod game;
mod pool;
mod shrink;
mod values;
pub mod watch;

use crate::fuzz::Random;
use codec::{DecodeAll, Encode};
use game::{CALLS_PER_BLOCK, Game, Step};
use pool::Pool;
use std::{
	collections::BTreeMap,
	panic::{AssertUnwindSafe, catch_unwind},
};
use surety_runtime::RuntimeCall;
use values::{Types, Values};

/// Calls of one game.
const GAME: u64 = 16_384;
/// Calls of a run of all tests.
const SHORT_RUN: u64 = 3 * GAME;

/// Calls sent and calls that succeeded, by their indices.
type Tally = BTreeMap<[u8; 2], (u64, u64)>;

/// Game that failed.
struct Failure {
	message: String,
	steps: Vec<Step>,
}

/// Message of a panic.
fn message(panic: Box<dyn std::any::Any + Send>) -> String {
	let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
	text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Play one game of about `calls` calls. `trap` panics on a step that it does not like.
fn play(types: &Types, seed: u64, calls: u64, trap: fn(&Step)) -> Result<Tally, Failure> {
	let mut game = Game::new(types, seed);
	let mut steps = Vec::new();
	for _ in 0..calls.div_ceil(CALLS_PER_BLOCK) {
		let step = game.step();
		steps.push(step.clone());
		let played = catch_unwind(AssertUnwindSafe(|| {
			game.play(&step);
			trap(&step);
		}));
		if let Err(panic) = played {
			return Err(Failure { message: message(panic), steps });
		}
	}
	match catch_unwind(AssertUnwindSafe(|| game.board.check())) {
		Ok(()) => Ok(game.tally),
		Err(panic) => Err(Failure { message: message(panic), steps }),
	}
}

/// One random call of each kind, in the order of the metadata, of those too that no game makes.
pub fn one_of_each() -> Vec<RuntimeCall> {
	let (types, pool, mut random) = (Types::new(), Pool::new(), Random(1));
	let mut decoded = |call| {
		let bytes = Values::new(&types, &pool, &mut random, false).any_of(call)?;
		RuntimeCall::decode_all(&mut &bytes[..]).ok()
	};
	let calls = types.calls.iter();
	let made = calls.map(|call| {
		let made = (0..1_000).find_map(|_| decoded(call));
		made.unwrap_or_else(|| panic!("{}.{} cannot be made", call.pallet, call.name))
	});
	made.collect()
}

/// Number from the environment.
fn number(name: &str) -> Option<u64> {
	std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn random_calls_from_every_origin_break_nothing() {
	let types = Types::new();
	let (calls, first) = (number("FUZZ_CALLS").unwrap_or(SHORT_RUN), number("FUZZ_SEED"));
	let mut all = Tally::new();
	let mut sent = 0;
	for seed in first.unwrap_or(1).. {
		if sent >= calls {
			break;
		}
		let length = GAME.min(calls - sent);
		let tally = play(&types, seed, length, |_| ()).unwrap_or_else(|failure| {
			let Failure { message, steps } = failure;
			println!("{message}\nrepeat with: make fuzz FUZZ_SEED={seed} FUZZ_CALLS={length}");
			panic!("seed {seed}: {}", shrink::shrink(seed, &steps, |_| ()));
		});
		for (index, (n, done)) in tally {
			sent += n;
			let count = all.entry(index).or_default();
			*count = (count.0 + n, count.1 + done);
		}
		if seed % 16 == 0 {
			println!("{sent} calls, up to seed {seed}");
		}
	}
	report(&types, &all);
	let succeeded = all.values().filter(|(_, done)| *done > 0).count();
	assert!(succeeded * 4 > types.calls.len(), "only {succeeded} of the calls ever succeeded");
}

/// Print how often each call was sent and succeeded.
fn report(types: &Types, tally: &Tally) {
	let (sent, done) = tally.values().fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
	println!("{sent} calls, {done} succeeded");
	for call in &types.calls {
		let (sent, done) = tally.get(&call.index).copied().unwrap_or_default();
		let (pallet, name) = (&call.pallet, &call.name);
		let excluded = excluded::exclusion(pallet, name, true).unwrap_or_default();
		println!("{sent:>9} {done:>9} {pallet}.{name} {excluded}");
	}
}

#[test]
fn a_failing_game_is_the_same_again_and_shrinks_to_its_cause() {
	fn trap(step: &Step) {
		let set = |call: &RuntimeCall| {
			matches!(call, RuntimeCall::Sudo(pallet_sudo::Call::set_key { .. }))
		};
		assert!(!step.calls.iter().any(|sent| set(&sent.call)), "trapped");
	}
	let types = Types::new();
	let fail = || match play(&types, 7, GAME, trap) {
		Err(failure) => failure,
		Ok(_) => panic!("the game meets the trap"),
	};
	let (one, other) = (fail(), fail());
	assert_eq!(one.message, "trapped");
	// The proof of session keys is signed with a random nonce: it differs, but not in its length.
	let shape = |failure: &Failure| -> Vec<Vec<([u8; 2], usize)>> {
		let of = |call: &RuntimeCall| {
			let bytes = call.encode();
			([bytes[0], bytes[1]], bytes.len())
		};
		let steps = failure.steps.iter();
		steps.map(|step| step.calls.iter().map(|sent| of(&sent.call)).collect()).collect()
	};
	assert_eq!(shape(&one), shape(&other));
	let shown = shrink::shrink(7, &one.steps, trap);
	assert!(shown.starts_with("trapped\n1 call\n"), "{shown}");
	assert!(shown.contains("set_key"), "{shown}");
}
