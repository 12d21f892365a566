// SPDX-License-Identifier: Apache-2.0

//! Domain types.

mod asset;
mod breach;
mod ids;
mod meter;
mod reason;
mod region;
mod resources;
mod service;
mod target;
mod trust;
mod unit;
mod verdict;

pub use asset::*;
pub use breach::*;
pub use ids::*;
pub use meter::*;
pub use reason::*;
pub use region::*;
pub use resources::*;
pub use service::*;
pub use target::*;
pub use trust::*;
pub use unit::*;
pub use verdict::*;
