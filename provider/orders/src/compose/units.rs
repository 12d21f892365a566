// SPDX-License-Identifier: Apache-2.0

//! Values with units, read strictly: digits, at most one point, a unit that is listed.

use surety_primitives::{Balance, BlockNumber};

/// Planck of a SURE.
pub const SURE: Balance = 1_000_000_000_000;
/// Decimals of SURE.
const DECIMALS: u32 = 12;
/// Bytes of a MiB.
const MIB: u128 = 1 << 20;

/// Time as it is written: in blocks, or in milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Span {
	/// Number of blocks.
	Blocks(BlockNumber),
	/// Milliseconds.
	Millis(u64),
}

impl Span {
	/// Blocks that last at least as long. `None` if there are too many.
	pub fn blocks(self, slot_ms: u64) -> Option<BlockNumber> {
		match self {
			Self::Blocks(blocks) => Some(blocks),
			Self::Millis(ms) => BlockNumber::try_from(ms.div_ceil(slot_ms.max(1))).ok(),
		}
	}
}

/// Decimal number in units of `10^-decimals`. `None` for signs, exponents, separators, a missing
/// digit beside the point, or more decimals.
pub fn decimal(text: &str, decimals: u32) -> Option<u128> {
	let (whole, fraction) = match text.split_once('.') {
		Some((_, "")) => return None,
		Some(parts) => parts,
		None => (text, ""),
	};
	let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || !digits(whole) || !digits(fraction) {
		return None;
	}
	let missing = decimals.checked_sub(u32::try_from(fraction.len()).ok()?)?;
	let scale = 10u128.checked_pow(decimals)?;
	let fraction = match fraction {
		"" => 0,
		some => some.parse::<u128>().ok()?.checked_mul(10u128.checked_pow(missing)?)?,
	};
	whole.parse::<u128>().ok()?.checked_mul(scale)?.checked_add(fraction)
}

/// Integer without sign. `None` for anything else.
pub fn integer<N: std::str::FromStr>(text: &str) -> Option<N> {
	let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
	plain.then(|| text.parse().ok()).flatten()
}

/// Number and unit: the digits and the point at the front, and the rest without spaces around.
fn split(text: &str) -> (&str, &str) {
	let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
	let (number, unit) = text.split_at_checked(end).unwrap_or((text, ""));
	(number, unit.strip_prefix(' ').unwrap_or(unit))
}

/// Thousandths of CPUs, such as `1.5`.
pub fn cpus(text: &str) -> Result<u32, String> {
	let milli = decimal(text, 3).and_then(|milli| u32::try_from(milli).ok());
	milli.ok_or_else(|| "CPUs are a number such as 0.5 or 2, with at most 3 decimals".into())
}

/// Bytes as docker-compose reads them: `512M`, `1.5G`, `2GiB`; K, M, G and T are powers of 1,024.
fn bytes(text: &str) -> Result<u128, String> {
	let (number, unit) = split(text);
	let unit = unit.to_ascii_uppercase();
	let bits = match unit.strip_suffix("IB").or(unit.strip_suffix('B')).unwrap_or(&unit) {
		"K" => 10,
		"M" => 20,
		"G" => 30,
		"T" => 40,
		_ => return Err("a size has one of the units K, M, G or T, such as 512M".into()),
	};
	let nano = decimal(number, 9).and_then(|nano| nano.checked_mul(1u128.checked_shl(bits)?));
	let nano = nano.ok_or("a size is a number and a unit, such as 512M or 1.5G")?;
	(nano.checked_rem(1_000_000_000) == Some(0))
		.then(|| nano.checked_div(1_000_000_000))
		.flatten()
		.ok_or_else(|| "the size is no whole number of bytes".into())
}

/// Whole MiB of a size.
pub fn mebibytes(text: &str) -> Result<u32, String> {
	whole(bytes(text)?, MIB)
		.ok_or_else(|| "the size is no whole number of MiB, or too large".into())
}

/// Whole GiB of a size.
pub fn gibibytes(text: &str) -> Result<u32, String> {
	let unit = MIB.saturating_mul(1_024);
	whole(bytes(text)?, unit)
		.ok_or_else(|| "the size is no whole number of GiB, or too large".into())
}

