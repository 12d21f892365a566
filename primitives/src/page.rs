// SPDX-License-Identifier: Apache-2.0

//! Pages of the lists that clients read.

/// Maximum number of entries of one page.
pub const MAX_PAGE: u32 = 128;

/// Number of entries of a page for a requested `limit`: at least one, at most [`MAX_PAGE`].
pub fn page_size(limit: u32) -> usize {
	usize::try_from(limit.clamp(1, MAX_PAGE)).unwrap_or(1)
}
