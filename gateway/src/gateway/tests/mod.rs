// SPDX-License-Identifier: Apache-2.0

//! The role with real HTTP servers as operators.

mod answers;
mod errors;
mod faults;
mod kit;
mod plain;
