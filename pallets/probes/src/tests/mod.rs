// SPDX-License-Identifier: Apache-2.0

//! Tests by topic.

#![allow(clippy::arithmetic_side_effects)]

mod blind;
mod capacity;
mod duty;
mod fold;
mod idle_pages;
mod judging;
mod leases;
mod liars;
mod proof;
mod reports;
mod rounds;
mod simulation;
mod slots;
mod try_state;
mod windows;
mod worker;
