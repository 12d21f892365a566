// SPDX-License-Identifier: Apache-2.0

//! Smaller games that fail too.

use super::{
	game::{Board, Sent, Step, asset_of},
	message,
};
use codec::Encode;
use sp_core::hexdisplay::HexDisplay;
use std::{
	fmt::Write,
	panic::{AssertUnwindSafe, catch_unwind},
};

/// Most games that are played to shrink one.
const MAX_GAMES: u32 = 150;

/// Play known steps. Returns the message of the failure, and the number of the step.
fn replay(seed: u64, steps: &[Step], trap: fn(&Step)) -> Option<(String, usize)> {
	let mut board = Board::new(asset_of(seed));
	for (number, step) in steps.iter().enumerate() {
		let played = catch_unwind(AssertUnwindSafe(|| {
			board.play(step);
			trap(step);
		}));
		if let Err(panic) = played {
			return Some((message(panic), number));
		}
	}
	catch_unwind(AssertUnwindSafe(|| board.check()))
		.err()
		.map(|panic| (message(panic), steps.len()))
}

/// Leave out calls as long as the game fails. Returns the calls that remain, as text.
pub fn shrink(seed: u64, steps: &[Step], trap: fn(&Step)) -> String {
	// The failures on the way say nothing.
	let hook = std::panic::take_hook();
	std::panic::set_hook(Box::new(|_| ()));
	let shown = smaller(seed, steps.to_vec(), trap);
	std::panic::set_hook(hook);
	shown
}

fn smaller(seed: u64, mut steps: Vec<Step>, trap: fn(&Step)) -> String {
	let Some((mut message, _)) = replay(seed, &steps, trap) else {
		return "the same steps do not fail again".into();
	};
	let mut games = 0;
	let mut part = count(&steps).div_ceil(2);
	while part > 0 && games < MAX_GAMES {
		let mut from = 0;
		while from < count(&steps) && games < MAX_GAMES {
			let fewer = without(&steps, from..from + part);
			games += 1;
			match replay(seed, &fewer, trap) {
				Some((other, at)) => {
					message = other;
					steps = fewer;
					steps.truncate(at + 1);
				},
				None => from += part,
			}
		}
		part /= 2;
	}
	show(&message, &steps)
}

fn count(steps: &[Step]) -> usize {
	steps.iter().map(|step| step.calls.len()).sum()
}

/// Steps without the calls in a range, counted over all steps.
fn without(steps: &[Step], range: std::ops::Range<usize>) -> Vec<Step> {
	let mut number = 0;
	let mut keep = |_: &Sent| {
		number += 1;
		!range.contains(&(number - 1))
	};
	let mut steps = steps.to_vec();
	steps.iter_mut().for_each(|step| step.calls.retain(&mut keep));
	steps
}

fn show(message: &str, steps: &[Step]) -> String {
	let calls = count(steps);
	let mut text = format!("{message}\n{calls} call{}\n", if calls == 1 { "" } else { "s" });
	for (number, step) in steps.iter().enumerate() {
		for Sent { sender, call } in &step.calls {
			let bytes = call.encode();
			let hex = HexDisplay::from(&bytes);
			let _ = writeln!(text, "block {number}, {sender:?}:\n  {call:?}\n  0x{hex}");
		}
	}
	let _ = writeln!(text, "{} blocks", steps.len());
	text
}
