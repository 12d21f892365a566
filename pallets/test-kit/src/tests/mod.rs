//! The kit on a runtime with all pallets below sla and compute-orders.

mod mock;
mod pipeline;
