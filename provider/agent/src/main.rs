// SPDX-License-Identifier: Apache-2.0

//! `surety-provider`.

fn main() {}