fn whole(bytes: u128, unit: u128) -> Option<u32> {
	(bytes.checked_rem(unit)? == 0).then(|| u32::try_from(bytes.checked_div(unit)?).ok()).flatten()
}

/// Mbit/s of a rate: `100Mbit/s` or `1Gbit/s`.
pub fn megabits(text: &str) -> Result<u32, String> {
	let (number, unit) = split(text);
	let decimals = match unit {
		"Mbit/s" => 0,
		"Gbit/s" => 3,
		_ => return Err("a bandwidth has the unit Mbit/s or Gbit/s, such as 100Mbit/s".into()),
	};
	let rate = decimal(number, decimals).and_then(|rate| u32::try_from(rate).ok());
	rate.ok_or_else(|| "a bandwidth is a whole number of Mbit/s, such as 100Mbit/s".into())
}

/// Time: `1h30m`, `45s`, `500ms`, or `180 blocks`. Units fall from d to ms, each at most once.
pub fn span(text: &str) -> Result<Span, String> {
	const UNITS: [(&str, u64); 5] =
		[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
	let wrong = || "a time is written like 1h30m, 2d or 180 blocks".to_string();
	if let Some(number) = text.strip_suffix(" blocks").or(text.strip_suffix(" block")) {
		return integer(number).map(Span::Blocks).ok_or_else(wrong);
	}
	let (mut rest, mut units, mut ms) = (text, UNITS.as_slice(), 0u64);
	while !rest.is_empty() {
		let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
		let (number, tail) = rest.split_at_checked(digits).ok_or_else(wrong)?;
		let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
		let (name, tail) = tail.split_at_checked(letters).ok_or_else(wrong)?;
		let at = units.iter().position(|(unit, _)| *unit == name).ok_or_else(wrong)?;
		let (found, left) = units.split_at_checked(at.saturating_add(1)).ok_or_else(wrong)?;
		let factor = found.last().map(|(_, factor)| *factor).ok_or_else(wrong)?;
		let part = integer::<u64>(number).and_then(|number| number.checked_mul(factor));
		ms = part.and_then(|part| ms.checked_add(part)).ok_or("the time is too long")?;
		(rest, units) = (tail, left);
	}
	if text.is_empty() { Err(wrong()) } else { Ok(Span::Millis(ms)) }
}

/// Amount in base units: `0.02 SURE`, `20000000000 planck`, or `5000 base` of another asset.
pub fn amount(text: &str, native: bool) -> Result<Balance, String> {
	let (number, unit) = split(text);
	let read = match (unit, native) {
		("SURE", true) => decimal(number, DECIMALS),
		("planck", true) | ("base", _) => integer(number),
		(_, true) => return Err("an amount has the unit SURE or planck, such as 0.02 SURE".into()),
		_ => return Err("an amount of this asset is in base units, such as `5000 base`".into()),
	};
	read.ok_or_else(|| "an amount is a number and a unit, such as 0.02 SURE or 5000 planck".into())
}

/// Share in parts per billion: `99.9%`, or `3 windows` for three windows' prices.
pub fn share(text: &str) -> Result<u64, String> {
	let (number, unit) = split(text);
	let parts = match unit {
		"%" => decimal(number, 7),
		"window" | "windows" => decimal(number, 9),
		_ => return Err("a share has the unit %, or windows, such as 99.9% or 3 windows".into()),
	};
	let parts = parts.and_then(|parts| u64::try_from(parts).ok());
	parts.ok_or_else(|| "a share is a number with at most 7 decimals and %, such as 99.9%".into())
}

/// Text of units of `10^-decimals`, without needless zeros: the inverse of [`decimal`].
pub fn show_decimal(value: u128, decimals: u32) -> String {
	let scale = 10u128.checked_pow(decimals).unwrap_or(1);
	let whole = value.checked_div(scale).unwrap_or(0);
	let rest = value.checked_rem(scale).unwrap_or(0);
	if rest == 0 {
		return whole.to_string();
	}
	let width = usize::try_from(decimals).unwrap_or(0);
	let digits = format!("{rest:0width$}");
	format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// Text of thousandths of CPUs: the inverse of [`cpus`].
pub(crate) fn show_cpus(milli: u32) -> String {
	show_decimal(milli.into(), 3)
}

/// Text of a share in parts per billion: the inverse of [`share`].
pub(crate) fn show_share(parts: u64) -> String {
	format!("{}%", show_decimal(parts.into(), 7))
}

/// Text of an amount: the inverse of `amount`.
pub fn show_amount(value: Balance, native: bool) -> String {
	if native { format!("{} SURE", show_decimal(value, DECIMALS)) } else { format!("{value} base") }
}

/// Text of a time in milliseconds: the inverse of `span`.
pub fn show_millis(ms: u64) -> String {
	let mut rest = ms;
	let mut text = String::new();
	for (unit, factor) in
		[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
	{
		let count = rest.checked_div(factor).unwrap_or(0);
		rest = rest.checked_rem(factor).unwrap_or(0);
		if count > 0 {
			text.push_str(&format!("{count}{unit}"));
		}
	}
	if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn units_are_read() {
		assert_eq!(cpus("1.5"), Ok(1_500));
		assert_eq!(cpus("0.001"), Ok(1));
		assert_eq!(mebibytes("512M"), Ok(512));
		assert_eq!(mebibytes("1.5g"), Ok(1_536));
		assert_eq!(mebibytes("2GiB"), Ok(2_048));
		assert_eq!(mebibytes("2048K"), Ok(2));
		assert_eq!(gibibytes("1T"), Ok(1_024));
		assert_eq!(megabits("1.5Gbit/s"), Ok(1_500));
		assert_eq!(span("1h30m"), Ok(Span::Millis(5_400_000)));
		assert_eq!(span("180 blocks"), Ok(Span::Blocks(180)));
		assert_eq!(span("500ms"), Ok(Span::Millis(500)));
		assert_eq!(amount("0.02 SURE", true), Ok(20_000_000_000));
		assert_eq!(amount("7 planck", true), Ok(7));
		assert_eq!(amount("7 base", false), Ok(7));
		assert_eq!(share("99.9%"), Ok(999_000_000));
		assert_eq!(share("3 windows"), Ok(3_000_000_000));
	}

	#[test]
	fn other_spellings_are_refused() {
		for text in ["", "-1", "+1", "1e3", ".5", "1.", "1_000", "0x10", "1.0001", "1,5", " 1"] {
			assert!(cpus(text).is_err(), "{text}");
		}
		for text in ["512", "512m m", "M", "1.5K", "512MBit", "0.3M", "99999999T", "5  M"] {
			assert!(mebibytes(text).is_err(), "{text}");
		}
		for text in ["", "90", "1m30h", "1h1h", "h", "1 h", "1.5h", "18446744073709551615d", "-1s"]
		{
			assert!(span(text).is_err(), "{text}");
		}
		for text in ["1", "1 sure", "1.5 planck", "0.0000000000001 SURE", "SURE", "1  SURE"] {
			assert!(amount(text, true).is_err(), "{text}");
		}
		assert!(amount("1 SURE", false).is_err());
		for text in ["0.5", "99.99999999%", "half"] {
			assert!(share(text).is_err(), "{text}");
		}
	}

	proptest! {
		#[test]
		fn values_are_read_back(balance: u128, ms: u64, parts: u64) {
			prop_assert_eq!(amount(&show_amount(balance, true), true), Ok(balance));
			prop_assert_eq!(amount(&show_amount(balance, false), false), Ok(balance));
			prop_assert_eq!(span(&show_millis(ms)), Ok(Span::Millis(ms)));
			prop_assert_eq!(share(&show_share(parts)), Ok(parts));
		}

		#[test]
		fn arbitrary_texts_never_panic(text in "\\PC{0,40}") {
			let _ = (cpus(&text), mebibytes(&text), gibibytes(&text), megabits(&text));
			let _ = (span(&text), amount(&text, true), share(&text));
		}

		#[test]
		fn arbitrary_numbers_never_panic(text in "[0-9.]{0,60} ?(SURE|M|T|d|%|windows|Gbit/s| blocks)") {
			let _ = (mebibytes(&text), gibibytes(&text), megabits(&text));
			let _ = (span(&text), amount(&text, true), share(&text));
		}
	}
}
