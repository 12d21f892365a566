// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `probes`.

use crate::{
	CloseReason, Counters, MeterReading, Occupancy, RoundIndex, Service, ServiceId, Target,
	Verdict, WindowIndex, WindowTerms,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult};

/// Last billed round and the reason of an end that is decided.
pub type End = (RoundIndex, CloseReason);

/// Rows of probed listings, as the registry changes them.
pub trait Probing<AccountId> {
	/// Add a row, probed from the next round on. Fails if every row is taken.
	fn list(target: Target, listing: &Service<AccountId>) -> DispatchResult;
	/// Remove the row of a listing. It is free for another once the rounds that name it are
	/// closed.
	fn unlist(target: Target);
	/// Ask for the proof of control again after the endpoint moved to where control is not proven.
	/// The verdicts so far are void.
	fn reset_proof(id: ServiceId);
	/// Excuse the rounds `from .. from + rounds` of announced maintenance, where the target is not
	/// up.
	fn set_maintenance(target: Target, from: RoundIndex, rounds: u16);
	/// End the meter after round `at`: a round that is not judged yet, or the last one that is. An
	/// earlier end stands.
	fn end_meter(target: Target, at: RoundIndex, reason: CloseReason);
	/// Last round that is judged for every target.
	fn judged_round() -> RoundIndex;
}

/// Status of a target as probing knows it.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct ProbeStatus {
	/// Last verdict and its round; `None` before the first.
	pub last: Option<(RoundIndex, Verdict)>,
	/// Window that `counters` counts.
	pub window: WindowIndex,
	/// Rounds of that window so far, by verdict.
	pub counters: Counters,
	/// True if the row is active: probed in every round because it has units.
	pub active: bool,
}

/// Slots: rows that are active, which is to say probed in every round.
pub trait Slots {
	/// Activate the row of a target that got its first units: due in every round from the next one
	/// on, with a fresh meter and fresh counters, its first window judged by `terms`. Fails if
	/// every slot is taken. Does nothing if the row is active. Returns the occupancy, this slot
	/// included.
	fn activate(target: Target, terms: WindowTerms) -> Result<Occupancy, DispatchError>;
	/// Deactivate the row of a target whose last units are gone: it takes turns with the idle
	/// rows.
	fn deactivate(target: Target);
	/// Slots taken and slots in all.
	fn occupancy() -> Occupancy;
	/// True if every slot was taken at any moment since `round` began.
	fn was_full_since(round: RoundIndex) -> bool;
	/// Status of a target.
	fn status(target: Target) -> Option<ProbeStatus>;
}

/// State of a meter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Metered {
	/// Its reading.
	pub reading: MeterReading,
	/// Its end, if that is decided.
	pub end: Option<End>,
}

/// Meters that pay streams.
pub trait Meter {
	/// Meter of a target; `None` unless its row is active.
	fn meter(target: Target) -> Option<Metered>;
}

/// Closed windows of targets.
pub trait ProbeHistory {
	/// Rounds of a window of a target by verdict, once the window is closed and as long as it is
	/// remembered. `None` also if no round of it was judged.
	fn closed_window(target: Target, window: WindowIndex) -> Option<Counters>;
}
