// SPDX-License-Identifier: Apache-2.0

//! Configurations of the pallets, one file per group.

pub mod accounts;
pub mod assets;
pub mod consensus;
pub mod governance;
pub mod market;
pub mod safety;
pub mod system;
