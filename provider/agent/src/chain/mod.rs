// SPDX-License-Identifier: Apache-2.0

//! The chain as the agent knows it: snapshots of finalized blocks, and calls.
//!
//! | file | part |
//! |---|---|
//! | `snapshot.rs` | state at one finalized block, which all decisions are made on |
//! | `read.rs` | reader of a snapshot |
//! | `bond.rs` | rules by which bond is reserved |
//! | `follow.rs` | task that follows the finalized blocks |
//! | `calls.rs` | calls of an operator, directly or through its `Operate` proxy |
//! | `submit.rs` | transactions, each with its outcome |
//!
//! A snapshot is complete or it does not exist: a list that was cut or has an entry that cannot be
//! read makes the whole read fail, so that nothing looks as if it were gone.

mod bond;
mod calls;
mod follow;
mod read;
mod snapshot;
mod submit;

pub use bond::BondRules;
pub use calls::{Call, Rights};
pub use follow::{Follower, FollowerReport, Remembered};
pub use read::{ReadError, read_snapshot};
pub use snapshot::{LeaseView, OwnBid, ServiceView, Snapshot, terms_cover, valid_access, windows};
pub use submit::{SubmitError, Submitter};
