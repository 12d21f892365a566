//! The market as a whole: the real runtime, real blocks, four probers. Each test ends with the invariants
//! of every pallet.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::panic
)]

#[path = "market/actors.rs"]
mod actors;
#[path = "market/attacks.rs"]
mod attacks;
#[path = "market/bad_input.rs"]
mod bad_input;
#[path = "market/compute.rs"]
mod compute;
#[path = "market/gaming.rs"]
mod gaming;
#[path = "market/liars.rs"]
mod liars;
#[path = "market/money.rs"]
mod money;
#[path = "market/rounds.rs"]
mod rounds;
#[path = "market/story.rs"]
mod story;
#[path = "market/world.rs"]
mod world;
