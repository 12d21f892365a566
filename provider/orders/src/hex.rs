// SPDX-License-Identifier: Apache-2.0

//! Hexadecimal digits.

/// Lower-case digits of bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of lower-case digits.
pub(crate) fn decode(digits: &str) -> Option<Vec<u8>> {
	let value = |digit: u8| match digit {
		b'0'..=b'9' => digit.checked_sub(b'0'),
		b'a'..=b'f' => digit.checked_sub(b'a')?.checked_add(10),
		_ => None,
	};
	let pair = |pair: &[u8]| match pair {
		[high, low] => value(*high)?.checked_mul(16)?.checked_add(value(*low)?),
		_ => None,
	};
	digits.as_bytes().chunks(2).map(pair).collect()
}

/// 32 bytes of 64 lower-case digits.
pub(crate) fn decode_32(digits: &str) -> Option<[u8; 32]> {
	if digits.len() != 64 {
		return None;
	}
	decode(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn digits_are_read_back_and_others_refused() {
		let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
		let digits = encode(&bytes);
		assert_eq!(decode_32(&digits), Some(bytes));
		for wrong in ["", "00", &digits.to_uppercase(), &digits[1..], &"g".repeat(64)] {
			assert_eq!(decode_32(wrong), None);
		}
	}
}
