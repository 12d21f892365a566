// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

mod engagement;
mod leases;
mod movements;
mod properties;
mod quality;
mod rating;
mod rings;
mod score;
mod tenants;
mod try_state;
