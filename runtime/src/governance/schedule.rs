// SPDX-License-Identifier: Apache-2.0

//! Scheduler of referenda, which moves a task whose block is full to the next block with room.
//!
//! Referenda ignore that a block is full: an approved referendum would never be enacted, and a track
//! would keep the place of a decision that is over for good. Anybody could bring that about with as
//! many referenda of their own as a block has tasks, whose alarms fall on the same block.

use crate::{BlockNumber, OriginCaller, Runtime, RuntimeCall, Scheduler, System};
use frame_support::traits::{
	Bounded,
	schedule::{
		DispatchTime, Period, Priority,
		v3::{Anon, Named, TaskName},
	},
};
use pallet_scheduler::TaskAddress;
use sp_runtime::DispatchError;

/// Blocks that are tried. Each full one costs whoever fills it the submission deposits of as many
/// referenda as a block has tasks, which are lost. A try reads one agenda; no weight counts it.
const TRIES: BlockNumber = 100;

/// Scheduler of referenda.
pub struct NextFree;

type Time = DispatchTime<BlockNumber>;
type Proposal = Bounded<RuntimeCall, <Runtime as frame_system::Config>::Hashing>;
type Address = TaskAddress<BlockNumber>;

impl NextFree {
	/// Schedule at the first of [`TRIES`] blocks that is not full.
	fn first_free(
		when: Time,
		schedule_at: impl Fn(Time) -> Result<Address, DispatchError>,
	) -> Result<Address, DispatchError> {
		let first = match when {
			DispatchTime::At(block) => block,
			// The tasks of this block have run.
			DispatchTime::After(blocks) => {
				System::block_number().saturating_add(blocks).saturating_add(1)
			},
		};
		(0..TRIES)
			.map(|later| schedule_at(DispatchTime::At(first.saturating_add(later))))
			.find(|tried| *tried != Err(DispatchError::Exhausted))
			.unwrap_or(Err(DispatchError::Exhausted))
	}
}

impl Anon<BlockNumber, RuntimeCall, OriginCaller> for NextFree {
	type Address = Address;
	type Hasher = <Runtime as frame_system::Config>::Hashing;

	fn schedule(
		when: Time,
		period: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: Proposal,
	) -> Result<Address, DispatchError> {
		Self::first_free(when, |at| {
			<Scheduler as Anon<_, _, _>>::schedule(
				at,
				period,
				priority,
				origin.clone(),
				call.clone(),
			)
		})
	}
	fn cancel(task: Address) -> Result<(), DispatchError> {
		<Scheduler as Anon<_, _, _>>::cancel(task)
	}
	fn reschedule(task: Address, when: Time) -> Result<Address, DispatchError> {
		<Scheduler as Anon<_, _, _>>::reschedule(task, when)
	}
	fn next_dispatch_time(task: Address) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Anon<_, _, _>>::next_dispatch_time(task)
	}
}

impl Named<BlockNumber, RuntimeCall, OriginCaller> for NextFree {
	type Address = Address;
	type Hasher = <Runtime as frame_system::Config>::Hashing;

	fn schedule_named(
		name: TaskName,
		when: Time,
		period: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: Proposal,
	) -> Result<Address, DispatchError> {
		Self::first_free(when, |at| {
			let (origin, call) = (origin.clone(), call.clone());
			<Scheduler as Named<_, _, _>>::schedule_named(name, at, period, priority, origin, call)
		})
	}
	fn cancel_named(name: TaskName) -> Result<(), DispatchError> {
		<Scheduler as Named<_, _, _>>::cancel_named(name)
	}
	fn reschedule_named(name: TaskName, when: Time) -> Result<Address, DispatchError> {
		<Scheduler as Named<_, _, _>>::reschedule_named(name, when)
	}
	fn next_dispatch_time(name: TaskName) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Named<_, _, _>>::next_dispatch_time(name)
	}
}
