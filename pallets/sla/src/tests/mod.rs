//! Tests by topic.

mod breach;
mod close;
mod gaming;
mod leases;
mod open;
mod property;
mod settle;
mod tariffs;
mod try_state;
mod windows;

use crate::{mock::*, pallet::Agreements, *};
use frame::testing_prelude::*;
use surety_primitives::{
	Agreements as _, AssetId, Bonding as _, BreachKind, CloseReason, EscrowOwner, Judge as _,
	OnEscrowEnd as _, Severity::*, Verdict,
};

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}
