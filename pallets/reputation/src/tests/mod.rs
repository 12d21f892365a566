#![allow(clippy::arithmetic_side_effects)]

mod movement;
mod properties;
mod read_outs;
mod score;
mod try_state;
