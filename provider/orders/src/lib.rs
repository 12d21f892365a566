// SPDX-License-Identifier: Apache-2.0

//! Orders as people write them, and the private part that only the chosen operator reads.
