//! The probing side of the node.

mod address;
mod connector;
mod externalities;
mod metrics;
mod transport;

#[cfg(test)]
mod tests;
