#![allow(clippy::arithmetic_side_effects)]

mod clock;
mod genesis;
mod getters;
mod try_state;
