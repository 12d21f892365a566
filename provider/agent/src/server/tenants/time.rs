// SPDX-License-Identifier: Apache-2.0

//! Times of engines.

/// Seconds since 1970 of a time such as `2026-11-29T19:27:35.1Z`, rounded down. `None` if it is no
/// such time, or before 1970.
pub fn unix_seconds(text: &str) -> Option<u32> {
	let number = |from: usize, to: usize| -> Option<i64> {
		let digits = text.get(from..to)?;
		digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
	};
	let mark = |at: usize, marks: &[u8]| text.as_bytes().get(at).is_some_and(|b| marks.contains(b));
	let marks =
		mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt ") && mark(13, b":") && mark(16, b":");
	if !marks {
		return None;
	}
	let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
	let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
	let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
	if !valid || second > 60 {
		return None;
	}
	let rest = text.get(19..)?;
	let rest = rest.strip_prefix('.').map_or(rest, |fraction| {
		fraction.trim_start_matches(|letter: char| letter.is_ascii_digit())
	});
	let offset = match rest.as_bytes() {
		b"Z" | b"z" => 0,
		[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
			let digits = std::str::from_utf8(&[*h1, *h2, *m1, *m2]).ok()?.parse::<i64>().ok()?;
			let seconds = digits.checked_div(100)?.checked_mul(3_600)?;
			let seconds = seconds.checked_add(digits.checked_rem(100)?.checked_mul(60)?)?;
			if *sign == b'-' { seconds.checked_neg()? } else { seconds }
		},
		_ => return None,
	};
	let days = days_since_1970(year, month, day)?;
	let seconds = days.checked_mul(86_400)?.checked_add(hour.checked_mul(3_600)?)?;
	let seconds = seconds.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
	u32::try_from(seconds.checked_sub(offset)?).ok()
}

/// Days since 1970 of a date of the Gregorian calendar, whose years begin in March here.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
	let (year, month) = match month {
		1 | 2 => (year.checked_sub(1)?, month.checked_add(9)?),
		_ => (year, month.checked_sub(3)?),
	};
	let leaps = year.div_euclid(4).checked_sub(year.div_euclid(100))?;
	let leaps = leaps.checked_add(year.div_euclid(400))?;
	let of_year = month.checked_mul(153)?.checked_add(2)?.div_euclid(5).checked_add(day)?;
	let days = year.checked_mul(365)?.checked_add(leaps)?.checked_add(of_year)?;
	// Days from the first of March of the year 0 to 1970, and one because days count from 1.
	days.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_of_engines_are_read() {
		for (text, seconds) in [
			("1970-01-01T00:00:00Z", Some(0)),
			("2000-02-29T12:00:00Z", Some(951_825_600)),
			("2026-11-29T19:27:35Z", Some(1_795_980_455)),
			("2026-11-29T19:27:35.123456789Z", Some(1_795_980_455)),
			("2026-11-29T20:27:35+01:00", Some(1_795_980_455)),
			("2026-11-29T13:57:35-05:30", Some(1_795_980_455)),
			("1969-12-31T23:59:59Z", None),
			("2026-13-29T19:27:35Z", None),
			("2026-11-29T19:27:35", None),
			("2026-11-29", None),
			("", None),
			("ä026-11-29T19:27:35Z", None),
		] {
			assert_eq!(unix_seconds(text), seconds, "{text}");
		}
	}
}
