// SPDX-License-Identifier: Apache-2.0

//! One answer of several: the highest or the middle number, and comparison of results.

use crate::rpc::json;
use serde_json::Value;
use std::cmp::Ordering;

/// Number of any size, as digits without leading zeros.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Number {
	hex: bool,
	digits: String,
}

impl Number {
	/// Number of a result: `"0x…"` or decimal.
	fn of(result: &[u8]) -> Option<Self> {
		let (hex, digits) = match json::plain_string(result) {
			Some(text) => (true, text.strip_prefix("0x")?),
			None => (false, core::str::from_utf8(result).ok()?),
		};
		let valid = |byte: u8| if hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
		if digits.is_empty() || digits.len() > 80 || !digits.bytes().all(valid) {
			return None;
		}
		let digits = digits.trim_start_matches('0').to_ascii_lowercase();
		Some(Self { hex, digits })
	}

	fn compare(&self, other: &Self) -> Option<Ordering> {
		let by_length = self.digits.len().cmp(&other.digits.len());
		(self.hex == other.hex).then(|| by_length.then_with(|| self.digits.cmp(&other.digits)))
	}
}

/// Indices of the results that are numbers of the first one's notation, from low to high.
fn ranked(results: &[&[u8]]) -> Vec<usize> {
	let mut numbers: Vec<(usize, Number)> = results
		.iter()
		.enumerate()
		.filter_map(|(index, result)| Some((index, Number::of(result)?)))
		.collect();
	let hex = numbers.first().map(|(_, number)| number.hex);
	numbers.retain(|(_, number)| Some(number.hex) == hex);
	numbers.sort_by(|(_, a), (_, b)| a.compare(b).unwrap_or(Ordering::Equal));
	numbers.into_iter().map(|(index, _)| index).collect()
}

/// Index of the highest number. `None` if no result is a number.
pub fn maximum(results: &[&[u8]]) -> Option<usize> {
	ranked(results).last().copied()
}

/// Index of the middle number, the lower one of two. `None` if no result is a number.
pub fn median(results: &[&[u8]]) -> Option<usize> {
	let ranked = ranked(results);
	ranked.get(ranked.len().saturating_sub(1) / 2).copied()
}

/// True if two results say the same. Case of hexadecimal strings, order of members and members
/// that only one server adds don't matter. `None` if a result can't be compared.
pub fn same(a: &[u8], b: &[u8]) -> Option<bool> {
	if a == b {
		return Some(true);
	}
	let a: Value = serde_json::from_slice(a).ok()?;
	let b: Value = serde_json::from_slice(b).ok()?;
	Some(equal(&a, &b))
}

fn equal(a: &Value, b: &Value) -> bool {
	match (a, b) {
		(Value::String(a), Value::String(b)) => {
			a == b || (a.starts_with("0x") && b.starts_with("0x") && a.eq_ignore_ascii_case(b))
		},
		(Value::Array(a), Value::Array(b)) => {
			a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
		},
		(Value::Object(a), Value::Object(b)) => {
			let mut shared = 0usize;
			for (key, a) in a {
				let Some(b) = b.get(key) else { continue };
				shared = shared.saturating_add(1);
				if !equal(a, b) {
					return false;
				}
			}
			// Objects without a common member have nothing to agree on.
			shared > 0 || (a.is_empty() && b.is_empty())
		},
		(a, b) => a == b,
	}
}

/// Index of the result that two others contradict while agreeing with each other. `None` without
/// such a majority.
pub fn outvoted(results: [&[u8]; 3]) -> Option<usize> {
	let [a, b, c] = results;
	let pairs = [same(a, b)?, same(a, c)?, same(b, c)?];
	match pairs {
		[true, false, false] => Some(2),
		[false, true, false] => Some(1),
		[false, false, true] => Some(0),
		_ => None,
	}
}
