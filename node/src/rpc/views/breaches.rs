//! Breaches.

use super::{amount, rounds::CountersView, share};
use surety_primitives::{BreachKind, Severity};
use surety_runtime_api as api;

fn severity(severity: Severity) -> &'static str {
	match severity {
		Severity::Low => "low",
		Severity::Medium => "medium",
		Severity::High => "high",
		Severity::Critical => "critical",
	}
}

fn kind(kind: BreachKind) -> &'static str {
	match kind {
		BreachKind::Downtime => "downtime",
		BreachKind::Slow => "slow",
		BreachKind::BadData => "badData",
		BreachKind::Misbehaviour => "misbehaviour",
	}
}

views! {
	/// A breach with the numbers that explain it.
	pub struct BreachView {
		/// Place in the service's history.
		pub number: u32,
		/// Window it happened in.
		pub window: u32,
		/// Round that made the counter pass the tier.
		pub round: u32,
		/// `downtime`, `slow`, `badData` or `misbehaviour`.
		pub kind: &'static str,
		/// Tier before, in the same window and kind.
		pub before: Option<&'static str>,
		/// `low`, `medium`, `high` or `critical`.
		pub severity: &'static str,
		/// Rounds at that time.
		pub counters: CountersView,
		/// Bad rounds allowed.
		pub allowance: u16,
		/// Multiplier for repeated breaches.
		pub multiplier: u8,
		/// Demanded by the severity, in parts of 1,000,000,000 of the price of one window.
		pub demanded: String,
		/// Sum of the rates that counted, per block.
		pub rate: String,
		/// Index before, in parts of 1,000,000,000 of the price of one window.
		pub index_before: String,
		/// Index after, in the same parts.
		pub index_after: String,
		/// Moved from bond to credits.
		pub credited: String,
		/// Moved from bond to treasury.
		pub penalty: String,
	}
}

impl From<api::BreachInfo> for BreachView {
	fn from(info: api::BreachInfo) -> Self {
		Self {
			number: info.number,
			window: info.window,
			round: info.round,
			kind: kind(info.kind),
			before: info.before.map(severity),
			severity: severity(info.severity),
			counters: info.counters.into(),
			allowance: info.allowance,
			multiplier: info.multiplier,
			demanded: share(info.demanded),
			rate: amount(info.rate),
			index_before: share(info.index_before),
			index_after: share(info.index_after),
			credited: amount(info.credited),
			penalty: amount(info.penalty),
		}
	}
}
