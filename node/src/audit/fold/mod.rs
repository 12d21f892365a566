// SPDX-License-Identifier: Apache-2.0

//! Repeated judgement: from the state before a block to what the pallets must have decided in it.
//!
//! | module | subject |
//! |---|---|
//! | `round` | verdict and counters of a target in one round |
//! | `breach` | a recorded breach, compared field by field |
//! | `credit` | credits of the agreements |

mod breach;
mod credit;
mod round;

pub use breach::{Facts, examine};
pub use credit::{Credit, agreement_of, base};
pub use round::{
	JudgedRound, Message, block_before_judging, counting_block, counts, judge, timings,
};
