// SPDX-License-Identifier: Apache-2.0

//! The kit on a runtime with all pallets below sla and compute-orders.

mod mock;
mod pipeline;
