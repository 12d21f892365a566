// SPDX-License-Identifier: Apache-2.0

//! Session key of a prober.

use sp_application_crypto::{KeyTypeId, app_crypto, sr25519};

/// Key type of the session key that signs commits.
pub const PROB: KeyTypeId = KeyTypeId(*b"prob");

mod app {
	use super::*;
	app_crypto!(sr25519, PROB);
}

sp_application_crypto::with_pair! {
	/// Key pair of a prober.
	pub type ProberPair = app::Pair;
}

/// Public session key of a prober.
pub type ProberId = app::Public;

/// Signature of a prober on a commit.
pub type ProberSignature = app::Signature;
