// SPDX-License-Identifier: Apache-2.0

//! Errors of an audit.

use super::statement::target_name;
use std::fmt;
use surety_primitives::Target;
use surety_runtime::BlockNumber;

/// Reason for which there is no statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
	/// The node has no such block.
	UnknownBlock(BlockNumber),
	/// The block is not finalized, so its state may still change.
	NotFinal(BlockNumber),
	/// The node no longer keeps the state of the block.
	Pruned(BlockNumber),
	/// The state of the block has no breach of this target with this number.
	NoBreach(Target, u32, BlockNumber),
	/// The bytes are not a bundle.
	NotABundle(String),
	/// The bundle belongs to another chain.
	OtherChain,
	/// The node has another block with this number.
	OtherBlock(BlockNumber),
	/// The proof of this block lacks a required value, or belongs to another state.
	Incomplete(BlockNumber),
	/// The proof of this block has unused nodes.
	Superfluous(BlockNumber),
	/// The state does not follow from the probers' reports, or cannot be decoded by this node.
	Mismatch(String),
	/// The database of the node failed.
	Database(String),
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::UnknownBlock(block) => {
				write!(f, "block {block} is unknown: let the node sync first")
			},
			Self::NotFinal(block) => {
				write!(f, "block {block} is not finalized yet: try again later")
			},
			Self::Pruned(block) => {
				write!(f, "state of block {block} is pruned: ask an archive node")
			},
			Self::NoBreach(target, number, block) => write!(
				f,
				"block {block} has no breach {number} of {}: use a block that still has it",
				target_name(*target)
			),
			Self::NotABundle(reason) => write!(f, "not a bundle: {reason}"),
			Self::OtherChain => write!(f, "the bundle belongs to another chain"),
			Self::OtherBlock(block) => write!(f, "block {block} of this chain has another hash"),
			Self::Incomplete(block) => {
				write!(f, "the proof of block {block} is incomplete or changed")
			},
			Self::Superfluous(block) => {
				write!(f, "the proof of block {block} has unused nodes")
			},
			Self::Mismatch(reason) => write!(f, "does not follow: {reason}"),
			Self::Database(reason) => write!(f, "database: {reason}"),
		}
	}
}
impl std::error::Error for Error {}

/// State that does not follow from the reports.
pub fn mismatch(reason: impl Into<String>) -> Error {
	Error::Mismatch(reason.into())
}
