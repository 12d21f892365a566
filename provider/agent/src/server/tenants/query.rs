// SPDX-License-Identifier: Apache-2.0

//! Queries of URLs.

use super::Refusal;

/// Most parameters of a query.
const MAX_PARAMETERS: usize = 128;

/// Parameters of a query in order, decoded. A name may come several times.
pub fn parse(query: Option<&str>) -> Result<Vec<(String, String)>, Refusal> {
	let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
	let mut parameters = Vec::new();
	for part in parts {
		if parameters.len() >= MAX_PARAMETERS {
			let reason = format!("at most {MAX_PARAMETERS} parameters");
			return Err(Refusal::Query(reason));
		}
		let (name, value) = part.split_once('=').unwrap_or((part, ""));
		parameters.push((decode(name)?, decode(value)?));
	}
	Ok(parameters)
}

fn decode(text: &str) -> Result<String, Refusal> {
	let mut bytes = Vec::with_capacity(text.len());
	let mut rest = text.bytes();
	while let Some(byte) = rest.next() {
		let decoded = match byte {
			b'+' => Some(b' '),
			b'%' => {
				let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
				digit().zip(digit()).and_then(|(high, low)| {
					u8::try_from(high.checked_mul(16)?.checked_add(low)?).ok()
				})
			},
			byte => Some(byte),
		};
		bytes.push(decoded.ok_or_else(|| Refusal::Query("a % is not followed by digits".into()))?);
	}
	let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
	text.ok_or_else(|| Refusal::Query("a parameter is no text".into()))
}

/// Value of a switch: `1`, `true` or nothing for on, `0` or `false` for off.
pub fn switch(name: &str, value: &str) -> Result<bool, Refusal> {
	match value {
		"" | "1" | "true" => Ok(true),
		"0" | "false" => Ok(false),
		_ => Err(Refusal::Query(format!("{name} is 1 or 0"))),
	}
}

/// Value of a number.
pub fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, Refusal> {
	value.parse().map_err(|_| Refusal::Query(format!("{name} is a number within its bounds")))
}

/// Refusal of a parameter that is not known.
pub fn unknown(name: &str, known: &str) -> Refusal {
	let name: String = name.chars().take(20).collect();
	Refusal::Query(format!("no parameter {name:?}; known are {known}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn parameters_are_decoded_and_bounded() {
		let read = |query| parse(Some(query)).ok();
		let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
		assert_eq!(parse(None).unwrap(), []);
		assert_eq!(
			read("a=1&a=%2Fb+c&d"),
			Some(vec![pair("a", "1"), pair("a", "/b c"), pair("d", "")])
		);
		for wrong in ["a=%", "a=%2", "a=%zz", "a=%ff", "a=%00", &"a&".repeat(MAX_PARAMETERS + 1)] {
			assert_eq!(read(wrong), None, "{wrong:.20}");
		}
	}
}
