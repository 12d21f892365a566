// SPDX-License-Identifier: Apache-2.0

//! Containers of leases: a container engine, its images, and the firewall around them.

mod spec;

pub use spec::*;
