// SPDX-License-Identifier: Apache-2.0

//! JSON-RPC on the wire: scan of requests and answers, errors, and the table of methods.

pub mod block;
pub(crate) mod ethereum;
mod failure;
pub mod json;
mod outcome;
mod scan;
mod substrate;
mod table;
#[cfg(test)]
mod tests;

pub use failure::Failure;
pub use outcome::{Answer, Outcome, answer, compose, error_message, outcome, replace_id};
pub use scan::{Call, Message, Refusal, ScanError, ScanLimits, request, scan};
pub use table::{
	BlockArgument, CachePolicy, Class, Dispatch, Known, Method, MethodTable, RowFault, Shape,
};

/// Hash of a block, on either kind of chain.
pub type BlockHash = [u8; 32];

/// Position of a block in its chain.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Block {
	/// Height.
	pub number: u64,
	/// The block's hash.
	pub hash: BlockHash,
	/// Hash of the block before it.
	pub parent: BlockHash,
}
