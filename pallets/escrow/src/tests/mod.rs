//! Tests by topic. Those of money run with the native token and with an asset.

#![allow(clippy::arithmetic_side_effects)]

mod agenda;
mod delivery;
mod ends;
mod freezes;
mod governance;
mod lumps;
mod money;
mod parks;
mod parks_money;
mod prepaid;
mod streams;
mod time;
mod try_state;
