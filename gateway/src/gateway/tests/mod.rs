// SPDX-License-Identifier: Apache-2.0

//! The role with real HTTP servers as operators.

#![allow(clippy::arithmetic_side_effects)]

mod answers;
mod errors;
mod faults;
mod keys;
pub(crate) mod kit;
mod plain;
