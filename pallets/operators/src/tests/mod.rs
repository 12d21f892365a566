//! Tests by topic.

#![allow(clippy::arithmetic_side_effects)]

