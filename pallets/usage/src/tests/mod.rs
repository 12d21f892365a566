// SPDX-License-Identifier: Apache-2.0

//! Tests by topic.

mod agreed;
mod comparison;
mod equivocation;
mod lifecycle;
mod properties;
mod statements;
mod try_state;
mod weights;

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::usage::{AgreedUsage, Side::*, UsageStatement};

/// Reason for which a batch of one statement is refused.
fn refusal(signed: SignedUsageOf<Test>) -> Option<Refusal> {
	let outcome = hypothetically!(send(vec![signed]));
	[
		Refusal::WrongGenesis,
		Refusal::UnknownLane,
		Refusal::Inconsistent,
		Refusal::TooEarly,
		Refusal::TooLate,
		Refusal::UnknownAgreement,
		Refusal::NotCounted,
		Refusal::OutsideAgreement,
		Refusal::NotReporter,
		Refusal::BadSignature,
		Refusal::Voided,
		Refusal::Outdated,
		Refusal::CounterFell,
	]
	.into_iter()
	.find(|reason| outcome == Err(Error::<Test>::Refused(*reason).into()))
}
