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
mod fuzz;
mod attacks;
mod bad_input;
mod compute;
mod fees;
mod gaming;
mod liars;
mod money;
mod no_profit;
mod orders;
mod parameters;
mod presets;
mod runtime_api;
mod storage_reads;
mod recorder;
mod rounds;
mod statement;
mod market_scenario;
mod validators;
mod chain;
