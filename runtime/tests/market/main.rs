//! The market as a whole: the real runtime, real blocks, four probers. Each test ends with the invariants
//! of every pallet.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::panic
)]

mod actors;
mod anything;
mod attacks;
mod bad_input;
mod compute;
mod fees;
mod gaming;
mod liars;
mod money;
mod never_above_zero;
mod orders;
mod parameters;
mod presets;
mod reading;
mod reads;
mod recorder;
mod rounds;
mod statement;
mod story;
mod validators;
mod world;
