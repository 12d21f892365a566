// SPDX-License-Identifier: Apache-2.0

//! Orders as people write them, and the private part that only the chosen operator reads.
//!
//! # Terminology
//!
//! | word | meaning |
//! |---|---|
//! | compose file | docker-compose file of one service with a section `x-surety:` |
//! | order | public part: image, resources, ports, prices, times; placed on the chain |
//! | manifest | private part: entry point, arguments, environment, files, login at the registry |
//! | salt | 32 random bytes that keep the hash of a manifest from being guessed |
//! | recipients document | age keys of an operator, signed by its account |
//! | release | manifest and salt, encrypted for one lease to its operator |
//! | courier | process of the tenant that makes releases when leases are awarded |
//! | access token | right of a tenant at the agent of a lease: logs, statistics, shell, restart |
//!
//! ```text
//!  compose file --+--> order, with env_hash = hash(salt, manifest) --> chain
//!                 +--> manifest, salt --> state of the courier (mode 0600)
//!                                              |
//!  LeaseAwarded, recipients document ----------+--> release --> operator: opens, checks env_hash
//! ```
//!
//! Nothing here talks to a network.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod access;
pub mod compose;
pub mod courier;
mod hex;
pub mod manifest;
pub mod quote;
