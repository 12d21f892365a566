// SPDX-License-Identifier: Apache-2.0

//! What random calls found, each as the calls that remained of the game.
