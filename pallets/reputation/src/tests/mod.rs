#![allow(clippy::arithmetic_side_effects)]

mod engagement;
mod leases;
mod movement;
mod properties;
mod rating;
mod read_outs;
mod rings;
mod score;
mod tenants;
mod try_state;
