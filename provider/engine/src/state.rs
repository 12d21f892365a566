// SPDX-License-Identifier: Apache-2.0

//! State of a container, from the words of both engines.

use crate::{State, oom::Death, record::Record, wire};

/// Seconds between the end of a container and the start of dockerd within which the one is due to
/// the other.
const RESTART: i64 = 120;

/// Facts about the host that decide on whose side an end is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
	/// Id of this boot.
	pub boot: String,
	/// Start of dockerd in seconds since the epoch, if its containers end with it.
	pub engine_start: Option<i64>,
}

/// Boot of the host.
pub(crate) fn boot() -> String {
	let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
	text.trim().to_string()
}

/// Seconds since the epoch of a time as engines write it, such as `2026-11-29T17:19:01.28Z` or with
/// an offset. None for Go's zero time.
fn seconds(text: &str) -> Option<i64> {
	let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
	let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
	let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
	if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
		return None;
	}
	// Days by the civil calendar, with March as the first month.
	let shifted = if month > 2 { year } else { year.checked_sub(1)? };
	let month = month.checked_add(9)?.checked_rem(12)?;
	let days_of_year = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?;
	let leaps = shifted.checked_div(4)?.checked_sub(shifted.checked_div(100)?)?;
	let leaps = leaps.checked_add(shifted.checked_div(400)?)?;
	let days = shifted.checked_mul(365)?.checked_add(leaps)?.checked_add(days_of_year)?;
	let days = days.checked_sub(719_469)?;
	let minutes =
		days.checked_mul(1_440)?.checked_add(hour.checked_mul(60)?)?.checked_add(minute)?;
	let offset = match text.get(19..)?.find(['+', '-']) {
		Some(at) => {
			let at = at.checked_add(19)?;
			let sign = if text.get(at..)?.starts_with('+') { 1 } else { -1 };
			let hours = number(at.checked_add(1)?, at.checked_add(3)?)?;
			let rest = number(at.checked_add(4)?, at.checked_add(6)?)?;
			hours.checked_mul(60)?.checked_add(rest)?.checked_mul(sign)?
		},
		None => 0,
	};
	minutes.checked_sub(offset)?.checked_mul(60)?.checked_add(second)
}

fn failed(reason: impl Into<String>) -> State {
	State::Failed { reason: reason.into() }
}

/// True if the state is an end whose reason the kernel may know.
pub(crate) fn may_be_out_of_memory(got: &wire::State) -> bool {
	matches!(got.status.as_str(), "exited" | "stopped" | "dead")
		&& (got.oom_killed || got.exit_code == 137)
}

/// State of a container. `death` is the kernel's word on its end.
pub(crate) fn judge(
	got: &wire::State,
	record: Option<&Record>,
	host: &Host,
	death: Option<Death>,
) -> State {
	match got.status.as_str() {
		"running" => State::Running,
		"created" | "configured" | "initialized" => match record.and_then(|r| r.failure.clone()) {
			Some(trouble) => match trouble.exit_code {
				Some(code) => State::Exited { code, out_of_memory: false },
				None => failed(trouble.reason),
			},
			None => State::Starting,
		},
		"restarting" => State::Starting,
		"exited" | "stopped" | "dead" => ended(got, record, host, death),
		"stopping" | "removing" => failed("it is being stopped"),
		"paused" => failed("it is paused; unpause it"),
		other => {
			let shown: String = other.chars().take(40).collect();
			failed(format!("the engine reports an unknown state: {shown:?}"))
		},
	}
}

