// SPDX-License-Identifier: Apache-2.0

//! Tests by topic. Those of money run with the native token and with an asset.

#![allow(clippy::arithmetic_side_effects)]

mod agenda;
mod bids;
mod ends;
mod failover;
mod gaming;
mod inventory;
mod matching;
mod orders;
mod property;
mod reads;
mod running;
mod starting;
mod try_state;
