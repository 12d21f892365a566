// SPDX-License-Identifier: Apache-2.0

//! Tests of the market as a whole: the real runtime, real blocks, four probers. Each test ends with
//! a check of the invariants of every pallet.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::panic
)]

mod actors;
mod attacks;
mod bad_input;
mod bonds;
mod calls;
mod compute;
mod fees;
mod fixture;
mod fuzz;
mod gaming;
mod governance;
mod invariants;
mod liars;
mod market_scenario;
mod money;
mod no_profit;
mod orders;
mod parameters;
mod presets;
mod recorder;
mod rounds;
mod runtime_api;
mod safety;
mod staking;
mod statement;
mod storage_reads;
mod transactions;
mod upgrade;
mod usage;
mod validators;
mod voting;