fn ended(got: &wire::State, record: Option<&Record>, host: &Host, death: Option<Death>) -> State {
	if record.is_some_and(|record| record.stopped) {
		return failed("it was stopped by this agent, and is kept aside");
	}
	if record.is_some_and(|record| !record.boot.is_empty() && record.boot != host.boot) {
		return failed("the host was restarted");
	}
	if let (Some(start), Some(end)) = (host.engine_start, seconds(&got.finished_at)) {
		let since = start.saturating_sub(end);
		let ran = seconds(&got.started_at).is_some_and(|began| began < start);
		if ran && (0i64.saturating_sub(RESTART)..=RESTART).contains(&since) {
			return failed("dockerd was restarted; set live-restore in its configuration");
		}
	}
	match death {
		Some(Death::Host) => failed("the host had no memory left"),
		Some(Death::Own) => State::Exited { code: got.exit_code, out_of_memory: true },
		None => State::Exited { code: got.exit_code, out_of_memory: got.oom_killed },
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::record::Trouble;

	fn got(status: &str, exit_code: i64) -> wire::State {
		wire::State {
			status: status.into(),
			exit_code,
			started_at: "2026-11-29T17:00:00Z".into(),
			finished_at: "2026-11-29T17:19:01.285341061Z".into(),
			..wire::State::default()
		}
	}

	fn host() -> Host {
		Host { boot: "b".into(), engine_start: None }
	}

	fn record() -> Record {
		Record { boot: "b".into(), ..Record::default() }
	}

	#[test]
	fn times_of_both_engines_are_read() {
		assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
		assert_eq!(seconds("2026-11-29T17:19:01.285341061Z"), Some(1_795_972_741));
		assert_eq!(seconds("2024-02-29T23:59:59+01:30"), Some(1_709_245_799));
		assert_eq!(seconds("0001-01-01T00:00:00Z"), None);
		for text in ["", "2026", "2026-13-01T00:00:00Z", "2026-11-29T17:19:01+", "ééééééééééé"]
		{
			assert_eq!(seconds(text), None, "{text}");
		}
	}

	#[test]
	fn an_end_is_on_the_side_that_caused_it() {
		let judge = |got: &wire::State, record: &Record, host: &Host, death| {
			judge(got, Some(record), host, death)
		};
		let exited = |code, out_of_memory| State::Exited { code, out_of_memory };
		assert_eq!(judge(&got("exited", 3), &record(), &host(), None), exited(3, false));
		assert_eq!(judge(&got("stopped", 0), &record(), &host(), None), exited(0, false));
		assert_eq!(
			judge(&got("exited", 137), &record(), &host(), Some(Death::Own)),
			exited(137, true)
		);
		let is_failed = |state| matches!(state, State::Failed { .. });
		assert!(is_failed(judge(&got("exited", 137), &record(), &host(), Some(Death::Host))));
		let rebooted = Host { boot: "c".into(), ..host() };
		assert!(is_failed(judge(&got("exited", 0), &record(), &rebooted, None)));
		let restarted = Host { engine_start: Some(1_795_972_745), ..host() };
		assert!(is_failed(judge(&got("exited", 0), &record(), &restarted, None)));
		let later = Host { engine_start: Some(1_795_979_999), ..host() };
		assert_eq!(judge(&got("exited", 1), &record(), &later, None), exited(1, false));
		let stopped = Record { stopped: true, ..record() };
		assert!(is_failed(judge(&got("exited", 0), &stopped, &host(), None)));
	}

	#[test]
	fn a_command_that_cannot_be_run_is_the_tenants_doing() {
		let trouble = |exit_code| Record {
			failure: Some(Trouble { reason: "x".into(), exit_code }),
			..record()
		};
		let state = |record| judge(&got("created", 0), Some(&record), &host(), None);
		assert_eq!(state(trouble(Some(127))), State::Exited { code: 127, out_of_memory: false });
		assert_eq!(state(trouble(None)), State::Failed { reason: "x".into() });
		assert_eq!(state(record()), State::Starting);
	}

	#[test]
	fn an_unknown_state_is_neither_absent_nor_running() {
		let state = judge(&got("levitating", 0), None, &host(), None);
		assert!(matches!(state, State::Failed { .. }));
	}
}
