// SPDX-License-Identifier: Apache-2.0

//! Tests of the room as a whole, by topic.

mod bench;
mod game;
mod hostile;
mod kit;
mod report;
mod restart;
mod roles;
mod tasks;
