// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

mod clock;
mod genesis;
mod runtime_config;
mod try_state;
