#![allow(clippy::arithmetic_side_effects)]

mod clock;
mod genesis;
mod read;
mod try_state;
