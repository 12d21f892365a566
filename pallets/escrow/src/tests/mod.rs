// SPDX-License-Identifier: Apache-2.0

//! Tests by topic. Tests of payments run with the native token and with an asset.

#![allow(clippy::arithmetic_side_effects)]

mod agenda;
mod delivery;
mod ends;
mod freezes;
mod governance;
mod money;
mod one_off_holds;
mod prepaid;
mod streams;
mod suspended_money;
mod suspension;
mod time;
mod try_state;
